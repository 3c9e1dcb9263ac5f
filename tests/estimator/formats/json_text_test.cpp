#include "estimator/formats/json_text.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

std::string error_of(std::string_view text) {
  return error_text([&] { parse_json(text, "net.json"); });
}

TEST(JsonText, AllowsComments) {
  EXPECT_EQ(parse_json("// one\n{\"a\": /* two */ 1}", "x").at("a"), 1);
}

TEST(JsonText, SyntaxErrorsNameLineAndColumn) {
  EXPECT_EQ(error_of("{\n  \"a\": 1,,\n}").substr(0, 28), "net.json:2:10: syntax error ");
  EXPECT_EQ(error_of("").substr(0, 27), "net.json:1:1: syntax error ");
  EXPECT_EQ(error_of("{\"a\": [1, 2").substr(0, 14), "net.json:1:12:");
}

TEST(JsonText, SyntaxErrorsStayShortAndInOneLine) {
  const std::string message = error_of("{\"" + std::string(100'000, 'a') + "\nb\": 1}");
  EXPECT_LT(message.size(), 250u);
}

TEST(JsonText, RefusesRepeatedKeys) {
  EXPECT_EQ(error_of("{\"a\": {\"b\": 1}, \"b\": 2, \"a\": 3}"),
            "net.json: key \"a\" occurs twice in one object");
  EXPECT_EQ(error_of("[{\"a\": 1}, {\"a\": 1}]"), "nothing thrown");
}

TEST(JsonText, OrderedKeepsTheOrderOfTheText) {
  EXPECT_EQ(parse_ordered_json("{\"b\": 1, /* c */ \"a\": 2}", "x").dump(), "{\"b\":1,\"a\":2}");
  EXPECT_EQ(error_text([] { parse_ordered_json("{\"a\": 1, \"a\": 2}", "x"); }),
            "x: key \"a\" occurs twice in one object");
}

TEST(JsonText, RefusesNumbersThatAreTooLarge) {
  EXPECT_EQ(error_of("[1e999]"), "net.json: a number in it is too large for a double");
}

TEST(JsonText, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(error_of("{\"\xff\": 1}").substr(0, 9), "net.json:");
}

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonText, RefusesMoreObjectsThanCanBeReadSoon) {
  const auto of_objects = [](int count) {
    std::string text = "[";
    for (int i = 1; i < count; ++i) text += i == 1 ? "{}" : ",{}";
    return text + "]";
  };
  EXPECT_EQ(error_of(of_objects(120'000)), "nothing thrown");
  EXPECT_EQ(error_of(of_objects(120'001)),
            "net.json: found more than 120000 objects and arrays, wanted at most so");
}

TEST(JsonText, RefusesDeepNesting) {
  EXPECT_EQ(error_of(nested(100)), "nothing thrown");
  const std::string refusal =
      "net.json: found objects and arrays nested deeper than 100, wanted at most so";
  EXPECT_EQ(error_of(nested(101)), refusal);
  EXPECT_EQ(error_of(nested(1'000'000)), refusal);
  EXPECT_EQ(error_of(std::string(1'000'000, '[')), refusal) << "before it finds the end missing";
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\": ";
  EXPECT_EQ(error_of(objects), refusal);
  EXPECT_EQ(error_text([] { parse_ordered_json(nested(101), "net.json"); }), refusal);
}

TEST(JsonText, EscapesControlsThatJsonWouldLetStand) {
  const nlohmann::ordered_json value = {{"a\xc2\x9b", "\u202e\x7f\x1b"}};
  const std::string escaped = R"({"a\u009b": "\u202e\u007f\u001b"})";
  EXPECT_EQ(layout_json(value), escaped + "\n");
  EXPECT_EQ(nlohmann::ordered_json::parse(escaped), value);
  EXPECT_EQ(quote_json("\u202e"), R"("\u202e")");
}

TEST(JsonText, QuotesNestedArraysByTheirSize) {
  EXPECT_EQ(quote_json(parse_json(nested(90), "x")), "an array of 1 item");
}

TEST(JsonText, LaysOutWhatFitsOnOneLine) {
  using nlohmann::ordered_json;
  EXPECT_EQ(layout_json(ordered_json::parse(R"({"b":[1,2.5,"x"],"a":{},"c":[]})")),
            "{\"b\": [1, 2.5, \"x\"], \"a\": {}, \"c\": []}\n");
  const std::string at_the_edge = "[\"" + std::string(136, 'a') + "\"]\n";
  EXPECT_EQ(layout_json(ordered_json::parse(at_the_edge)), at_the_edge);
  const std::string long_word(137, 'a');
  EXPECT_EQ(layout_json({{"k", {long_word, 1}}, {"l", {1}}}),
            "{\n  \"k\": [\n    \"" + long_word + "\",\n    1\n  ],\n  \"l\": [1]\n}\n");
}

TEST(JsonText, QuotesShortly) {
  EXPECT_EQ(quote_json("conv3d"), "\"conv3d\"");
  EXPECT_EQ(quote_json({0, 1}), "[0, 1]");
  EXPECT_EQ(quote_ordered_json({0, "a"}), "[0, \"a\"]");
  EXPECT_EQ(quote_json(nlohmann::json::object()), "an object");
  EXPECT_EQ(quote_json(nlohmann::json(std::vector<int>(100, 7))), "an array of 100 items");
  EXPECT_EQ(quote_json("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(quote_json(std::string(59, 'a') + "ä").substr(0, 63),
            "\"" + std::string(59, 'a') + "...");
}

}  // namespace
}  // namespace wattgrind
