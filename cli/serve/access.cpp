#include "cli/serve/access.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <random>

namespace wattgrind {
namespace {

bool is_numeric_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return true;
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), bytes.data()) == 1;
}

bool is_loopback_name(const std::string& host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && is_numeric_address(host));
}

// The host without our port, in lower case; absent where the port is another's.
std::optional<std::string> host_without_port(std::string_view text, uint16_t port) {
  std::string host(text);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string ending = fmt::format(":{}", port);
  if (host.ends_with(ending)) return host.substr(0, host.size() - ending.size());
  const bool is_plain = host.find(':') == std::string::npos || host.ends_with(']');
  return is_plain && port == 80 ? std::optional(host) : std::nullopt;
}

bool is_our_host(std::string_view text, const AccessRules& rules) {
  const std::optional<std::string> host = host_without_port(text, rules.port);
  if (!host) return false;
  if (is_loopback_name(*host)) return true;
  if (std::find(rules.hosts.begin(), rules.hosts.end(), *host) != rules.hosts.end()) return true;
  return !rules.loopback && is_numeric_address(*host);
}

bool changes_something(const HttpRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

// Browsers send an Origin with every POST; programs that are no browsers send neither header.
bool comes_from_another_site(const HttpRequest& request) {
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) return origin != fmt::format("http://{}", request.header("host"));
  const std::string_view site = request.header("sec-fetch-site");
  return !site.empty() && site != "same-origin" && site != "none";
}

std::string cookie_name(const AccessRules& rules) {
  return fmt::format("wattgrind_{}", rules.port);
}

std::string_view cookie_of(const HttpRequest& request, const std::string& name) {
  std::string_view cookies = request.header("cookie");
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view cookie = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (cookie.starts_with(' ')) cookie.remove_prefix(1);
    if (cookie.starts_with(name) && cookie.substr(name.size()).starts_with('=')) {
      return cookie.substr(name.size() + 1);
    }
  }
  return {};
}

std::optional<HttpResponse> refuse_without_token(const HttpRequest& request,
                                                 const AccessRules& rules) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view shown = request.header("authorization");
  if (shown.starts_with(kBearer) &&
      equal_in_constant_time(shown.substr(kBearer.size()), *rules.token)) {
    return std::nullopt;
  }
  if (equal_in_constant_time(cookie_of(request, cookie_name(rules)), *rules.token)) {
    return std::nullopt;
  }
  const auto given = request.query.find("token");
  if (request.method == "GET" && request.path == "/" && given != request.query.end() &&
      equal_in_constant_time(given->second, *rules.token)) {
    HttpResponse response{303, "text/plain", ""};
    response.headers = {{"Location", "/"},
                        {"Set-Cookie", fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/",
                                                   cookie_name(rules), *rules.token)}};
    return response;
  }
  HttpResponse response = json_error(
      401, "wanted the token that serve printed: /?token=..., or Authorization: Bearer ...");
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

}  // namespace

std::optional<HttpResponse> refuse_access(const HttpRequest& request, const AccessRules& rules) {
  if (!is_our_host(request.header("host"), rules)) {
    return json_error(421, "the Host is no name of this server; --host NAME adds one");
  }
  if (changes_something(request) && comes_from_another_site(request)) {
    return json_error(403, "the request comes from another site's page");
  }
  return rules.token ? refuse_without_token(request, rules) : std::nullopt;
}

bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  volatile unsigned char different = given.size() == secret.size() && !secret.empty() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    different = static_cast<unsigned char>(different | (given[i] ^ other));
  }
  return different == 0;
}

std::string random_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

}  // namespace wattgrind
