#include "cli/serve/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr std::array<Reason, 24> kReasons = {{{200, "OK"},
                                              {201, "Created"},
                                              {202, "Accepted"},
                                              {204, "No Content"},
                                              {303, "See Other"},
                                              {400, "Bad Request"},
                                              {401, "Unauthorized"},
                                              {403, "Forbidden"},
                                              {404, "Not Found"},
                                              {405, "Method Not Allowed"},
                                              {408, "Request Timeout"},
                                              {409, "Conflict"},
                                              {411, "Length Required"},
                                              {413, "Content Too Large"},
                                              {414, "URI Too Long"},
                                              {415, "Unsupported Media Type"},
                                              {421, "Misdirected Request"},
                                              {422, "Unprocessable Content"},
                                              {431, "Request Header Fields Too Large"},
                                              {500, "Internal Server Error"},
                                              {501, "Not Implemented"},
                                              {503, "Service Unavailable"},
                                              {504, "Gateway Timeout"},
                                              {505, "HTTP Version Not Supported"}}};

// The page keeps to its own origin. A report is somebody's text as far as the page is concerned: it
// gets an origin of its own ("sandbox"), from which it reaches nothing.
std::string_view policy_text(ContentPolicy policy) {
  return policy == ContentPolicy::kPage
             ? "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
               "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
               "frame-ancestors 'none'"
             : "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src "
               "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'self'";
}

// A line feed in a value would begin a header, or an answer, of somebody else's choice.
std::string header_value(std::string_view value) {
  std::string safe(value);
  std::replace_if(
      safe.begin(), safe.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '_');
  return safe;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

HttpResponse json_error(int status, std::string_view message) {
  const nlohmann::ordered_json json = {{"error", {{"status", status}, {"message", message}}}};
  return {status, "application/json", layout_json(json)};
}

std::string_view reason_phrase(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.phrase;
  }
  return "Unknown";
}

// With "no-referrer" browsers would say of our own forms that they come from nowhere ("Origin:
// null").
std::string response_bytes(const HttpResponse& response, bool with_body, bool keep_alive) {
  std::string bytes = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n"
      "Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: {}\r\nReferrer-Policy: same-origin\r\nCache-Control: no-store\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n",
      response.status, reason_phrase(response.status), header_value(response.type),
      response.body.size(), keep_alive ? "keep-alive" : "close", policy_text(response.policy),
      response.policy == ContentPolicy::kPage ? "DENY" : "SAMEORIGIN");
  // Browsers refuse what is in a sandbox and asks for an opener's policy too.
  if (response.policy == ContentPolicy::kPage) {
    bytes += "Cross-Origin-Opener-Policy: same-origin\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    bytes += fmt::format("{}: {}\r\n", header_value(name), header_value(value));
  }
  bytes += "\r\n";
  if (with_body) bytes += response.body;
  return bytes;
}

}  // namespace wattgrind
