// These functions check JSON that a user wrote. `where` is the file and the path of keys to the
// value, as in "net.json: space.layers". It begins every error, which names what was found (as
// estimator/formats/json_text.h quotes it) and what was wanted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace wattgrind {

// Joins "space" and "layers" to "space.layers". After a `where` that ends with ": " or is empty
// there is no dot.
std::string join_key(std::string_view where, std::string_view key);

// Each of these throws Error(kInput) unless the value is what the function's name says.
void expect_object(const nlohmann::ordered_json& json, std::string_view where);
void expect_keys(const nlohmann::ordered_json& json, std::initializer_list<std::string_view> known,
                 std::string_view where);
int64_t expect_integer(const nlohmann::ordered_json& json, std::string_view where);
double expect_number(const nlohmann::ordered_json& json, std::string_view where);
bool expect_boolean(const nlohmann::ordered_json& json, std::string_view where);
std::string expect_string(const nlohmann::ordered_json& json, std::string_view where);

}  // namespace wattgrind
