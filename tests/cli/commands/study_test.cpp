// wattgrind study, with the program itself, on studies made here.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "estimator/catalog/network_source.h"
#include "estimator/formats/csv.h"
#include "search/study/database.h"
#include "search/study/study_file.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::Not;

using Json = nlohmann::ordered_json;

// Proposes what it is given.
class Listed : public Sampler {
 public:
  explicit Listed(Configuration next) : next_(std::move(next)) {}
  std::optional<Configuration> ask(uint64_t, std::span<const Trial>) override { return next_; }

 private:
  Configuration next_;
};

class StudyCommand : public testing::Test {
 protected:
  StudyCommand() {
    definition_.config = Json::parse(R"({"topology": "dffr", "machine": "zen3",
        "space": {"layers": {"int": [1, 4]}, "width": {"int": [1, 64]}},
        "objective": {"alpha": 0.1, "beta": 0.1}})");
  }

  StudyFile open() const { return {path_, definition_, IfThere::kResume, {}}; }

  // A trial whose score and costs are as given.
  static void add(StudyFile& file, int64_t layers, int64_t width, double score, double train,
                  double infer, TrialState state = TrialState::kComplete) {
    Listed sampler({Value(layers), Value(width)});
    const auto claimed = std::get<ClaimedTrial>(file.claim(1000, sampler));
    Outcome outcome{state, {0.1 * train * train + 0.1 * infer * infer - 0.8 * score}, {}, {}};
    outcome.result = {{"network", fmt::format("dffr:layers={},width={}", layers, width)},
                      {"batch", 32},
                      {"train_cycles", 1000 * train},
                      {"infer_cycles", 10 * infer},
                      {"train_cost", train},
                      {"infer_cost", infer},
                      {"score", score}};
    if (state == TrialState::kInfeasible) {
      outcome.violation = 0.5 + score;
      outcome.result["exceeded"] = {fmt::format("score: {}, at least 0.99", score)};
    }
    ASSERT_TRUE(file.finish(claimed.lease, outcome));
  }

  Ran show(std::vector<std::string> options) const {
    options.insert(options.begin(), {"study", path_.string()});
    return run_wattgrind(std::move(options));
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "small.study";
  StudyDefinition definition_{"small", 7, {}};
};

TEST_F(StudyCommand, ShowsBestFrontAndReference) {
  StudyFile file = open();
  add(file, 1, 10, 0.90, 1.0, 1.0);
  add(file, 2, 20, 0.95, 2.0, 2.0);
  add(file, 3, 30, 0.94, 3.0, 3.0);  // beaten by the one before
  add(file, 1, 5, 0.80, 0.5, 0.5);
  add(file, 1, 1, 0.99, 0.1, 0.1, TrialState::kInfeasible);
  file.set_note("data", "digits (drawn, seed 1)");
  file.set_note("reference", {{"network", "dffr:layers=2,width=32"},
                              {"batch", 32},
                              {"train_cycles", 1000.0},
                              {"train_cost", 1.0}});
  file.set_note("winner", {{"trial", 0}, {"test_accuracy", 0.8125}});
  const Ran ran = show({});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("small: 5 trials (4 complete, 1 infeasible), seed 7\n"
                                 "dffr on digits (drawn, seed 1), costs on zen3\n"));
  EXPECT_THAT(ran.out, HasSubstr("best: trial 3, value -0.590000\n  layers=1 width=5\n"));
  EXPECT_THAT(ran.out, HasSubstr("Pareto front of score against training and inference cost "
                                 "(steady, of one image)\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("test images"))) << "another trial was the winner then";
  const Json json = Json::parse(show({"--format", "json"}).out);
  EXPECT_EQ(json["front"], Json({1, 0, 3}));
  EXPECT_THAT(ran.out, HasSubstr("\n        1  layers=2 width=20  "));
  EXPECT_THAT(ran.out, Not(HasSubstr("layers=3 width=30")));
  EXPECT_THAT(ran.out, HasSubstr("reference  dffr:layers=2,width=32 batch 32"));
}

TEST_F(StudyCommand, ShowsTheColdPassWhereItWasNoted) {
  StudyFile file = open();
  add(file, 1, 10, 0.90, 1.0, 123.4);
  file.set_note("winner", {{"trial", 0}, {"test_accuracy", 0.8125}});
  EXPECT_THAT(show({}).out, HasSubstr("accuracy on the test images: 81.25 %\n\n"));
  file.set_note("winner",
                {{"trial", 0}, {"test_accuracy", 0.8125}, {"cold_infer_cycles", 56789.0}});
  EXPECT_THAT(show({}).out,
              HasSubstr("accuracy on the test images: 81.25 %\n"
                        "  inference of one image: 1,234 cycles steady, 56,789 cycles cold "
                        "(from empty caches)\n"));
  EXPECT_EQ(Json::parse(show({"--format", "json"}).out)["best"]["cold_infer_cycles"], 56789.0);
}

TEST_F(StudyCommand, ShowsSeveralObjectivesAsTheyAre) {
  definition_.config["objective"] = {{"objectives", {"score", "infer_cost"}}};
  StudyFile file = open();
  file.set_note("reference", {{"network", "dffr"}, {"batch", 32}, {"infer_cost", 1.0}});
  Listed sampler({Value(int64_t{1}), Value(int64_t{10})});
  const auto claimed = std::get<ClaimedTrial>(file.claim(1000, sampler));
  ASSERT_TRUE(file.finish(claimed.lease, {TrialState::kComplete,
                                          {-0.9, 0.5},
                                          std::nullopt,
                                          {{"network", "dffr:layers=1,width=10"},
                                           {"train_cost", 2.0},
                                           {"infer_cost", 0.5},
                                           {"score", 0.9}}}));
  const Ran ran = show({"--trials"});
  EXPECT_THAT(ran.out, HasSubstr("best in the first of its objectives: trial 0, score 0.900000\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n        0  layers=1 width=10      90.00      2.0000"));
  EXPECT_THAT(ran.out, Not(HasSubstr("value")));
  EXPECT_THAT(ran.out, Not(HasSubstr("-0.9")));
}

// What is whole as a table but makes no sense to whoever reads on.
TEST_F(StudyCommand, TellsWhatIsDamagedByTableAndRow) {
  const auto expect_refused = [this](const std::string& sql, const std::string& error) {
    std::filesystem::remove(path_);
    {
      StudyFile file = open();
      add(file, 1, 10, 0.90, 1.0, 1.0);
      add(file, 2, 20, 0.95, 2.0, 2.0);
      file.set_note("reference", {{"network", "dffr"}, {"batch", 32}});
      Database(path_, false).execute(sql.c_str());
    }
    for (const char* format : {"table", "json", "csv"}) {
      const Ran ran = show({"--format", format});
      EXPECT_EQ(ran.status, 3) << sql;
      EXPECT_EQ(ran.error, fmt::format("wattgrind: {}: is damaged: {}\n", path_.string(), error));
    }
  };
  const std::string row = " WHERE number = 1";
  expect_refused("UPDATE trials SET result = '7'" + row,
                 "trials, row 1: result: found 7, wanted an object");
  expect_refused("UPDATE trials SET result = '{\"score\": []}'" + row,
                 "trials, row 1: result.score: found [], wanted a number");
  expect_refused("UPDATE trials SET objectives = '[1, 2]'" + row,
                 "trials, row 1: objectives: found 2 values, wanted 1");
  expect_refused("UPDATE trials SET objectives = NULL" + row,
                 "trials, row 1: objectives: found 0 values, wanted 1");
  expect_refused("UPDATE trials SET objectives = '[\"a\"]'" + row,
                 "trials, row 1: objectives: found \"a\", wanted a number");
  expect_refused("UPDATE notes SET value = '[1]' WHERE name = 'reference'",
                 "notes, row reference: found [1], wanted an object");
  const auto expect_config_refused = [&](const std::string& key, const std::string& value,
                                         const std::string& error) {
    expect_refused("UPDATE notes SET value = json_set(value, '$.config." + key + "', json('" +
                       value + "')) WHERE name = 'definition'",
                   "notes, row definition.config." + error);
  };
  expect_config_refused("topology", "7", "topology: found 7, wanted a string");
  expect_config_refused("machine", "[]", "machine: found [], wanted a string");
  expect_config_refused("objective", "1", "objective: found 1, wanted an object");
  expect_config_refused("objective.alpha", "\"a\"",
                        "objective.alpha: found \"a\", wanted a number");
  expect_config_refused("objective.form", "1", "objective.form: found 1, wanted a string");
  expect_config_refused("objective.cost", "1", "objective.cost: found 1, wanted a string");
  expect_config_refused("objective.limits", "1", "objective.limits: found 1, wanted an object");
  expect_config_refused("objective.limits", "{\"macs\": \"a\"}",
                        "objective.limits.macs: found \"a\", wanted a number");
  expect_config_refused("objective", "{\"objectives\": \"score\"}",
                        "objective.objectives: found \"score\", wanted a list");
}

TEST_F(StudyCommand, WantsTheGoalsOfCompleteTrials) {
  definition_.config["objective"] = {{"objectives", {"score", "infer_cost"}}};
  StudyFile file = open();
  Listed sampler({Value(int64_t{1}), Value(int64_t{10})});
  const auto claimed = std::get<ClaimedTrial>(file.claim(1000, sampler));
  ASSERT_TRUE(file.finish(claimed.lease,
                          {TrialState::kComplete, {-0.9, 0.5}, std::nullopt, {{"score", 0.9}}}));
  const Ran ran = show({});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error,
              HasSubstr("is damaged: trials, row 0: result: found no \"infer_cost\" of a "
                        "complete trial, wanted one\n"));
}

TEST_F(StudyCommand, NamesTheRowOfANetworkThatIsNone) {
  StudyFile file = open();
  add(file, 1, 10, 0.90, 1.0, 1.0);
  Database(path_, false)
      .execute("UPDATE trials SET result = json_set(result, '$.network', 'dffr:layers=x')");
  const Ran ran = show({"--best", (folder_.path() / "best.json").string()});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("small.study: is damaged: trials, row 0: result.network: "));
}

TEST_F(StudyCommand, ExportsEveryTrial) {
  StudyFile file = open();
  add(file, 1, 10, 0.9, 1.0, 1.0);
  add(file, 2, 20, 0.5, 2.0, 2.0, TrialState::kPruned);
  Listed sampler({Value(int64_t{3}), Value(int64_t{3})});
  file.claim(1000, sampler);
  file.set_note("winner", {{"trial", 0}, {"test_accuracy", 0.875}});
  const Json json = Json::parse(show({"--format", "json"}).out);
  EXPECT_EQ(json["schema"], "wattgrind/study/1");
  EXPECT_EQ(json["config"], definition_.config);
  EXPECT_EQ(json["best"]["trial"], 0);
  EXPECT_EQ(json["best"]["test_accuracy"], 0.875);
  ASSERT_EQ(json["trials"].size(), 3u);
  EXPECT_EQ(json["trials"][1]["state"], "pruned");
  EXPECT_EQ(json["trials"][1]["params"], Json({{"layers", 2}, {"width", 20}}));
  EXPECT_FALSE(json["trials"][2].contains("values"));
  const CsvTable csv = parse_csv(show({"--format", "csv"}).out, "csv");
  ASSERT_EQ(csv.rows.size(), 3u);
  EXPECT_EQ(csv.number(csv.rows[0], csv.column("value")), 0.2 - 0.8 * 0.9);
  EXPECT_EQ(csv.number(csv.rows[1], csv.column("width")), 20);
  EXPECT_EQ(csv.rows[0].fields[csv.column("network")], "dffr:layers=1,width=10");
  EXPECT_EQ(csv.rows[2].fields[csv.column("state")], "running");
  EXPECT_EQ(csv.rows[2].fields[csv.column("value")], "");
}

TEST_F(StudyCommand, WritesTheBestNetwork) {
  {
    StudyFile file = open();
    add(file, 2, 12, 0.9, 1.0, 1.0);
  }
  const std::string best = (folder_.path() / "best.json").string();
  const Ran ran = show({"--best", best});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(find_network(best).name, "dffr:layers=2,width=12");
  EXPECT_EQ(run_wattgrind({"estimate", best, "--machine", "zen3"}).status, 0);
}

TEST_F(StudyCommand, SaysWhatCameNearestToTheLimits) {
  StudyFile file = open();
  add(file, 1, 10, 0.4, 1.0, 1.0, TrialState::kInfeasible);
  add(file, 2, 20, 0.2, 2.0, 2.0, TrialState::kInfeasible);
  const Ran ran = show({});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("No trial keeps the limits. Nearest: trial 1, "
                                 "layers=2 width=20, 70 % beyond in all\n"
                                 "  score: 0.2, at least 0.99\n"));
  const Json json = Json::parse(show({"--format", "json"}).out);
  EXPECT_EQ(json["nearest"]["trial"], 1);
  EXPECT_FALSE(json.contains("best"));
  const Ran none = show({"--best", (folder_.path() / "best.json").string()});
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.error, HasSubstr("small.study: no trial is complete"));
}

TEST_F(StudyCommand, ListsTrialsAndWhatMattered) {
  StudyFile file = open();
  for (int64_t i = 0; i < 40; ++i) {
    add(file, 1 + i % 4, 1 + i, 0.9, 0.1 * static_cast<double>(i), 1.0);
  }
  const Ran ran = show({"--trials"});
  EXPECT_THAT(ran.out, HasSubstr("\nparameter  share (%)\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n   39  complete  layers=4 width=40"));
  const Json json = Json::parse(show({"--format", "json"}).out);
  EXPECT_GT(json["importance"]["width"], json["importance"]["layers"]);
}

// The score is width / 64, training costs width / 32, inference costs layers: so by construction.
TEST_F(StudyCommand, ExplainsWhyTheBestIsGood) {
  StudyFile file = open();
  for (int64_t width = 4; width <= 64; width += 12) {
    for (int64_t layers = 1; layers <= 4; ++layers) {
      const auto units = static_cast<double>(width);
      add(file, layers, width, units / 64, units / 32, static_cast<double>(layers));
    }
  }
  const Json json = Json::parse(show({"--explain", "--format", "json"}).out);
  EXPECT_EQ(json["schema"], "wattgrind/explanation/1");
  EXPECT_GT(json["effects"]["score"]["main"]["width"], 0.97);
  EXPECT_GT(json["effects"]["train_cost"]["main"]["width"], 0.97);
  EXPECT_GT(json["effects"]["infer_cost"]["main"]["layers"], 0.97);
  EXPECT_LT(json["effects"]["infer_cost"]["main"]["width"], 0.02);
  const Json& winner = json["winner"];
  EXPECT_EQ(winner, 20) << "one layer of 52 units: 0.1 * 1.625^2 + 0.1 - 0.8 * 52 / 64 is least";
}

// Scores fall with the distance from a width of 30, give or take; one far off is better than all.
TEST_F(StudyCommand, SaysThatAWinnerWasLucky) {
  StudyFile file = open();
  for (int64_t width = 1; width <= 60; ++width) {
    const auto off = static_cast<double>(std::abs(width - 30));
    const double score = 0.8 - 0.01 * off + 0.02 * std::sin(static_cast<double>(7 * width));
    add(file, 1, width, width == 55 ? 0.83 : score, 1, 1);
  }
  EXPECT_THAT(show({"--explain"}).out,
              HasSubstr("The winner's value is likely a lucky one. Trial "));
}

TEST_F(StudyCommand, ExplanationsAreTablesToo) {
  StudyFile file = open();
  for (int64_t width = 1; width < 9; ++width) add(file, 1, width, 0.5, 1, 1);
  const Ran few = show({"--explain"});
  EXPECT_EQ(few.status, 1);
  EXPECT_THAT(few.error, HasSubstr("holds 8 complete, wanted at least 10 complete ones"));
  for (int64_t width = 9; width < 30; ++width) {
    add(file, 2, width, 0.9 - 0.001 * static_cast<double>(width), 1, 1);
  }
  const Ran shown = show({"--explain"});
  EXPECT_EQ(shown.status, 0) << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("the winner is trial 8: layers=2 width=9"));
  EXPECT_THAT(shown.out, HasSubstr("layers x width"));
  EXPECT_THAT(shown.out, HasSubstr("width=10"));
  EXPECT_THAT(shown.out, HasSubstr("How likely trials are the best of the 16 best"));
  EXPECT_THAT(shown.out, Not(HasSubstr("lucky")));
  EXPECT_THAT(show({"--explain", "--format", "csv"}).out,
              HasSubstr("parameters,value_percent,score_percent,train_cost_percent,"));
  EXPECT_EQ(show({"--explain", "--delete"}).status, 2);
}

TEST_F(StudyCommand, GoesToOptunaAndComesBack) {
  {
    StudyFile file = open();
    add(file, 1, 4, 0.5, 1, 1);
    add(file, 2, 9, 0.75, 2, 1);
    add(file, 3, 9, 0.25, 9, 9, TrialState::kInfeasible);
  }
  const std::string source = "optuna:sqlite:///" + (folder_.path() / "o.db").string();
  const std::string back = folder_.path() / "back.study";
  EXPECT_EQ(show({"--export", source}).status, 0);
  const Ran refused = run_wattgrind({"study", source});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.error, HasSubstr("is a study of Optuna's, wanted --copy-to FILE|URL"));
  const Ran copied = run_wattgrind({"study", source, "--copy-to", back});
  EXPECT_EQ(copied.status, 0);
  EXPECT_THAT(copied.error, HasSubstr("o.db: 3 trials copied to "));
  EXPECT_EQ(run_wattgrind({"study", back, "--best", folder_.path() / "b.json"}).status, 0);
  const auto trials = [](const std::string& study) {
    Json shown = Json::parse(run_wattgrind({"study", study, "--format", "json"}).out);
    return shown["trials"].dump();
  };
  EXPECT_EQ(trials(back), trials(path_));
  EXPECT_THAT(run_wattgrind({"study", source + "?study=none", "--copy-to", back}).error,
              HasSubstr("o.db: found the studies"));
  EXPECT_THAT(run_wattgrind({"study", source, "--copy-to", back}).error,
              HasSubstr("back.study: holds a study already, wanted --copy-to where none is"));
}

TEST_F(StudyCommand, TellsFilesThatAreNoStudies) {
  EXPECT_EQ(show({}).status, 3);
  std::ofstream(path_) << "{\"trials\": []}, and more than the header of a database would take: "
                          "a hundred bytes at the least.";
  const Ran ran = show({});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("small.study: is no study: found no SQLite database"));
}

}  // namespace
}  // namespace wattgrind
