#include "search/study/optuna_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <limits>

#include "estimator/system/process.h"
#include "search/study/optuna_file.h"
#include "search/study/study_file.h"
#include "tests/error_text.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/store_actions.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Json = nlohmann::ordered_json;

// Studies made by Optuna itself. Trial n of "one" has x = n + 1.
constexpr const char* kMake = R"(
import sys
try:
    import optuna
except ImportError:
    print("none")
    sys.exit()
optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = "sqlite:///" + sys.argv[1]
study = optuna.create_study(study_name="one", storage=storage, direction="maximize")
kinds = ["a", None, 3, True, "b", "a", "b", "a"]
for n in range(8):
    study.enqueue_trial({"x": n + 1, "kind": kinds[n], "y": 0.5 - n, "z": 4, "share": 0.25})
def objective(trial):
    if trial.number == 2:
        raise ValueError("before it asked for anything")
    x = trial.suggest_int("x", 1, 500 + trial.number, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b", 3, None, True])
    y = trial.suggest_float("y", -10, 10)
    z = trial.suggest_int("z", 2, 8, step=2) if kind == "a" else 0
    share = trial.suggest_float("share", 0, 1, step=0.25)
    if trial.number == 3:
        trial.report(0.125, 1)
        raise optuna.TrialPruned()
    if trial.number == 4:
        raise ValueError("after it asked")
    if trial.number == 5:
        trial.set_user_attr("note", {"deep": [1, "two"]})
        trial.set_system_attr("constraints", [-1, 1.5, 0.5])
    return x + y + z + share
study.optimize(objective, n_trials=8, catch=(ValueError,))
study.ask()
two = optuna.create_study(study_name="two", storage=storage, directions=["minimize", "maximize"])
two.optimize(lambda trial: (trial.suggest_float("r", 1e-4, 1, log=True), 7), n_trials=3)
)";

// Whether Optuna is there to have made the file.
bool make_in_optuna(const std::filesystem::path& file) {
  const ProcessResult result = make_process_runner()->run(
      {{"/usr/bin/python3", "-W", "ignore", "-c", kMake, file}, {"HOME=/tmp"}, "", 1 << 20});
  if (result.out == "none\n") return false;
  EXPECT_EQ(result.error, "");
  return true;
}

void run_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  sqlite3_close(handle);
}

class OptunaImport : public testing::Test {
 protected:
  void SetUp() override {
    if (!make_in_optuna(file_)) {
      GTEST_SKIP() << "Optuna is not installed: apt-get install python3-optuna";
    }
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "optuna.db";
};

TEST_F(OptunaImport, MakesAStudyOfOneThatOptunaMade) {
  const OptunaStudy found = read_optuna_file(file_, "one");
  EXPECT_TRUE(found.negated);
  EXPECT_EQ(found.objectives, 1u);
  EXPECT_EQ(found.left_out, 2u) << "trial 2 and the one that was only asked for";
  EXPECT_EQ(found.contents.definition.name, "one");
  EXPECT_EQ(found.contents.definition.config["space"].dump(),
            R"({"x":{"int":[1,507],"step":1,"log":true},)"
            R"("kind":{"choice":["a","b",3,"None",true]},)"
            R"("y":{"float":[-10.0,10.0],"log":false},)"
            R"("z":{"int":[2,8],"step":2,"log":false,"when":{"kind":["a"]}},)"
            R"("share":{"float":[0.0,1.0],"log":false}})");
  // The study is one that can be worked on.
  const std::filesystem::path ours = folder_.path() / "ours.study";
  StudyFile::make(ours, found.contents);
  StudyFile store(ours);
  const std::vector<TrialRecord> records = store.records();
  std::vector<std::string> texts;
  std::vector<TrialState> states;
  for (const TrialRecord& record : records) {
    texts.push_back(to_string(store.space(), record.trial.configuration));
    states.push_back(record.trial.state);
  }
  EXPECT_THAT(texts,
              ElementsAre("x=1 kind=a y=0.5 z=4 share=0.25", "x=2 kind=None y=-0.5 share=0.25",
                          "x=4 kind=true y=-2.5 share=0.25", "x=5 kind=b y=-3.5 share=0.25",
                          "x=6 kind=a y=-4.5 z=4 share=0.25", "x=7 kind=b y=-5.5 share=0.25",
                          "x=8 kind=a y=-6.5 z=4 share=0.25"));
  EXPECT_THAT(states, ElementsAre(TrialState::kComplete, TrialState::kComplete, TrialState::kPruned,
                                  TrialState::kFailed, TrialState::kInfeasible,
                                  TrialState::kComplete, TrialState::kComplete));
  EXPECT_EQ(records[0].trial.values, std::vector{-5.75});
  EXPECT_EQ(records[2].trial.curve, std::vector{-0.125});
  EXPECT_EQ(records[4].trial.violation, 2.0);
  EXPECT_EQ(records[4].result, Json::parse(R"({"note": {"deep": [1, "two"]}})"));
  EXPECT_TRUE(records[0].result.is_null());
  EXPECT_GE(*records[0].ended_unix_s, records[0].started_unix_s);
  EXPECT_GT(records[0].started_unix_s, 1.7e9);
  EXPECT_EQ(claim_one(store).lease.trial, 7u) << "it goes on";
}

TEST_F(OptunaImport, KeepsSeveralObjectives) {
  const OptunaStudy found = read_optuna_file(file_, "two");
  EXPECT_EQ(found.objectives, 2u);
  ASSERT_EQ(found.contents.records.size(), 3u);
  for (const TrialRecord& record : found.contents.records) {
    ASSERT_EQ(record.trial.values.size(), 2u);
    EXPECT_EQ(Value(record.trial.values[0]), *record.trial.configuration[0]);
    EXPECT_EQ(record.trial.values[1], -7) << "maximised there";
  }
}

// Optuna 4 has the same tables with an index more (its revision v3.2.0.a).
TEST_F(OptunaImport, KnowsTheTablesOfEachVersion) {
  run_sql(file_,
          "CREATE INDEX trials_study_id_key ON trials (study_id); "
          "UPDATE alembic_version SET version_num = 'v3.2.0.a'; "
          "UPDATE version_info SET library_version = '4.5.0'");
  EXPECT_EQ(read_optuna_file(file_, "one").contents.records.size(), 7u);
  run_sql(file_, "UPDATE alembic_version SET version_num = 'v2.6.0.a'");
  EXPECT_THAT(error_text([this] { read_optuna_file(file_, "one"); }),
              HasSubstr("found tables of Optuna's revision v2.6.0.a, wanted v3.0.0.d (Optuna 3.0) "
                        "or v3.2.0.a (3.2 to 4): bring them there with `optuna storage upgrade"));
}

TEST_F(OptunaImport, TellsWhatItCannotTake) {
  EXPECT_THAT(error_text([this] { read_optuna_file(file_, "three"); }),
              HasSubstr("optuna.db: found the studies \"one\", \"two\", wanted ?study=NAME"));
  EXPECT_THAT(error_text([this] { read_optuna_file(file_, ""); }), HasSubstr("wanted ?study=NAME"));
  EXPECT_THAT(error_text([this] { read_optuna_file(folder_.path() / "no", ""); }),
              HasSubstr("no: no such file"));
  const auto error_after = [this](const std::string& sql) {
    run_sql(file_, sql);
    return error_text([this] { read_optuna_file(file_, "one"); });
  };
  EXPECT_THAT(error_after("UPDATE trial_params SET param_value = 9 WHERE param_name = 'kind'"),
              HasSubstr("distribution_json: found the value 9, wanted one of the distribution"));
  EXPECT_THAT(error_after("UPDATE trial_params SET distribution_json = '{}'"),
              HasSubstr("distribution_json: found null, wanted an IntDistribution"));
  EXPECT_THAT(error_after("DELETE FROM trial_params"), HasSubstr("found no complete trial"));
  EXPECT_THAT(error_after("UPDATE trials SET datetime_start = 'noon'"), HasSubstr("found no"));
  EXPECT_THAT(error_after("DROP TABLE trials"), HasSubstr("found no tables of Optuna's"));
  run_sql(folder_.path() / "other", "CREATE TABLE recipes (name TEXT)");
  EXPECT_THAT(error_text([this] { read_optuna_file(folder_.path() / "other", ""); }),
              HasSubstr("found no tables of Optuna's, wanted its storage"));
}

// A parameter that comes and goes by nothing that the trials tell.
TEST_F(OptunaImport, RefusesParametersThatHangOnNothing) {
  run_sql(file_, "DELETE FROM trial_params WHERE param_name = 'z' AND trial_id = 1");
  EXPECT_THAT(error_text([this] { read_optuna_file(file_, "one"); }),
              HasSubstr("studies, row 1: only some trials have the parameter \"z\""));
}

// Numbers tell by a bound.
TEST_F(OptunaImport, FindsTheBoundAParameterHangsOn) {
  run_sql(file_,
          "DELETE FROM trial_params WHERE param_name IN ('z', 'kind'); "
          "DELETE FROM trial_params WHERE param_name = 'share' AND trial_id < 6");
  const OptunaStudy found = read_optuna_file(file_, "one");
  EXPECT_EQ(found.contents.definition.config["space"]["share"]["when"].dump(),
            R"({"x":{"above":2.0}})");
}

TEST(OptunaRoundTrip, BringsAStudyBackAsItWas) {
  const TemporaryFolder folder;
  StudyDefinition definition = closed_form_definition();
  definition.config["space"] = Json::parse(R"({
      "n": {"int": [1, 3]}, "x": {"int": [1, 999], "log": true}, "y": {"float": [-1, 1]},
      "kind": {"choice": ["a", "b", 3, true]}, "w": {"int": [1, 9], "per": "n"},
      "z": {"int": [2, 8], "step": 2, "when": {"kind": "a"}}})");
  const std::filesystem::path file = folder.path() / "o.db";
  StudyFile store(folder.path() / "a.study", definition, IfThere::kRefuse, {});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Outcome> outcomes = {
      {TrialState::kComplete, {1.0 / 3}, std::nullopt, {{"score", 0.5}, {"network", "dffr"}}},
      {TrialState::kComplete, {nan}, std::nullopt, {}},
      {TrialState::kFailed, {}, std::nullopt, {{"error", "why"}}},
      {TrialState::kInfeasible, {}, 1.0, {}},
      {TrialState::kInfeasible, {7}, std::nullopt, {}},
      {TrialState::kPruned, {0.25}, std::nullopt, Json::array({1})},
      {TrialState::kPaused, {2}, std::nullopt, {}, {}, {3, 2}},
      {TrialState::kComplete, {1, 2}, std::nullopt, {}, {0.5, 0.25}}};
  for (const Outcome& outcome : outcomes) {
    ASSERT_TRUE(store.finish(claim_one(store).lease, outcome));
  }
  claim_one(store);
  store.set_note("winner", {{"trial", 3}});
  const StudyContents before = read_contents(store);
  write_optuna_file(file, "bowl", before, store.space());
  const OptunaStudy found = read_optuna_file(file, "");
  const StudyContents& after = found.contents;
  EXPECT_EQ(found.left_out, 0u);
  EXPECT_EQ(write_definition(after.definition), write_definition(before.definition));
  EXPECT_EQ(after.notes, before.notes);
  ASSERT_EQ(after.records.size(), before.records.size());
  for (size_t i = 0; i < before.records.size(); ++i) {
    const TrialRecord &was = before.records[i], &is = after.records[i];
    SCOPED_TRACE(i);
    EXPECT_EQ(is.trial.number, i);
    EXPECT_EQ(is.trial.configuration, was.trial.configuration);
    EXPECT_EQ(is.trial.state, was.trial.state);
    if (i == 1) {
      EXPECT_TRUE(std::isnan(is.trial.values.at(0)));
    } else {
      EXPECT_EQ(is.trial.values, was.trial.values);
    }
    EXPECT_EQ(is.trial.violation, was.trial.violation);
    EXPECT_EQ(is.trial.variances, was.trial.variances);
    EXPECT_EQ(is.trial.curve, was.trial.curve);
    EXPECT_EQ(is.result, was.result);
    EXPECT_EQ(is.ended_unix_s.has_value(), was.ended_unix_s.has_value());
    if (!was.ended_unix_s) continue;
    EXPECT_EQ(is.worker, was.worker);
    EXPECT_EQ(is.started_unix_s, was.started_unix_s);
    EXPECT_EQ(is.ended_unix_s, was.ended_unix_s);
  }
}

}  // namespace
}  // namespace wattgrind
