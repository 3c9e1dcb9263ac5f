#include "search/study/optuna_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "estimator/system/process.h"
#include "search/study/study_file.h"
#include "tests/error_text.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/store_actions.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

using Json = nlohmann::ordered_json;

// What Optuna itself finds in the file, as JSON.
constexpr const char* kShow = R"(
import json, sys
try:
    import optuna
except ImportError:
    print("none")
    sys.exit()
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.load_study(study_name=sys.argv[2], storage="sqlite:///" + sys.argv[1])
print(json.dumps({
    "directions": [d.name for d in study.directions],
    "definition": study.user_attrs["wattgrind definition"],
    "trials": [{"state": t.state.name, "values": t.values, "params": t.params,
                "user": t.user_attrs, "constraints": t.system_attrs.get("constraints"),
                "seconds": t.duration.total_seconds() if t.duration else None}
               for t in study.trials]}))
)";

std::optional<Json> show_in_optuna(const std::filesystem::path& file, const std::string& study) {
  const ProcessResult result = make_process_runner()->run(
      {{"/usr/bin/python3", "-W", "ignore", "-c", kShow, file, study}, {"HOME=/tmp"}, "", 1 << 20});
  if (result.out == "none\n") return std::nullopt;
  EXPECT_EQ(result.error, "");
  return Json::parse(result.out);
}

TEST(OptunaFile, IsOpenedByOptuna) {
  const TemporaryFolder folder;
  StudyDefinition definition = closed_form_definition();
  definition.config["space"] = Json::parse(R"({
      "x": {"int": [1, 999], "log": true}, "y": {"float": [-1, 1]},
      "kind": {"choice": ["a", "b", 3]}, "z": {"int": [2, 8], "step": 2, "when": {"kind": "a"}}})");
  StudyFile store(folder.path() / "a.study", definition, IfThere::kRefuse, {});
  const std::vector<Outcome> outcomes = {
      {TrialState::kComplete, {0.1}, std::nullopt, {{"score", 0.5}, {"network", "dffr"}}},
      {TrialState::kComplete, {std::numeric_limits<double>::quiet_NaN()}, std::nullopt, {}},
      {TrialState::kFailed, {}, std::nullopt, {{"error", "\xff"}}},
      {TrialState::kInfeasible, {}, 2.5, {}},
      {TrialState::kInfeasible, {7}, 1.5, {}},
      {TrialState::kPruned, {1.0 / 3}, std::nullopt, {}}};
  for (const Outcome& outcome : outcomes) {
    ASSERT_TRUE(store.finish(claim_one(store).lease, outcome));
  }
  claim_one(store);
  const std::filesystem::path file = folder.path() / "o.db";
  write_optuna_file(file, "bowl", read_contents(store), store.space());
  EXPECT_THAT(error_text([&] { write_optuna_file(file, "b", read_contents(store), store.space()); },
                         ErrorKind::kUsage),
              HasSubstr("o.db: is there already, wanted a new file"));
  const std::optional<Json> shown = show_in_optuna(file, "bowl");
  if (!shown) GTEST_SKIP() << "Optuna is not installed: apt-get install python3-optuna";
  EXPECT_EQ((*shown)["directions"], Json::array({"MINIMIZE"}));
  EXPECT_EQ((*shown)["definition"]["config"], definition.config);
  const Json& trials = (*shown)["trials"];
  ASSERT_EQ(trials.size(), 7u);
  const std::vector<std::string> states = {"COMPLETE", "FAIL",   "FAIL",   "PRUNED",
                                           "COMPLETE", "PRUNED", "WAITING"};
  for (size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(trials[i]["state"], states[i]) << i;
    // Optuna has read every value within its distribution.
    EXPECT_EQ(nlohmann::json(trials[i]["params"]),
              nlohmann::json(to_json(store.space(), store.trials()[i].configuration)))
        << i;
  }
  EXPECT_EQ(trials[0]["values"], Json::array({0.1}));
  EXPECT_EQ(trials[0]["user"]["score"], 0.5);
  EXPECT_EQ(trials[0]["constraints"], Json::array({0.0}));
  EXPECT_EQ(trials[3]["constraints"], Json::array({2.5}));
  EXPECT_EQ(trials[4]["values"], Json::array({7.0}));
  EXPECT_EQ(trials[4]["user"]["wattgrind state"], "infeasible");
  EXPECT_GE(trials[0]["seconds"].get<double>(), 0);
}

}  // namespace
}  // namespace wattgrind
