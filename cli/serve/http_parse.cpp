#include "cli/serve/http_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace wattgrind {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// The characters of a token (RFC 9110, 5.6.2): of methods and of headers' names.
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

HttpReading refused(int status, std::string_view message) {
  HttpReading reading;
  reading.state = HttpReading::State::kRefused;
  reading.refusal = json_error(status, message);
  return reading;
}

using Refusal = std::optional<HttpReading>;

Refusal read_target(std::string_view target, const HttpLimits& limits, HttpRequest& request) {
  if (target.size() > limits.target_bytes) {
    return refused(414, fmt::format("the URL has {} bytes, wanted at most {}", target.size(),
                                    limits.target_bytes));
  }
  const auto is_visible = [](unsigned char c) { return c > ' ' && c <= '~'; };
  if (!target.starts_with('/') || !std::all_of(target.begin(), target.end(), is_visible)) {
    return refused(400, "the request's target is no path");
  }
  const size_t question = target.find('?');
  if (!percent_decode(target.substr(0, question), false, request.path) ||
      (question != std::string_view::npos && !parse_query(target.substr(question + 1), request))) {
    return refused(400, "the URL has a broken escape");
  }
  return std::nullopt;
}

Refusal read_request_line(std::string_view line, const HttpLimits& limits, HttpRequest& request) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return refused(400, "the first line is no request");
  }
  request.method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refused(version.starts_with("HTTP/") ? 505 : 400, "wanted HTTP/1.1");
  }
  request.keep_alive = version == "HTTP/1.1";
  return read_target(line.substr(first + 1, last - first - 1), limits, request);
}

// A header, which is none where a line goes on with a blank (obsolete folding).
Refusal read_header(std::string_view line, const HttpLimits& limits, HttpRequest& request) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refused(400, "a header has no name");
  }
  const std::string_view value = without_blanks(line.substr(colon + 1));
  const auto is_control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; };
  if (std::any_of(value.begin(), value.end(), is_control)) {
    return refused(400, "a header holds control characters");
  }
  if (request.headers.size() == limits.headers) {
    return refused(431, fmt::format("more than {} headers", limits.headers));
  }
  std::string name = lower_case(line.substr(0, colon));
  const bool once = name == "host" || name == "content-length" || name == "transfer-encoding" ||
                    name == "origin" || name == "authorization" || name == "content-type";
  const bool is_there =
      std::ranges::any_of(request.headers, [&](const auto& known) { return known.first == name; });
  if (once && is_there) {
    return refused(400, fmt::format("the header {} comes twice", name));
  }
  request.headers.emplace_back(std::move(name), value);
  return std::nullopt;
}

// How long the body is, by the one way we read.
Refusal read_length(const HttpLimits& limits, HttpReading& reading) {
  const HttpRequest& request = reading.request;
  if (!request.header("transfer-encoding").empty()) {
    return refused(411, "wanted a Content-Length, no transfer encoding");
  }
  const std::string_view coding = request.header("content-encoding");
  if (!coding.empty() && coding != "identity") {
    return refused(415, "wanted content that is not compressed");
  }
  const std::string_view text = request.header("content-length");
  if (text.empty()) {
    if (request.method == "POST" || request.method == "PUT") {
      return refused(411, "wanted a Content-Length");
    }
    return std::nullopt;
  }
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), reading.body_bytes);
  if (!digits || (error != std::errc() && error != std::errc::result_out_of_range)) {
    return refused(400, "the Content-Length is no number");
  }
  if (error != std::errc() || reading.body_bytes > limits.body_bytes) {
    return refused(413, fmt::format("wanted at most {} bytes of content", limits.body_bytes));
  }
  return std::nullopt;
}

Refusal read_head(std::string_view head, const HttpLimits& limits, HttpReading& reading) {
  // A lone line feed or carriage return would be a line's end for some readers only.
  for (size_t i = 0; i < head.size(); ++i) {
    const bool ends = head[i] == '\r' && i + 1 < head.size() && head[i + 1] == '\n';
    if (ends) {
      ++i;
    } else if (head[i] == '\r' || head[i] == '\n') {
      return refused(400, "a line ends in half");
    }
  }
  HttpRequest& request = reading.request;
  size_t end = head.find(kLineEnd);
  if (Refusal refusal = read_request_line(head.substr(0, end), limits, request)) return refusal;
  while (end != std::string_view::npos && end + kLineEnd.size() < head.size()) {
    const size_t start = end + kLineEnd.size();
    end = head.find(kLineEnd, start);
    if (Refusal refusal = read_header(head.substr(start, end - start), limits, request)) {
      return refusal;
    }
  }
  if (lower_case(request.header("connection")) == "close") request.keep_alive = false;
  reading.wants_continue = lower_case(request.header("expect")) == "100-continue";
  return read_length(limits, reading);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool percent_decode(std::string_view text, bool plus_is_space, std::string& decoded) {
  decoded.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return false;
    decoded += c;
  }
  return true;
}

bool parse_query(std::string_view text, HttpRequest& request) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    std::string name, value;
    if (!percent_decode(pair.substr(0, equals), true, name) ||
        !percent_decode(pair.substr(std::min(equals + 1, pair.size())), true, value)) {
      return false;
    }
    if (name == "job") request.repeated.push_back(value);
    request.query[std::move(name)] = std::move(value);
  }
  return true;
}

HttpReading read_http(std::string_view bytes, const HttpLimits& limits) {
  // An empty line before a request is let pass (RFC 9112, 2.2), once.
  const size_t skipped = bytes.starts_with(kLineEnd) ? kLineEnd.size() : 0;
  bytes.remove_prefix(skipped);
  const size_t end = bytes.substr(0, limits.head_bytes + 4).find("\r\n\r\n");
  HttpReading reading;
  if (end == std::string_view::npos) {
    if (bytes.size() > limits.head_bytes) {
      const bool in_line =
          bytes.substr(0, limits.head_bytes).find(kLineEnd) == std::string_view::npos;
      return refused(in_line ? 414 : 431,
                     fmt::format("wanted at most {} bytes before the content", limits.head_bytes));
    }
    return reading;
  }
  if (Refusal refusal = read_head(bytes.substr(0, end), limits, reading)) return *refusal;
  const size_t head = end + 4;
  reading.state = HttpReading::State::kBody;
  if (bytes.size() - head < reading.body_bytes) return reading;
  reading.state = HttpReading::State::kWhole;
  reading.request.body = bytes.substr(head, reading.body_bytes);
  reading.bytes = skipped + head + reading.body_bytes;
  return reading;
}

}  // namespace wattgrind
