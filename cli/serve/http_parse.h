// Reads HTTP/1.1 requests (RFC 9112) from bytes as they come, strictly: what two readers could take
// for two things is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/serve/http_message.h"

namespace wattgrind {

struct HttpLimits {
  size_t target_bytes = 2048;
  size_t head_bytes = 16384;  // request line and headers
  size_t headers = 64;
  size_t body_bytes = size_t{64} << 20;
};

// What a connection's bytes hold so far.
struct HttpReading {
  enum class State {
    kHead,     // more bytes of the head are wanted
    kBody,     // the head is there: `request` but for its body
    kWhole,    // a request is there, and took the first `bytes`
    kRefused,  // it is none, or too large: `refusal` is the answer, after which the connection ends
  };
  State state = State::kHead;
  HttpRequest request = {};
  size_t bytes = 0;
  size_t body_bytes = 0;        // how long the body will be
  bool wants_continue = false;  // the client waits for a word before it sends the body
  HttpResponse refusal = {};
};

// A pure function of the bytes: asked again when more have come.
HttpReading read_http(std::string_view bytes, const HttpLimits& limits);

// "a%20b+c" -> "a b c" where plus_is_space, else "a b+c". False for a broken escape and for control
// characters, of which no name or value of ours holds any.
bool percent_decode(std::string_view text, bool plus_is_space, std::string& decoded);

// "a=1&b=2" of a URL.
bool parse_query(std::string_view text, HttpRequest& request);

}  // namespace wattgrind
