// Schemas validate JSON against the files of configs/schemas/, which editors use too.
//
// This is a subset of JSON Schema draft-07. It is written here because users are promised errors
// that name the key, the value found and the value wanted in one line. Debian's valijson says
// "Failed to match against any enum values", lists the failures of every alternative of a union,
// and brings Qt along, since its package depends on every JSON library that it has an adapter for.
//
// The keywords are $ref (to "#/definitions/..."), type (one word), const, enum, properties,
// required, additionalProperties, items (one schema for all), minItems, maxItems, minimum, maximum,
// exclusiveMinimum, exclusiveMaximum, minLength, oneOf; and for people $schema, $id, title,
// description, default, examples, definitions. Any other keyword in a schema is a bug of ours.
//
// The alternatives of a oneOf must be told apart before they are tried, so that an error is about
// the one that was meant. Their types tell them apart; among arrays, their lengths do; among
// objects, a first required key that no other alternative knows ("use"), then a required key that
// is a `const` in each of the others ("kind"), or else the first key that each requires.
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

// Returns the schema configs/schemas/NAME.json. CHECKs that there is one.
const Schema& builtin_schema(std::string_view name);

}  // namespace wattgrind
