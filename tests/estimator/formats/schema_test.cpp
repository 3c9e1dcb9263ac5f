#include "estimator/formats/schema.h"

#include <gtest/gtest.h>

#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

std::string error_of(std::string_view schema, std::string_view value) {
  return error_text(
      [&] { Schema(parse_json(schema, "schema")).validate(parse_json(value, "x"), "x.json"); });
}

TEST(Schema, EveryBuiltinOneLoads) {
  for (const std::string_view name : builtin_names("schemas")) builtin_schema(name);
}

TEST(SchemaDeathTest, UnknownKeywordsAndReferencesAreBugsOfOurs) {
  EXPECT_DEATH(Schema(parse_json(R"({"pattern": "a"})", "schema")), "keyword = pattern");
  EXPECT_DEATH(Schema(parse_json(R"({"items": {"$ref": "#/definitions/a"}})", "schema")),
               "\\$ref = #/definitions/a");
}

TEST(Schema, Types) {
  EXPECT_EQ(error_of(R"({"type": "string"})", "3"), "x.json: found 3, wanted a string");
  EXPECT_EQ(error_of(R"({"type": "boolean"})", "null"), "x.json: found null, wanted a boolean");
  EXPECT_EQ(error_of(R"({"type": "number"})", "true"), "x.json: found true, wanted a number");
  EXPECT_EQ(error_of(R"({"type": "integer"})", "2.0"), "nothing thrown");
  EXPECT_EQ(error_of(R"({"type": "integer"})", "1e300"), "x.json: found 1e+300, wanted an integer");
  EXPECT_EQ(error_of(R"({"type": "array"})", "[]"), "nothing thrown");
}

TEST(Schema, Bounds) {
  const std::string_view schema = R"({"type": "number", "exclusiveMinimum": 0, "maximum": 2})";
  EXPECT_EQ(error_of(schema, "0"),
            "x.json: found 0, wanted a number greater than 0 and of at most 2");
  EXPECT_EQ(error_of(schema, "2.5").substr(0, 17), "x.json: found 2.5");
  EXPECT_EQ(error_of(schema, "2"), "nothing thrown");
  EXPECT_EQ(error_of(R"({"type": "integer", "exclusiveMaximum": 3})", "3"),
            "x.json: found 3, wanted an integer less than 3");
}

TEST(Schema, EnumAndConst) {
  EXPECT_EQ(error_of(R"({"enum": ["hits", "accesses"]})", "\"hit\""),
            "x.json: found \"hit\", wanted one of \"hits\", \"accesses\"");
  EXPECT_EQ(error_of(R"({"enum": ["hits", "accesses"]})", "\"hits\""), "nothing thrown");
  EXPECT_EQ(error_of(R"({"const": 1})", "2"), "x.json: found 2, wanted 1");
}

TEST(Schema, StringsThatMustNotBeEmpty) {
  EXPECT_EQ(error_of(R"({"type": "string", "minLength": 1})", "\"\""),
            "x.json: found \"\", wanted a string that is not empty");
}

TEST(Schema, AdditionalPropertiesFollowTheirSchema) {
  const std::string_view schema =
      R"({"type": "object", "additionalProperties": {"type": "integer"}})";
  EXPECT_EQ(error_of(schema, R"({"a": 1, "b": "x"})"), "x.json: b: found \"x\", wanted an integer");
  EXPECT_EQ(error_of(schema, R"({"a\nb": "x"})"),
            "x.json: \"a\\nb\": found \"x\", wanted an integer");
}

TEST(Schema, UnionsOfObjectsAreToldApartByTheirFirstRequiredKey) {
  const std::string_view schema = R"({"oneOf": [
    {"type": "object", "required": ["int"], "additionalProperties": false,
     "properties": {"int": {"type": "array", "minItems": 2, "maxItems": 2}}},
    {"type": "object", "required": ["choice"], "additionalProperties": false,
     "properties": {"choice": {"type": "array", "minItems": 1}}},
    {"type": "integer"}]})";
  EXPECT_EQ(error_of(schema, R"({"int": [1, 10]})"), "nothing thrown");
  EXPECT_EQ(error_of(schema, R"({"choice": []})"),
            "x.json: choice: found [], wanted an array of at least 1");
  EXPECT_EQ(error_of(schema, R"({"float": [0, 1]})"),
            "x.json: found an object, wanted an object with one of the keys int, choice");
  EXPECT_EQ(error_of(schema, "true"), "x.json: found true, wanted an object or an integer");
}

TEST(Schema, AnAlternativeWithAKeyOfItsOwnIsMeantWhereTheKeyIs) {
  const std::string_view schema = R"({"oneOf": [
    {"type": "object", "required": ["use"], "properties": {"use": {"type": "string"}}},
    {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "a"}}},
    {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "b"}}}]})";
  EXPECT_EQ(error_of(schema, R"({"use": "x", "size": 1})"), "nothing thrown");
  EXPECT_EQ(error_of(schema, R"({"use": 1})"), "x.json: use: found 1, wanted a string");
  EXPECT_EQ(error_of(schema, R"({"kind": "b"})"), "nothing thrown");
  EXPECT_EQ(error_of(schema, R"({"kind": "c"})"), "x.json: kind: found \"c\", wanted one of a, b");
  EXPECT_EQ(error_of(schema, R"({"size": 1})"), "x.json: kind: missing, wanted one of a, b");
}

}  // namespace
}  // namespace wattgrind
