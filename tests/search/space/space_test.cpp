#include "search/space/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

Space space_of(const char* text) { return parse_space(Json::parse(text), "f.json: space"); }

std::string error_of(const char* text) {
  try {
    space_of(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(Space, ReadsEveryKindOfParameter) {
  const Space space = space_of(R"({
    "batch": {"int": [8, 128], "step": 8},
    "units": {"int": [1, 1024], "log": true},
    "rate": {"float": [1e-4, 1], "log": true},
    "optimizer": {"choice": ["adam", 2, 0.5, true]}})");
  ASSERT_EQ(space.size(), 4u);
  const auto& batch = std::get<IntRange>(space.parameters()[0].domain);
  EXPECT_EQ(batch.low, 8);
  EXPECT_EQ(batch.high, 128);
  EXPECT_EQ(batch.step, 8);
  EXPECT_FALSE(batch.log);
  EXPECT_TRUE(std::get<IntRange>(space.parameters()[1].domain).log);
  const auto& rate = std::get<FloatRange>(space.parameters()[2].domain);
  EXPECT_EQ(rate.low, 1e-4);
  EXPECT_TRUE(rate.log);
  const std::vector<Value> options = {std::string("adam"), int64_t{2}, 0.5, true};
  EXPECT_EQ(std::get<Choice>(space.parameters()[3].domain).options, options);
  EXPECT_EQ(space.find("rate"), 2u);
  EXPECT_EQ(space.find("nothing"), std::nullopt);
}

TEST(Space, ActivatesByValueAndByExcess) {
  const Space space = space_of(R"({
    "momentum": {"float": [0, 1], "when": {"optimizer": ["sgd", "rmsprop"]}},
    "optimizer": {"choice": ["adam", "sgd", "rmsprop"]},
    "layers": {"int": [1, 5]},
    "dropout": {"float": [0, 1], "when": {"layers": {"above": 2}}}})");
  const size_t optimizer = *space.find("optimizer"), momentum = *space.find("momentum");
  const size_t layers = *space.find("layers"), dropout = *space.find("dropout");
  EXPECT_LT(optimizer, momentum) << "a child stands behind its parent";
  Configuration configuration(space.size());
  configuration[optimizer] = std::string("adam");
  configuration[layers] = int64_t{2};
  EXPECT_FALSE(space.active(momentum, configuration));
  EXPECT_FALSE(space.active(dropout, configuration));
  configuration[optimizer] = std::string("rmsprop");
  configuration[layers] = int64_t{3};
  EXPECT_TRUE(space.active(momentum, configuration));
  EXPECT_TRUE(space.active(dropout, configuration));
  configuration[optimizer] = std::nullopt;
  EXPECT_FALSE(space.active(momentum, configuration)) << "below an inactive parent";
}

TEST(Space, ExpandsOneParameterALayer) {
  const Space space =
      space_of(R"({"widths": {"int": [1, 20], "per": "layers"}, "layers": {"int": [1, 3]}})");
  ASSERT_EQ(space.size(), 4u);
  EXPECT_EQ(space.parameters()[3].name, "widths[2]");
  const Json json = Json::parse(R"({"layers": 2, "widths": [4, 7]})");
  const Configuration configuration = parse_configuration(space, json, "t");
  EXPECT_EQ(configuration[1], Value(int64_t{4}));
  EXPECT_EQ(configuration[2], Value(int64_t{7}));
  EXPECT_EQ(configuration[3], std::nullopt);
  EXPECT_EQ(to_json(space, configuration), json);
  EXPECT_EQ(to_string(space, configuration), "layers=2 widths[0]=4 widths[1]=7");
}

TEST(Space, RefusesWrongConfigurations) {
  const Space space = space_of(R"({"layers": {"int": [1, 3]},
    "widths": {"int": [2, 20], "step": 2, "per": "layers"}, "rate": {"float": [0, 1]}})");
  const auto refused = [&space](const char* text) {
    try {
      parse_configuration(space, Json::parse(text), "t");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refused(R"({"layers": 1, "widths": [4], "rate": 1})"), "no error");
  EXPECT_THAT(refused(R"({"layers": 4, "widths": [4], "rate": 1})"),
              testing::HasSubstr("t.layers: found 4"));
  EXPECT_THAT(refused(R"({"layers": 2, "widths": [4], "rate": 1})"),
              testing::HasSubstr("t.widths[1]: missing"));
  EXPECT_THAT(refused(R"({"layers": 1, "widths": [4, 6], "rate": 1})"),
              testing::HasSubstr("t.widths: found [4,6]"));
  EXPECT_THAT(refused(R"({"layers": 1, "widths": [5], "rate": 1})"),
              testing::HasSubstr("t.widths[0]: found 5"));
  EXPECT_THAT(refused(R"({"layers": 1, "widths": [4], "rate": 1, "pace": 2})"),
              testing::HasSubstr("t.pace: found 2"));
}

struct Wrong {
  const char* space;
  const char* message;
};

// What ctest shows of a case: without it, bytes that differ from build to build.
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.space; }

class SpaceErrors : public testing::TestWithParam<Wrong> {};

TEST_P(SpaceErrors, NameFileKeyFoundAndWanted) {
  EXPECT_EQ(error_of(GetParam().space), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, SpaceErrors,
    testing::Values(
        Wrong{"[]", "f.json: space: found [], wanted an object"},
        Wrong{"{}", "f.json: space: found no parameter, wanted at least one"},
        Wrong{R"({"a": {"int": [10, 1]}})",
              "f.json: space.a.int: low 10 is above high 1, wanted [low, high] in this order"},
        Wrong{R"({"a": {"float": [1, 0.5]}})",
              "f.json: space.a.float: low 1 is above high 0.5, wanted [low, high] in this order"},
        Wrong{R"({"a": {"int": [1, 2.5]}})", "f.json: space.a.int: found 2.5, wanted an integer"},
        Wrong{R"({"a": {"int": 3}})", "f.json: space.a.int: found 3, wanted [low, high]"},
        Wrong{R"({"a": {"int": [1, 9], "step": 3}})",
              "f.json: space.a.step: found 3, wanted a positive divisor of high - low = 8"},
        Wrong{R"({"a": {"int": [0, 9], "log": true}})",
              "f.json: space.a.int: found low 0 with log, wanted at least 1"},
        Wrong{R"({"a": {"int": [1, 9], "step": 2, "log": true}})",
              "f.json: space.a: found step 2 with log, wanted step 1 (or no log)"},
        Wrong{R"({"a": {"float": [0, 1], "log": true}})",
              "f.json: space.a.float: found low 0 with log, wanted more than 0"},
        Wrong{R"({"a": {"int": [0, 9007199254740993]}})",
              "f.json: space.a.int: found [0,9007199254740993], wanted bounds between -2^53 and "
              "2^53"},
        Wrong{R"({"a": {"choice": []}})",
              "f.json: space.a.choice: found [], wanted a list of at least one option"},
        Wrong{R"({"a": {"choice": [1, 1]}})",
              "f.json: space.a.choice: found 1 twice, wanted different options"},
        Wrong{R"({"a": {"int": [1, 2], "steps": 1}})",
              "f.json: space.a.steps: unknown key, known are int, step, log, when, per"},
        Wrong{R"({"a": {"integer": [1, 2]}})",
              "f.json: space.a: found {\"integer\":[1,2]}, wanted exactly one of \"int\", "
              "\"float\", \"choice\""},
        Wrong{R"({"a": {"int": [1, 2], "when": {"b": 1}}})",
              "f.json: space.a: depends on \"b\", wanted the name of a parameter"},
        Wrong{R"({"a": {"int": [1, 2], "when": {"b": 3}}, "b": {"int": [1, 2]}})",
              "f.json: space.a.when.b: found 3, wanted a value that the parameter can take"},
        Wrong{R"({"a": {"int": [1, 2], "per": "b"}, "b": {"choice": [1, 2]}})",
              "f.json: space.a.per: found \"b\", wanted an int parameter within [0, 1000]"},
        Wrong{R"({"a": {"int": [1, 2], "when": {"b": 1}}, "b": {"int": [1, 2], "when": {"a": 1}}})",
              "f.json: space.a: depends on \"b\", which is a list or depends on this in turn, "
              "wanted an order"}));

}  // namespace
}  // namespace wattgrind
