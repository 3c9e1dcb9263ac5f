#include "cli/serve/multipart.h"

#include <algorithm>
#include <string_view>

#include "cli/serve/http_parse.h"

namespace wattgrind {
namespace {

constexpr size_t kMostFields = 200;

// `name` of "form-data; name=\"machine\"; filename=\"a\"". Browsers escape quotes as %22.
std::string_view name_parameter(std::string_view disposition) {
  constexpr std::string_view kName = "; name=\"";
  const size_t found = disposition.find(kName);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = disposition.substr(found + kName.size());
  return rest.substr(0, rest.find('"'));
}

// The field's name from the part's headers; empty where there is none.
std::string_view field_name(std::string_view head) {
  constexpr std::string_view kDisposition = "content-disposition: form-data";
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const bool is_it =
        line.size() >= kDisposition.size() &&
        std::equal(kDisposition.begin(), kDisposition.end(), line.begin(),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
    if (is_it) return name_parameter(line);
  }
  return {};
}

std::optional<FormFields> read_multipart(std::string_view body, std::string_view boundary) {
  const std::string between = "\r\n--" + std::string(boundary);
  const std::string first = between.substr(2);
  if (!body.starts_with(first)) return std::nullopt;
  body.remove_prefix(first.size());
  FormFields fields;
  while (body.starts_with("\r\n")) {
    body.remove_prefix(2);
    const size_t head = body.find("\r\n\r\n"), end = body.find(between);
    if (head == std::string_view::npos || end == std::string_view::npos || head + 4 > end ||
        fields.size() == kMostFields) {
      return std::nullopt;
    }
    const std::string_view name = field_name(body.substr(0, head));
    if (name.empty()) return std::nullopt;
    fields[std::string(name)] = body.substr(head + 4, end - head - 4);
    body.remove_prefix(end + between.size());
  }
  return body.starts_with("--") ? std::optional(fields) : std::nullopt;
}

}  // namespace

std::optional<FormFields> read_form(const HttpRequest& request) {
  const std::string_view type = request.header("content-type");
  constexpr std::string_view kMultipart = "multipart/form-data; boundary=";
  if (type.starts_with(kMultipart)) {
    std::string_view boundary = type.substr(kMultipart.size());
    if (boundary.size() >= 2 && boundary.front() == '"' && boundary.back() == '"') {
      boundary = boundary.substr(1, boundary.size() - 2);
    }
    if (boundary.empty() || boundary.size() > 70) return std::nullopt;
    return read_multipart(request.body, boundary);
  }
  if (!type.starts_with("application/x-www-form-urlencoded")) return std::nullopt;
  HttpRequest parsed;
  if (!parse_query(request.body, parsed)) return std::nullopt;
  return parsed.query;
}

}  // namespace wattgrind
