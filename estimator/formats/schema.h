// Validation against the JSON Schemas of configs/schemas/, the same files editors use.
//
// A subset of JSON Schema draft-07, written here because users are promised errors that name the
// key, the value found and the value wanted in one line: Debian's valijson says "Failed to match
// against any enum values", for a union lists the failures of every alternative, and drags in Qt
// (its package depends on every JSON library it has an adapter for).
//
// Keywords: $ref (to "#/definitions/..."), type (one word), const, enum, properties, required,
// additionalProperties, items (one schema for all), minItems, maxItems, minimum, maximum,
// exclusiveMinimum, exclusiveMaximum, minLength, oneOf; and for people $schema, $id, title,
// description, default, examples, definitions. Any other keyword in a schema is a bug of ours.
//
// The alternatives of a oneOf must be told apart before they are tried, so that an error is about
// the one that was meant: by their type; arrays then by their length; objects by a required
// key that is a `const` in each ("kind"), or else by the first key each requires.
//
// An integer is a JSON number without a fraction that fits a signed 64-bit integer.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace wattgrind {

class Schema {
 public:
  // CHECKs that only the keywords above occur and that every $ref leads somewhere.
  explicit Schema(nlohmann::json document);

  // Throws Error(kInput) at the first violation: "WHERE: layers[3].stride: found ..., wanted ...".
  void validate(const nlohmann::json& value, std::string_view where) const;

 private:
  nlohmann::json document_;
};

// The schema configs/schemas/NAME.json. CHECKs that there is one.
const Schema& builtin_schema(std::string_view name);

}  // namespace wattgrind
