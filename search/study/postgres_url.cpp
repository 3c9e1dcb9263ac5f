#include "search/study/postgres_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

#include "estimator/base/error.h"
#include "search/study/libpq.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"postgresql://", "postgres://"};

constexpr std::string_view kForm = "wanted postgresql://USER@HOST/DATABASE?study=NAME";

// "%20" stands for a space. Absent where a "%" has no two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const first = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(first, first + 2, byte, 16).ptr != first + 2) {
      return std::nullopt;
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

[[noreturn]] void refuse_password() {
  fail(ErrorKind::kUsage,
       "the study's URL: found a password in it, which others could see: wanted "
       "postgresql://USER@HOST/DATABASE?study=NAME, and the password in the environment variable "
       "PGPASSWORD or in ~/.pgpass (an @ in a name is written %40)");
}

// Whatever stands behind a ":" before the last "@" is taken for a password, however the rest reads.
void refuse_any_password(std::string_view behind_scheme) {
  if (behind_scheme.find("password=") != std::string_view::npos) refuse_password();
  const size_t at = behind_scheme.rfind('@');
  if (at == std::string_view::npos) return;
  if (behind_scheme.substr(0, at).find(':') != std::string_view::npos) refuse_password();
}

// libpq's own reading of the URL, which knows the keywords that its version takes.
std::vector<std::pair<std::string, std::string>> read_parameters(const std::string& url) {
  const LibPq& pq = libpq();
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(pq.conninfo_free)> options(
      pq.conninfo_parse(url.c_str(), &message), pq.conninfo_free);
  if (!options) {
    // What libpq says quotes the URL, which may hold a password under a name that is encoded.
    pq.freemem(message);
    fail(ErrorKind::kUsage, "the study's URL: found what libpq cannot read; {}", kForm);
  }
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string keyword = option->keyword;
    if (keyword == "password" || keyword == "sslpassword") refuse_password();
    parameters.emplace_back(keyword, option->val);
  }
  return parameters;
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  return text.starts_with(kSchemes[0]) || text.starts_with(kSchemes[1]);
}

PostgresUrl parse_postgres_url(std::string_view text) {
  CHECK(is_postgres_url(text), "no URL");
  refuse_any_password(text.substr(text.find("://") + 3));
  PostgresUrl url;
  const size_t question = text.find('?');
  url.database = text.substr(0, question);
  char separator = '?';
  for (size_t start = question; start < text.size();) {
    const size_t end = std::min(text.find('&', start + 1), text.size());
    const std::string_view item = text.substr(start + 1, end - start - 1);
    start = end;
    if (!item.starts_with("study=")) {
      if (!item.empty()) url.database += fmt::format("{}{}", std::exchange(separator, '&'), item);
      continue;
    }
    const std::optional<std::string> name = percent_decoded(item.substr(6));
    if (!name || name->empty() || name->find('\0') != std::string::npos || !url.study.empty()) {
      fail(ErrorKind::kUsage, "the study's URL: {}, wanted one study=NAME",
           url.study.empty() ? "found no readable name of a study" : "found two names of studies");
    }
    url.study = *name;
  }
  url.parameters = read_parameters(url.database);
  url.text = text;
  return url;
}

std::string PostgresUrl::of_study(std::string_view name) const {
  const char separator = database.find('?') == std::string::npos ? '?' : '&';
  return fmt::format("{}{}study={}", database, separator, percent_encoded(name));
}

}  // namespace wattgrind
