#include "estimator/formats/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 23> kKeywords = {"$ref",
                                                        "type",
                                                        "const",
                                                        "enum",
                                                        "properties",
                                                        "required",
                                                        "items",
                                                        "minItems",
                                                        "maxItems",
                                                        "minimum",
                                                        "additionalProperties",
                                                        "maximum",
                                                        "oneOf",
                                                        "minLength",
                                                        "$schema",
                                                        "exclusiveMinimum",
                                                        "exclusiveMaximum",
                                                        "$id",
                                                        "title",
                                                        "description",
                                                        "default",
                                                        "examples",
                                                        "definitions"};

void check_keywords(const json& document, const json& schema) {
  if (schema.is_boolean()) return;
  CHECK(schema.is_object(), "schema = {}", schema.dump());
  for (const auto& [keyword, value] : schema.items()) {
    CHECK(std::find(kKeywords.begin(), kKeywords.end(), keyword) != kKeywords.end(), "keyword = {}",
          keyword);
    if (keyword == "properties" || keyword == "definitions") {
      for (const json& part : value) check_keywords(document, part);
    } else if (keyword == "items" || keyword == "additionalProperties") {
      check_keywords(document, value);
    } else if (keyword == "oneOf") {
      for (const json& part : value) check_keywords(document, part);
    } else if (keyword == "$ref") {
      const std::string target = value.get<std::string>();
      CHECK(target.rfind("#/", 0) == 0 && document.contains(json::json_pointer(target.substr(1))),
            "$ref = {}", target);
    }
  }
}

bool is_integer(const json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>() <= uint64_t{INT64_MAX};
  if (value.is_number_integer()) return true;
  constexpr double kLargestExact = 9007199254740992.0;  // 2^53
  return value.is_number_float() && std::abs(value.get<double>()) <= kLargestExact &&
         std::trunc(value.get<double>()) == value.get<double>();
}

bool has_type(const json& value, std::string_view type) {
  if (type == "integer") return is_integer(value);
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  CHECK(type == "null", "type = {}", type);
  return value.is_null();
}

// The type that a schema asks for, by its own word or by that of its const or first enum value;
// absent where any type will do.
std::optional<std::string> type_of(const json& schema) {
  if (schema.contains("type")) return schema.at("type").get<std::string>();
  if (schema.contains("const")) return schema.at("const").type_name();
  if (schema.contains("enum")) return schema.at("enum").at(0).type_name();
  return std::nullopt;
}

std::string with_article(std::string_view type) {
  const bool vowel = std::string_view("aio").find(type.front()) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", type);
}

// Tells the range of a number: " from 1 to 9", " of at least 1", " greater than 0", or nothing.
std::string bounds_text(const json& schema) {
  if (schema.contains("minimum") && schema.contains("maximum")) {
    return fmt::format(" from {} to {}", quote_json(schema.at("minimum")),
                       quote_json(schema.at("maximum")));
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBounds = {{
      {"minimum", "of at least"},
      {"exclusiveMinimum", "greater than"},
      {"maximum", "of at most"},
      {"exclusiveMaximum", "less than"},
  }};
  std::string text;
  for (const auto& [keyword, words] : kBounds) {
    const auto bound = schema.find(keyword);
    if (bound == schema.end()) continue;
    text += fmt::format("{}{} {}", text.empty() ? " " : " and ", words, quote_json(*bound));
  }
  return text;
}

std::string length_text(const json& schema) {
  const uint64_t least = schema.value("minItems", uint64_t{0});
  const uint64_t most = schema.value("maxItems", UINT64_MAX);
  if (least == most) return fmt::format(" of {}", least);
  if (most == UINT64_MAX) return least > 0 ? fmt::format(" of at least {}", least) : "";
  return fmt::format(" of {} to {}", least, most);
}

bool within_bounds(const json& value, const json& schema) {
  return value >= schema.value("minimum", value) && value <= schema.value("maximum", value) &&
         (!schema.contains("exclusiveMinimum") || value > schema.at("exclusiveMinimum")) &&
         (!schema.contains("exclusiveMaximum") || value < schema.at("exclusiveMaximum"));
}

bool has_length(const json& value, const json& schema) {
  return value.size() >= schema.value("minItems", size_t{0}) &&
         value.size() <= schema.value("maxItems", SIZE_MAX);
}

class Validation {
 public:
  Validation(const json& document, std::string_view where) : document_(document), where_(where) {}

  void validate(const json& value, const json& referring_schema, const std::string& path) const {
    const json& schema = resolve(referring_schema);
    if (schema.contains("oneOf")) {
      validate(value, chosen_alternative(value, schema.at("oneOf"), path), path);
      return;
    }
    validate_scalar(value, schema, path);
    if (value.is_object()) validate_object(value, schema, path);
    if (value.is_array()) validate_array(value, schema, path);
  }

 private:
  const json& resolve(const json& schema) const {
    const auto reference = schema.find("$ref");
    if (reference == schema.end()) return schema;
    return resolve(document_.at(json::json_pointer(reference->get<std::string>().substr(1))));
  }

  [[noreturn]] void reject(const std::string& path, std::string_view what) const {
    fail(ErrorKind::kInput, "{}: {}{}{}", where_, path, path.empty() ? "" : ": ", what);
  }

  [[noreturn]] void reject_value(const json& value, std::string_view wanted,
                                 const std::string& path) const {
    reject(path, fmt::format("found {}, wanted {}", quote_json(value), wanted));
  }

  // Tells in words what a value of this schema is.
  std::string wanted(const json& referring_schema) const {
    const json& schema = resolve(referring_schema);
    if (schema.contains("const")) return quote_json(schema.at("const"));
    if (schema.contains("enum")) {
      std::string words;
      for (const json& word : schema.at("enum")) {
        words += (words.empty() ? "" : ", ") + quote_json(word);
      }
      return "one of " + words;
    }
    if (schema.contains("oneOf")) {
      std::vector<std::string> words;
      for (const json& alternative : schema.at("oneOf")) {
        const std::string word = wanted(alternative);
        if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
      }
      return fmt::format("{}", fmt::join(words, " or "));
    }
    const std::string type = type_of(schema).value_or("value");
    if (type == "array") return "an array" + length_text(schema);
    if (type == "string" && schema.contains("minLength")) return "a string that is not empty";
    return with_article(type) + bounds_text(schema);
  }

  void validate_scalar(const json& value, const json& schema, const std::string& path) const {
    const auto type = type_of(schema);
    const bool fits =
        (!schema.contains("type") || has_type(value, *type)) &&
        (!schema.contains("const") || value == schema.at("const")) &&
        (!schema.contains("enum") ||
         std::count(schema.at("enum").begin(), schema.at("enum").end(), value) != 0) &&
        (!value.is_number() || within_bounds(value, schema)) &&
        (!value.is_string() ||
         value.get_ref<const std::string&>().size() >= schema.value("minLength", size_t{0})) &&
        (!value.is_array() || has_length(value, schema));
    if (!fits) reject_value(value, wanted(schema), path);
  }

  void validate_array(const json& value, const json& schema, const std::string& path) const {
    if (!schema.contains("items")) return;
    for (size_t i = 0; i < value.size(); ++i) {
      validate(value[i], schema.at("items"), fmt::format("{}[{}]", path, i));
    }
  }

  void validate_object(const json& value, const json& schema, const std::string& path) const {
    const json no_properties = json::object();
    const auto found_properties = schema.find("properties");
    const json& properties = found_properties == schema.end() ? no_properties : *found_properties;
    for (const auto& [key, member] : value.items()) {
      const auto known = properties.find(key);
      if (known != properties.end()) {
        validate(member, *known, member_path(path, key));
      } else if (schema.contains("additionalProperties")) {
        const json& additional = schema.at("additionalProperties");
        if (additional == false) reject_key(key, properties, path);
        if (additional.is_object()) validate(member, additional, member_path(path, key));
      }
    }
    for (const json& required : schema.value("required", json::array())) {
      const std::string key = required.get<std::string>();
      if (value.contains(key)) continue;
      const auto known = properties.find(key);
      reject(member_path(path, key),
             "missing, wanted " + (known == properties.end() ? "a value" : wanted(*known)));
    }
  }

  [[noreturn]] void reject_key(const std::string& key, const json& properties,
                               const std::string& path) const {
    std::vector<std::string_view> known;
    for (auto property = properties.begin(); property != properties.end(); ++property) {
      known.push_back(property.key());
    }
    reject(path, fmt::format("unknown key {}; {}", quote_json(key), suggest(key, known)));
  }

  static std::string member_path(const std::string& path, const std::string& key) {
    // Where additional properties are allowed, a user made up the key.
    const std::string quoted = quote_json(key);
    const std::string shown = quoted.size() == key.size() + 2 ? key : quoted;
    return path.empty() ? shown : path + "." + shown;
  }

  const json& chosen_alternative(const json& value, const json& alternatives,
                                 const std::string& path) const {
    std::vector<const json*> left;
    for (const json& alternative : alternatives) {
      const json& resolved = resolve(alternative);
      const auto type = type_of(resolved);
      if (!type || has_type(value, *type)) left.push_back(&resolved);
    }
    if (left.empty()) reject_value(value, wanted({{"oneOf", alternatives}}), path);
    if (left.size() == 1) return *left.front();
    if (value.is_array()) return chosen_by_length(value, left, path);
    if (const json* const only = chosen_by_own_key(value, left)) return *only;
    CHECK(value.is_object(), "alternatives of {} cannot be told apart: {}", path,
          alternatives.dump());
    for (const auto& key : left.front()->at("required")) {
      const auto is_constant = [&](const json* alternative) {
        return alternative->at("properties").contains(key.get<std::string>()) &&
               resolve(alternative->at("properties").at(key.get<std::string>())).contains("const");
      };
      if (std::all_of(left.begin(), left.end(), is_constant)) {
        return chosen_by_constant(value, left, key.get<std::string>(), path);
      }
    }
    return chosen_by_key(value, left, path);
  }

  // An alternative whose first required key no other knows is meant where the value has that key,
  // and else left out, if others remain.
  static const json* chosen_by_own_key(const json& value, std::vector<const json*>& alternatives) {
    std::map<std::string_view, int> first_keys;
    for (const json* alternative : alternatives) ++first_keys[first_key(*alternative)];
    std::vector<const json*> others;
    for (const json* alternative : alternatives) {
      const std::string_view key = first_key(*alternative);
      const auto knows = [&](const json* other) {
        const auto properties = other->find("properties");
        return other != alternative && properties != other->end() && properties->contains(key);
      };
      if (first_keys[key] > 1 || std::ranges::any_of(alternatives, knows)) {
        others.push_back(alternative);
      } else if (value.contains(key)) {
        return alternative;
      }
    }
    if (!others.empty()) alternatives = std::move(others);
    return nullptr;
  }

  static std::string_view first_key(const json& alternative) {
    return alternative.at("required").at(0).get_ref<const std::string&>();
  }

  const json& chosen_by_length(const json& value, const std::vector<const json*>& alternatives,
                               const std::string& path) const {
    json all = json::array();
    for (const json* alternative : alternatives) {
      if (has_length(value, *alternative)) return *alternative;
      all.push_back(*alternative);
    }
    reject_value(value, wanted({{"oneOf", all}}), path);
  }

  const json& chosen_by_constant(const json& value, const std::vector<const json*>& alternatives,
                                 const std::string& key, const std::string& path) const {
    std::vector<std::string_view> words;
    const auto found = value.find(key);
    for (const json* alternative : alternatives) {
      const json& constant = resolve(alternative->at("properties").at(key)).at("const");
      if (found != value.end() && *found == constant) return *alternative;
      words.push_back(constant.get_ref<const std::string&>());
    }
    const std::string wanted_words = fmt::format("one of {}", fmt::join(words, ", "));
    if (found == value.end()) reject(member_path(path, key), "missing, wanted " + wanted_words);
    reject_value(*found, wanted_words, member_path(path, key));
  }

  const json& chosen_by_key(const json& value, const std::vector<const json*>& alternatives,
                            const std::string& path) const {
    std::vector<std::string> keys;
    for (const json* alternative : alternatives) {
      keys.push_back(alternative->at("required").at(0).get<std::string>());
      if (value.contains(keys.back())) return *alternative;
    }
    reject_value(value, fmt::format("an object with one of the keys {}", fmt::join(keys, ", ")),
                 path);
  }

  const json& document_;
  std::string_view where_;
};

}  // namespace

Schema::Schema(json document) : document_(std::move(document)) {
  check_keywords(document_, document_);
}

void Schema::validate(const json& value, std::string_view where) const {
  Validation(document_, where).validate(value, document_, "");
}

const Schema& builtin_schema(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, Schema, std::less<>> schemas;
  const std::lock_guard lock(mutex);
  const auto known = schemas.find(name);
  if (known != schemas.end()) return known->second;
  const auto text = builtin_text("schemas", name);
  CHECK(text.has_value(), "no schema \"{}\"", name);
  return schemas.emplace(name, Schema(parse_json(*text, name))).first->second;
}

}  // namespace wattgrind
