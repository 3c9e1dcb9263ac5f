#include "estimator/formats/json_check.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {

std::string join_key(std::string_view where, std::string_view key) {
  const bool starts = where.empty() || where.ends_with(": ");
  return fmt::format("{}{}{}", where, starts ? "" : ".", key);
}

void expect_object(const nlohmann::ordered_json& json, std::string_view where) {
  if (!json.is_object()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted an object", where, quote_ordered_json(json));
  }
}

void expect_keys(const nlohmann::ordered_json& json, std::initializer_list<std::string_view> known,
                 std::string_view where) {
  expect_object(json, where);
  for (const auto& item : json.items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      fail(ErrorKind::kInput, "{}: unknown key, known are {}", join_key(where, item.key()),
           fmt::join(known, ", "));
    }
  }
}

int64_t expect_integer(const nlohmann::ordered_json& json, std::string_view where) {
  const bool too_large = json.is_number_unsigned() &&
                         json.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  if (!json.is_number_integer() || too_large) {
    fail(ErrorKind::kInput, "{}: found {}, wanted an integer", where, quote_ordered_json(json));
  }
  return json.get<int64_t>();
}

double expect_number(const nlohmann::ordered_json& json, std::string_view where) {
  if (!json.is_number()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a number", where, quote_ordered_json(json));
  }
  return json.get<double>();
}

bool expect_boolean(const nlohmann::ordered_json& json, std::string_view where) {
  if (!json.is_boolean()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted true or false", where, quote_ordered_json(json));
  }
  return json.get<bool>();
}

std::string expect_string(const nlohmann::ordered_json& json, std::string_view where) {
  if (!json.is_string()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a string", where, quote_ordered_json(json));
  }
  return json.get<std::string>();
}

}  // namespace wattgrind
