// wattgrind search, with the program itself.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "estimator/catalog/network_source.h"
#include "search/study/database.h"
#include "search/study/study_file.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

using Json = nlohmann::json;

class SearchCommand : public testing::Test {
 protected:
  SearchCommand() {
    config_ = Json::parse(R"({
      "schema": "wattgrind/search/1", "name": "tiny", "topology": "dffr",
      "space": {"layers": {"int": [1, 3]}, "width": {"int": [1, 16]},
                "batch": {"int": [4, 64], "log": true}},
      "data": {"set": "digits", "classes": [0, 1], "train": 60, "validation": 50, "test": 40},
      "training": {"epochs": 1}, "machine": "xeon_x5650",
      "objective": {"alpha": 0.2, "beta": 0.2}, "trials": 12})");
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  Ran search(std::vector<std::string> options) const {
    std::ofstream(path("tiny.json")) << config_;
    options.insert(options.begin(), {"search", path("tiny.json")});
    return run_wattgrind(std::move(options));
  }

  Json show(const std::string& study) const {
    return Json::parse(run_wattgrind({"study", path(study), "--format", "json"}).out);
  }

  // What each trial was, without when and where it ran.
  static Json trials_of(const Json& report) {
    Json trials = Json::array();
    for (Json trial : report["trials"]) {
      for (const char* key : {"started_unix_s", "ended_unix_s", "worker"}) trial.erase(key);
      if (trial.contains("result")) trial["result"].erase("timing_s");
      trials.push_back(std::move(trial));
    }
    return trials;
  }

  TemporaryFolder folder_;
  Json config_;
};

TEST_F(SearchCommand, FindsAnArchitectureAndKeepsTheStudy) {
  const Ran ran = search({"--study", path("a.study")});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("tiny: 12 trials ("));
  EXPECT_THAT(ran.out, HasSubstr("seed 1\ndffr on digits, classes 0 1 (drawn, seed 1), costs on "
                                 "xeon_x5650\ninference is steady (caches warm), a training cold "
                                 "(caches empty) at its start\n\nbest: trial "));
  EXPECT_THAT(ran.out, HasSubstr("accuracy on the test images: "));
  EXPECT_THAT(ran.out, HasSubstr("\nreference  dffr:layers=2,width=8,classes=2 batch 16"));
  EXPECT_THAT(ran.error, HasSubstr("a.best.json: the best architecture"));
  EXPECT_EQ(run_wattgrind({"study", path("a.study")}).out, ran.out) << "later";
  const Json report = show("a.study");
  EXPECT_EQ(report["trials"].size(), 12u);
  EXPECT_EQ(find_network(path("a.best.json")).name, report["best"]["result"]["network"]);
}

TEST_F(SearchCommand, TheWinnerOfRepeatsIsTrainedAnew) {
  config_["training"]["repeats"] = 3;
  const Ran ran = search({"--study", path("a.study")});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("  trained anew 5 times, from weights that no trial had:\n"));
  EXPECT_THAT(ran.out, HasSubstr("    accuracy on the test images "));
  EXPECT_EQ(run_wattgrind({"study", path("a.study")}).out, ran.out) << "later";
  const Json best = show("a.study")["best"];
  EXPECT_EQ(best["result"]["scores"].size(), 3u);
  EXPECT_EQ(best["anew"]["trainings"], 5);
  const Json interval = best["anew"]["test_accuracy"]["interval_95"];
  EXPECT_LE(interval[0], best["test_accuracy"]);
  EXPECT_GE(interval[1], best["test_accuracy"]);
  config_["training"]["repeats"] = 0;
  EXPECT_THAT(search({"--study", path("b.study")}).error, HasSubstr("training.repeats"));
}

TEST_F(SearchCommand, TrialsInPartsGoOnWhereOthersStopped) {
  config_["training"]["epochs"] = 3;
  config_["sampler"] = {{"kind", "tpe"}, {"fidelity", "epochs"}};
  config_["trials"] = 16;
  const Ran ran = search({"--study", path("a.study")});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr(" paused"));
  search({"--study", path("b.study"), "--trials", "7"});
  search({"--study", path("b.study"), "--resume"});
  EXPECT_EQ(trials_of(show("a.study")), trials_of(show("b.study"))) << "by two processes";
  config_["training"]["repeats"] = 2;
  const Ran refused = search({"--study", path("c.study")});
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.error, HasSubstr("sampler.fidelity: found beside training.repeats above 1"));
}

// The earlier study also varied the optimiser, which is not varied here, and had a narrower space.
TEST_F(SearchCommand, EarlierStudiesProposeFirst) {
  config_["space"]["width"] = {{"int", {1, 12}}};
  config_["space"]["optimizer"] = {{"choice", {"adam", "sgd"}}};
  ASSERT_EQ(search({"--study", path("earlier.study")}).status, 0);
  const Json best = show("earlier.study")["best"]["params"];
  config_["space"].erase("optimizer");
  config_["space"]["width"] = {{"int", {1, 16}}};
  const Ran ran =
      search({"--study", path("a.study"), "--warm-start", path("earlier.study"), "--trials", "6"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  Json first = show("a.study")["trials"][0]["params"];
  for (const char* name : {"layers", "width", "batch"}) EXPECT_EQ(first[name], best[name]);
  EXPECT_EQ(run_wattgrind({"worker", "--study", path("a.study"), "--trials", "8"}).status, 0)
      << "the study holds what is needed";
  EXPECT_EQ(show("a.study")["trials"].size(), 8u);
  EXPECT_EQ(search({"--study", path("a.study"), "--resume"}).status, 3) << "another definition";
  config_["space"] = {{"layers", {{"int", {5, 6}}}}, {"width", {{"int", {90, 99}}}}};
  const Ran apart = search({"--study", path("b.study"), "--warm-start", path("earlier.study")});
  EXPECT_EQ(apart.status, 3);
  EXPECT_THAT(apart.error, HasSubstr("found no complete trial of the search's space"));
}

TEST_F(SearchCommand, TheBestCanBeEstimatedAndTrained) {
  ASSERT_EQ(search({"--study", path("a.study"), "--best", path("mine.json")}).status, 0);
  EXPECT_EQ(run_wattgrind({"estimate", path("mine.json"), "--machine", "zen3"}).status, 0);
  const Ran trained =
      run_wattgrind({"train", path("mine.json"), "--classes", "0,1", "--epochs", "1"});
  EXPECT_EQ(trained.status, 0) << trained.error;
  EXPECT_THAT(trained.out, HasSubstr("digits, classes 0 1 (drawn, seed 1)"));
}

// Costs in running energy and in predicted time are those of `estimate`.
TEST_F(SearchCommand, CostsCanBeRunningEnergyOrTime) {
  for (const char* unit : {"energy-running", "time"}) {
    config_["objective"]["cost"] = unit;
    const std::string study = path(std::string(unit) + ".study");
    const Ran ran = search({"--study", study});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr(unit == std::string("time") ? " us steady" : " uJ steady"));
    const Json best = show(std::string(unit) + ".study")["best"];
    const Json estimate = Json::parse(
        run_wattgrind({"estimate", path(std::string(unit) + ".best.json"), "--machine",
                       "xeon_x5650", "--steady", "--plan", "layers", "--format", "json"})
            .out)["total"];
    const double time_s = estimate["time_s"]["value"];
    EXPECT_NEAR(best["result"]["infer_time_s"].get<double>(), time_s, 1e-9 * time_s);
    const double running_pj = estimate["energy_pj"]["running"];
    if (unit == std::string("energy-running")) {
      EXPECT_NEAR(best["result"]["infer_energy_pj"].get<double>(), running_pj, 1);
    }
  }
}

TEST_F(SearchCommand, RefusesCostsThatTheMachineCannotTell) {
  Json machine = Json::parse(run_wattgrind({"machines", "xeon_x5650", "--format", "json"}).out);
  machine.erase("power");
  std::ofstream(path("bare.json")) << machine;
  config_["machine"] = path("bare.json");
  config_["objective"]["cost"] = "energy-running";
  const Ran ran = search({"--study", path("a.study")});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("objective.cost: found \"energy-running\", for which machine "
                                   "xeon_x5650 lacks power.core_w and power.uncore_w"));
}

// What the search says of one inference is what `estimate` says.
TEST_F(SearchCommand, TellsTheBestsColdPassBesideItsSteadyCost) {
  config_["objective"]["cost"] = "picojoules";
  const Ran ran = search({"--study", path("a.study")});
  const auto energy_uj = [this](std::vector<std::string> options) {
    options.insert(options.begin(), {"estimate", path("a.best.json"), "--machine", "xeon_x5650",
                                     "--format", "json", "--energy", "events", "--plan", "layers"});
    const Json estimate = Json::parse(run_wattgrind(options).out);
    return estimate["total"]["energy_pj"]["total"].get<double>() / 1e6;
  };
  const double steady = energy_uj({"--steady"}), cold = energy_uj({});
  EXPECT_GT(cold, 2 * steady);
  EXPECT_THAT(ran.out, HasSubstr(fmt::format("  inference of one image: {:.4f} uJ steady, {:.4f} "
                                             "uJ cold (from empty caches)\n",
                                             steady, cold)));
  const Json best = show("a.study")["best"];
  EXPECT_NEAR(best["cold_infer_energy_pj"].get<double>(), 1e6 * cold, 1);
  EXPECT_NEAR(best["result"]["infer_energy_pj"].get<double>(), 1e6 * steady, 1);
}

TEST_F(SearchCommand, AddsTheColdPassToAnOlderStudy) {
  ASSERT_EQ(search({"--study", path("a.study")}).status, 0);
  const Json before = show("a.study")["best"];
  {
    StudyFile file(path("a.study"));
    file.set_note("winner", {{"trial", before["trial"].get<uint64_t>()}, {"test_accuracy", 0.125}});
  }
  ASSERT_FALSE(show("a.study")["best"].contains("cold_infer_cycles"));
  EXPECT_EQ(search({"--study", path("a.study"), "--resume"}).status, 0);
  const Json after = show("a.study")["best"];
  EXPECT_EQ(after["cold_infer_cycles"], before["cold_infer_cycles"]);
  EXPECT_EQ(after["test_accuracy"], 0.125) << "it was trained again";
}

TEST_F(SearchCommand, ResumesAsIfItHadNeverStopped) {
  ASSERT_EQ(search({"--study", path("straight.study"), "--trials", "20"}).status, 0);
  ASSERT_EQ(search({"--study", path("a.study"), "--trials", "7"}).status, 0);
  const Ran again = search({"--study", path("a.study")});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.error,
              HasSubstr("a.study: holds a study with 7 trials, wanted --resume to go on "
                        "with it or --study with another file\n"));
  const Ran resumed = search({"--study", path("a.study"), "--resume", "--trials", "20"});
  EXPECT_EQ(resumed.status, 0) << resumed.error;
  EXPECT_EQ(trials_of(show("a.study")), trials_of(show("straight.study")));
}

TEST_F(SearchCommand, RefusesADamagedStudyBeforeItGoesOn) {
  ASSERT_EQ(search({"--study", path("a.study"), "--trials", "3"}).status, 0);
  Database(path("a.study"), false).execute("UPDATE notes SET value = '7' WHERE name = 'winner'");
  const Ran resumed = search({"--study", path("a.study"), "--resume"});
  EXPECT_EQ(resumed.status, 3);
  EXPECT_THAT(resumed.error, HasSubstr("a.study: is damaged: notes, row winner: found 7, wanted"));
  StudyFile file(path("a.study"));
  EXPECT_EQ(file.trials().size(), 3u);
}

TEST_F(SearchCommand, AnInterruptLosesNothing) {
  std::ofstream(path("tiny.json")) << config_;
  // SIGTERM, for a shell's background commands ignore SIGINT.
  const std::string command =
      program_path() + " search " + path("tiny.json") + " --trials 100000 -v --study " +
      path("a.study") +
      " 2> log & while kill -0 $! && ! grep -q 'trial 3' log; do sleep 0.05; done\n"
      "kill -TERM $!; wait $!; status=$?; tail -n 1 log >&2; exit $status";
  const ProcessResult result = make_process_runner()->run(
      {{"/bin/sh", "-c", command}, {"PATH=/usr/bin:/bin"}, folder_.path(), 1 << 20});
  EXPECT_EQ(std::get<ProcessExited>(result.end).status, 130) << result.error;
  EXPECT_THAT(result.error, HasSubstr(" of 100000 trials are in "));
  EXPECT_THAT(result.error, HasSubstr("a.study: --resume goes on\n"));
  const size_t before = show("a.study")["trials"].size();
  ASSERT_GT(before, 0u);
  const std::string wanted = std::to_string(before + 3);
  const Ran resumed = search({"--study", path("a.study"), "--resume", "--trials", wanted});
  EXPECT_EQ(resumed.status, 0) << resumed.error;
  ASSERT_EQ(search({"--study", path("straight.study"), "--trials", wanted}).status, 0);
  EXPECT_EQ(trials_of(show("a.study")), trials_of(show("straight.study")));
}

TEST_F(SearchCommand, RefusesToMixStudies) {
  ASSERT_EQ(search({"--study", path("a.study")}).status, 0);
  const Ran seed = search({"--study", path("a.study"), "--resume", "--seed", "9"});
  EXPECT_EQ(seed.status, 3);
  EXPECT_THAT(seed.error, HasSubstr("a.study: holds a study with seed 1, found 9 now, wanted the "
                                    "same or --study with another file\n"));
  config_["training"]["epochs"] = 2;
  const Ran epochs = search({"--study", path("a.study"), "--resume"});
  EXPECT_EQ(epochs.status, 3);
  EXPECT_THAT(epochs.error, HasSubstr("with training.epochs 1, found 2 now"));
  config_["training"]["epochs"] = 1;
  config_["description"] = "in other words";
  EXPECT_EQ(search({"--study", path("a.study"), "--resume"}).status, 0);
}

TEST_F(SearchCommand, EndsWhenTheSpaceIsTriedOut) {
  config_["space"] = Json::parse(R"({"layers": {"int": [1, 2]}, "width": {"choice": [2, 4]}})");
  const Ran ran = search({"--study", path("a.study"), "--jobs", "2"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("tiny: the sampler has nothing new to propose after 4 of 12"));
  EXPECT_EQ(show("a.study")["trials"].size(), 4u);
}

TEST_F(SearchCommand, FailsWhereNoCandidateKeepsTheLimits) {
  config_["objective"]["limits"] = {{"score", 1.0}, {"infer_cycles", 1000.0}};
  const Ran ran = search({"--study", path("a.study"), "--quiet"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("No trial keeps the limits. Nearest: trial "));
  EXPECT_THAT(ran.error, HasSubstr("tiny: none of 12 trials keeps the limits; nearest: trial "));
  EXPECT_THAT(ran.error, HasSubstr("a.study keeps them all: --resume with more --trials goes on"));
  EXPECT_FALSE(std::filesystem::exists(path("a.best.json")));

  // The nearest, found again among all trials: without a score it is the one of the least cycles.
  const Json report = show("a.study");
  ASSERT_EQ(report["trials"].size(), 12u);
  double least = report["trials"][0]["result"]["infer_cycles"];
  uint64_t nearest = 0;
  for (const Json& trial : report["trials"]) {
    const double cycles = trial["result"]["infer_cycles"];
    if (cycles >= least) continue;
    least = cycles;
    nearest = trial["trial"];
  }
  EXPECT_EQ(report["nearest"]["trial"], nearest);
  EXPECT_NEAR(report["nearest"]["violation"].get<double>(), (least - 1000) / 1000, 1e-9);
  EXPECT_THAT(ran.error, HasSubstr("nearest: trial " + std::to_string(nearest) + ", "));

  EXPECT_EQ(search({"--study", path("a.study"), "--resume", "--trials", "14"}).status, 1);
  EXPECT_EQ(show("a.study")["trials"].size(), 14u);
}

TEST_F(SearchCommand, TellsEachTrialWhenAsked) {
  const Ran ran = search({"--study", path("a.study"), "-v", "--format", "csv"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 12 + 1);
  EXPECT_THAT(ran.error, HasSubstr("trial 0: complete, value "));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 12 + 1);
  EXPECT_THAT(ran.out, HasSubstr("trial,state,batch,layers,width,value,violation,network,"));
}

TEST_F(SearchCommand, SaysWhereDataComesFrom) {
  config_["data"] = {{"set", "mnist"}, {"validation", 50}};
  std::ofstream(path("tiny.json")) << config_;
  const std::string home = "HOME=" + folder_.path().string();
  const auto error_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program_path());
    return make_process_runner()->run({arguments, {home}, folder_.path(), 1 << 20}).error;
  };
  EXPECT_THAT(error_of({"search", path("tiny.json")}),
              HasSubstr("mnist: not on this system; `wattgrind data mnist --fetch` downloads it, "
                        "data.path or WATTGRIND_DATA names a folder that has it\n"));
  for (const char* command : {"data mnist", "train lenet5 --data mnist"}) {
    std::istringstream words(command);
    EXPECT_THAT(error_of({std::istream_iterator<std::string>(words), {}}),
                HasSubstr("downloads it, --path or WATTGRIND_DATA names a folder that has it\n"));
  }
}

TEST_F(SearchCommand, RefusesWhatIsWrong) {
  EXPECT_EQ(search({"--trials", "0"}).status, 2);
  EXPECT_EQ(search({"--jobs", "0"}).status, 2);
  EXPECT_EQ(run_wattgrind({"search", path("none.json")}).status, 3);
  config_["space"]["width"]["int"] = {16, 1};
  const Ran swapped = search({"--study", path("a.study")});
  EXPECT_EQ(swapped.status, 3);
  EXPECT_THAT(swapped.error, HasSubstr("tiny.json: space.width.int: low 16 is above high 1"));
  EXPECT_FALSE(std::filesystem::exists(path("a.study")));
}

}  // namespace
}  // namespace wattgrind
