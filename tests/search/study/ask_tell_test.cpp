#include "search/study/ask_tell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

AskTell make_session(const char* config_text, size_t parallel) {
  AskTellConfig config = parse_ask_tell_config(Json::parse(config_text), "f.json");
  auto sampler = make_sampler(config.sampler, config.space, config.seed);
  return AskTell(std::move(config.space), std::move(sampler), parallel);
}

std::string error_of(AskTell& session, const char* line) {
  try {
    session.tell(line, "line 4");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(AskTell, ProposesAndTakesResultsOneByOne) {
  AskTell session = make_session(
      R"({"space": {"x": {"int": [1, 2]}, "y": {"choice": ["a"]}}, "sampler": {"kind": "grid"}})",
      1);
  const std::vector<std::string> first = session.ask();
  ASSERT_EQ(first.size(), 1u);
  const Json json = Json::parse(first[0]);
  EXPECT_EQ(json["trial"], 0);
  EXPECT_EQ(json["params"]["y"], "a");
  EXPECT_THAT(session.ask(), IsEmpty()) << "one in flight is enough";
  session.tell(R"({"trial": 0, "value": 1.25})", "line 1");
  EXPECT_FALSE(session.ended());
  const std::vector<std::string> second = session.ask();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(Json::parse(second[0])["params"], json["params"]);
  session.tell(R"({"trial": 1, "state": "failed"})", "line 2");
  EXPECT_THAT(session.ask(), IsEmpty());
  EXPECT_TRUE(session.ended()) << "the grid is tried out";
}

TEST(AskTell, KeepsSeveralInFlightAndTakesResultsInAnyOrder) {
  AskTell session = make_session(R"({"space": {"x": {"float": [0, 1]}}, "seed": 3})", 3);
  EXPECT_EQ(session.ask().size(), 3u);
  session.tell(R"({"trial": 2, "value": 1})", "line 1");
  session.tell(R"({"trial": 0, "state": "infeasible", "violation": 2})", "line 2");
  const std::vector<std::string> next = session.ask();
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(Json::parse(next[1])["trial"], 4);
}

TEST(AskTell, AnswersWrongLinesAndGoesOn) {
  AskTell session = make_session(R"({"space": {"x": {"float": [0, 1]}}})", 1);
  session.ask();
  EXPECT_THAT(
      error_of(session, "trial 0: 3"),
      AllOf(StartsWith("line 4:1:3: syntax error"),
            EndsWith("; wanted {\"trial\": 0, \"value\": 1.25}, or {\"trial\": 0, \"state\": "
                     "\"failed\"} where the value is no finite number")));
  EXPECT_EQ(error_of(session, "[]"), "line 4: found [], wanted an object");
  EXPECT_EQ(error_of(session, R"({"value": 1})"), "line 4: no \"trial\", wanted its number");
  EXPECT_EQ(error_of(session, R"({"trial": 1, "value": 1})"),
            "line 4: trial: found 1, wanted a trial that was proposed and not told yet");
  EXPECT_EQ(error_of(session, R"({"trial": 0})"),
            "line 4: no \"value\", wanted one (or \"state\": \"failed\")");
  EXPECT_EQ(
      error_of(session, R"({"trial": 0, "value": "low"})"),
      "line 4: value: found \"low\", wanted a number, or {\"trial\": 0, \"state\": \"failed\"} "
      "where the value is no finite number");
  EXPECT_EQ(error_of(session, R"({"trial": 0, "state": "lost"})"),
            "line 4: state: found \"lost\", wanted \"complete\", \"failed\", \"infeasible\" or "
            "\"pruned\"");
  EXPECT_EQ(error_of(session, R"({"trial": 0, "value": 1, "cost": 2})"),
            "line 4: cost: unknown key, known are trial, value, values, state, violation");
  EXPECT_EQ(error_of(session, R"({"trial": 0, "value": 1})"), "no error");
  EXPECT_EQ(error_of(session, R"({"trial": 0, "value": 1})"),
            "line 4: trial: found 0, wanted a trial that was proposed and not told yet");
}

// What Python's json.dumps and JavaScript's JSON.stringify write for a loss that diverged, and what
// C's printf does.
TEST(AskTell, ValuesThatAreNoFiniteNumbersAreToldTheFailedForm) {
  AskTell session = make_session(R"({"space": {"x": {"float": [0, 1]}}})", 1);
  session.ask();
  for (const char* value : {"NaN", "Infinity", "-Infinity", "1e999", "-1e999", "null", "inf", "nan",
                            "\"NaN\"", "[1, NaN]"}) {
    const std::string line = fmt::format("{{\"trial\": 0, \"value\": {}}}", value);
    EXPECT_THAT(error_of(session, line.c_str()),
                AllOf(StartsWith("line 4:"), HasSubstr("{\"trial\": 0, \"state\": \"failed\"}")))
        << value;
  }
  EXPECT_THAT(error_of(session, R"({"trial": 0, "values": [1, null]})"), HasSubstr("\"failed\""));
  EXPECT_EQ(error_of(session, R"({"trial": 0, "state": "failed"})"), "no error")
      << "still in flight after all of them";
}

TEST(AskTell, RefusesDeepNesting) {
  AskTell session = make_session(R"({"space": {"x": {"float": [0, 1]}}})", 1);
  session.ask();
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(error_of(session, deep.c_str()), HasSubstr("nested deeper than 100"));
  const std::string values =
      "{\"trial\": 0, \"values\": " + std::string(500'000, '[') + std::string(500'000, ']') + "}";
  EXPECT_THAT(error_of(session, values.c_str()), HasSubstr("nested deeper than 100"));
}

TEST(AskTell, ARefusalIsALineThatNamesWhatIsAwaited) {
  AskTell session = make_session(R"({"space": {"x": {"float": [0, 1]}}})", 3);
  session.ask();
  session.tell(R"({"trial": 1, "value": 1})", "line 1");
  const std::string line = session.refusal("line 2: found \"a\n\xff\"");
  EXPECT_EQ(line, "{\"error\":\"line 2: found \\\"a\\n\uFFFD\\\"\",\"in_flight\":[0,2]}");
}

TEST(AskTell, ChecksItsConfig) {
  const auto error = [](const char* text) {
    try {
      parse_ask_tell_config(Json::parse(text), "f.json");
    } catch (const Error& caught) {
      return std::string(caught.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error("[]"), "f.json: found [], wanted an object");
  EXPECT_EQ(error("{}"), "f.json: no \"space\", wanted an object of parameters");
  EXPECT_EQ(error(R"({"space": {"x": {"int": [2, 1]}}})"),
            "f.json: space.x.int: low 2 is above high 1, wanted [low, high] in this order");
  EXPECT_EQ(error(R"({"space": {"x": {"int": [1, 2]}}, "seed": -1})"),
            "f.json: seed: found -1, wanted at least 0");
  EXPECT_EQ(error(R"({"space": {"x": {"int": [1, 2]}}, "trials": 1})"),
            "f.json: trials: unknown key, known are space, sampler, seed");
}

}  // namespace
}  // namespace wattgrind
