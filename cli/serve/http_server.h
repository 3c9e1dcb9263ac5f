// A server of HTTP in one thread, which never waits for a client: every connection has deadlines,
// all of them together a number and an amount of memory. What takes long is the handler's to do
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "cli/serve/http_message.h"
#include "cli/serve/http_parse.h"

namespace wattgrind {

// An answer that is not there yet. It is asked for whenever the server is woken, and at the end,
// where it must give one.
struct LaterAnswer {
  std::function<std::optional<HttpResponse>(bool at_the_end)> ready;
  std::chrono::steady_clock::time_point end;
};

using HttpAnswer = std::variant<HttpResponse, LaterAnswer>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Looks at a request before its body has come; an answer refuses it. Throws nothing.
  virtual std::optional<HttpResponse> refuse(const HttpRequest& head) = 0;
  // Answers at once. Throws nothing.
  virtual HttpAnswer answer(const HttpRequest& request) = 0;
};

struct ServerLimits {
  HttpLimits http = {};
  size_t connections = 2000;  // with more, who has waited longest with nothing said goes
  // Of all requests and answers together. With more, requests that are not whole are refused, and
  // the clients are cut off that have taken longest over their answers.
  size_t buffered_bytes = size_t{256} << 20;
  std::chrono::milliseconds head_time{10'000};  // from a connection's, or the last answer's, end
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds send_time{60'000};
  std::chrono::milliseconds closing_time{2000};  // for a client to read its last answer
};

class HttpServer {
 public:
  // Listens. Port 0 takes a free one. Throws Error(kUsage) for an address that is none,
  // Error(kFailed) where it cannot listen there: a port that is taken.
  HttpServer(const std::string& address, uint16_t port, const ServerLimits& limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;

  // Serves until an InterruptGuard sees a signal or stop() is called.
  void run(HttpHandler& handler);

  // These may be called from any thread: answers may be ready; run() ends.
  void wake();
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace wattgrind
