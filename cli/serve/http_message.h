// Requests and answers of HTTP, as the rest of the room sees them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wattgrind {

struct HttpRequest {
  std::string method;                        // "GET"
  std::string path;                          // decoded; begins with "/"
  std::map<std::string, std::string> query;  // decoded; of a name that comes twice the last
  std::vector<std::string> repeated;         // values of "job", which may come several times
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  bool keep_alive = true;  // whether the client goes on with the connection

  // Empty where there is no such header.
  std::string_view header(std::string_view name) const;
};

// What a browser may do with an answer's content.
enum class ContentPolicy {
  kPage,    // our own page: its style, its script, nothing of anybody else
  kReport,  // a report that holds its own style and script, shut off from the page
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those of every answer
  ContentPolicy policy = ContentPolicy::kPage;
};

// {"error": {"status": 404, "message": "..."}}
HttpResponse json_error(int status, std::string_view message);

// "Not Found"
std::string_view reason_phrase(int status);

// The bytes of an answer, with the headers that keep browsers from doing harm. Headers' values lose
// what could end them. `with_body` is false for HEAD.
std::string response_bytes(const HttpResponse& response, bool with_body, bool keep_alive);

}  // namespace wattgrind
