// wattgrind prune, with the program itself.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class PruneCommand : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  Ran prune(std::vector<std::string> options) const {
    options.insert(options.begin(), {"prune", "dffr:layers=2,width=24", "--machine", "xeon_x5650",
                                     "--train", "400", "--validation", "100", "--epochs", "2",
                                     "--final-epochs", "1", "--write-network", path("p.json")});
    return run_wattgrind(std::move(options));
  }

  TemporaryFolder folder_;
};

TEST_F(PruneCommand, LeavesASmallerNetworkThatIsRead) {
  const Ran ran = prune({"--budget", "energy=0.5", "--step", "0.3", "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("p.safetensors: its weights"));
  const json report = json::parse(ran.out);
  EXPECT_EQ(report["schema"], "wattgrind/prune/1");
  EXPECT_EQ(report["layers"], json({"dense_1", "dense_2"}));
  const json& steps = report["cases"][0]["steps"];
  const double whole_pj = steps[0]["energy_pj"], left_pj = steps.back()["energy_pj"];
  EXPECT_LE(left_pj, 0.5 * whole_pj);
  // What another command says of the file: its energy, and what its weights tell.
  const json estimate =
      json::parse(run_wattgrind({"estimate", path("p.json"), "--machine", "xeon_x5650", "--steady",
                                 "--plan", "layers", "--energy", "events", "--format", "json"})
                      .out);
  EXPECT_NEAR(estimate["total"]["energy_pj"]["total"].get<double>(), left_pj, 1e-3 * left_pj);
  const json tested =
      json::parse(run_wattgrind({"train", path("p.json"), "--epochs", "0", "--weights",
                                 path("p.safetensors"), "--format", "json"})
                      .out);
  EXPECT_EQ(tested["test_accuracy"], report["cases"][0]["test_accuracy"]);
}

TEST_F(PruneCommand, ShowsTheOtherMethodsBesideIt) {
  const Ran ran =
      prune({"--budget", "energy=0.6", "--compare", "--step", "0.4", "--plot", path("curves.svg")});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const std::string drawn = read_file(path("curves.svg"));
  for (const char* text : {"<svg", "by energy", "by magnitude", "by uniform", "accuracy (%)"}) {
    EXPECT_THAT(drawn, HasSubstr(text));
  }
  for (const char* text : {"by energy, each step trained on", "What is left", "whole ",
                           "by magnitude ", "by uniform "}) {
    EXPECT_THAT(ran.out, HasSubstr(text));
  }
  const Ran csv = prune({"--budget", "energy=0.6", "--method", "uniform", "--format", "csv"});
  EXPECT_THAT(csv.out, HasSubstr("method,step,energy_percent,"));
  EXPECT_THAT(csv.out, HasSubstr("\nuniform,0,100,"));
}

TEST_F(PruneCommand, SaysWhatIsWrong) {
  const auto expect_error = [&](std::vector<std::string> options, int status, const char* text) {
    const Ran ran = prune(std::move(options));
    EXPECT_EQ(ran.status, status) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr(text));
  };
  expect_error({"--budget", "energy=2"}, 2, "--budget: found energy=2, wanted energy=PART");
  expect_error({"--budget", "time=0.5"}, 2, "--budget: found time=0.5");
  expect_error({"--budget", "energy=0.5x"}, 2, "--budget");
  expect_error({}, 2, "--budget is required");
  expect_error({"--budget", "energy=0.5", "--method", "luck"}, 2, "--method");
  expect_error({"--budget", "energy=0.5", "--weights", "/nonexistent"}, 3, "nonexistent");
  expect_error({"--budget", "energy=0.5", "--plot", "/nonexistent/a.svg"}, 1, "/nonexistent");
  expect_error({"--budget", "energy=0.000001", "--step", "0.9"}, 3, "no channel more can go");
}

}  // namespace
}  // namespace wattgrind
