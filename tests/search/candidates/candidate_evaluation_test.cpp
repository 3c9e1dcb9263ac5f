#include "search/candidates/candidate_evaluation.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "estimator/base/error.h"
#include "estimator/pricing/prices.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

Json example() {
  return Json::parse(R"({
    "schema": "wattgrind/search/1", "name": "example", "topology": "dffr",
    "space": {"layers": {"int": [1, 3]}, "width": {"int": [1, 20]}, "batch": {"int": [2, 128]},
              "learning_rate": {"float": [0.0001, 1e30], "log": true}},
    "data": {"set": "digits", "classes": [0, 1], "train": 60, "validation": 40, "test": 30},
    "training": {"epochs": 3, "optimizer": "adam"},
    "machine": "xeon_x5650",
    "objective": {"alpha": 0.4, "beta": 0.2, "reference": {"layers": 1, "width": 10, "batch": 8}},
    "trials": 10, "seed": 7})");
}

Json changed(std::string_view pointer, Json value) {
  Json json = example();
  json[Json::json_pointer(std::string(pointer))] = std::move(value);
  return json;
}

SearchConfig read(const Json& json) { return read_search_config(json.dump(), "a.json"); }

Configuration configuration(int64_t layers, int64_t width, int64_t batch, double rate = 0.01) {
  return {layers, width, batch, rate};
}

Trial complete(uint64_t number, const Configuration& configuration, std::vector<double> values) {
  return {number, configuration, TrialState::kComplete, std::move(values), std::nullopt};
}

TEST(CandidateEvaluation, ValuesFollowFromCostsAndScore) {
  CandidateEvaluation evaluation(read(example()));
  const Outcome outcome = evaluation.evaluate(configuration(2, 6, 16), {});
  const Json& result = outcome.result;
  ASSERT_EQ(outcome.state, TrialState::kComplete);
  EXPECT_EQ(result.at("network"), "dffr:layers=2,width=6,classes=2");
  EXPECT_EQ(result.at("parameters"), 785u * 6 + 7 * 6 + 7 * 2);
  EXPECT_EQ(result.at("macs"), 784u * 6 + 6 * 6 + 6 * 2);
  EXPECT_EQ(result.at("learning"), "loss-fell");
  const double train = result.at("train_cost").get<double>();
  const double infer = result.at("infer_cost").get<double>();
  const double score = result.at("score").get<double>();
  ASSERT_EQ(outcome.values.size(), 1u);
  EXPECT_DOUBLE_EQ(outcome.values[0], 0.4 * train * train + 0.2 * infer * infer - 0.4 * score);
  EXPECT_GT(score, 0.8) << "zeros and ones are easy to tell apart";
}

TEST(CandidateEvaluation, ACandidateBeyondTheBoundsFailsAlone) {
  // Training keeps the reference's 7,872 parameters four times, which is 126 kB, and a candidate's
  // 16,582, which is 265 kB; 60 images of 784 values are 188 kB.
  SizeBounds bounds;
  bounds.bytes = 300'000;
  CandidateEvaluation evaluation(read(example()), bounds);
  EXPECT_EQ(evaluation.evaluate(configuration(1, 10, 8), {}).state, TrialState::kComplete);
  const Outcome outcome = evaluation.evaluate(configuration(3, 20, 128), {});
  EXPECT_EQ(outcome.state, TrialState::kFailed);
  EXPECT_NE(outcome.result.at("error").get<std::string>().find("in layer dense_1"),
            std::string::npos)
      << outcome.result;
}

// On the chip a dense layer's energy at one image is hardly more than its weights' from DRAM (460
// pJ a word), buffer (15 pJ) and array (4 pJ) and its products' (2 pJ, and 4 pJ in register files).
TEST(CandidateEvaluation, InferenceIsPricedOnAnAccelerator) {
  Json json = changed("/machine", {{"accelerator", "eyeriss_chip"}, {"host", "xeon_x5650"}});
  json["objective"]["cost"] = "picojoules";
  CandidateEvaluation evaluation(read(json));
  const Json result = evaluation.evaluate(configuration(2, 6, 16), {}).result;
  const double products = result.at("macs").get<double>();
  const double least = products * (460 + 15 + 4 + 2 + 4);
  EXPECT_GT(result.at("infer_energy_pj").get<double>(), least);
  EXPECT_LT(result.at("infer_energy_pj").get<double>(), 1.5 * least);
  json["objective"]["cost"] = "time";
  EXPECT_THROW(CandidateEvaluation{read(json)}, Error);
}

TEST(CandidateEvaluation, CostsAreThoseOfTheReferenceDivided) {
  CandidateEvaluation evaluation(read(example()));
  const Json reference = evaluation.evaluate(configuration(1, 10, 8), {}).result;
  EXPECT_EQ(reference.at("train_cost"), 1.0);
  EXPECT_EQ(reference.at("infer_cost"), 1.0);
  const Json larger = evaluation.evaluate(configuration(1, 20, 8), {}).result;
  EXPECT_DOUBLE_EQ(
      larger.at("infer_cost").get<double>(),
      larger.at("infer_cycles").get<double>() / reference.at("infer_cycles").get<double>());
  EXPECT_GT(larger.at("train_cost"), 1.0);
}

// The same in picojoules: 3.695 pJ for each multiply-accumulate is the least an image costs.
TEST(CandidateEvaluation, EnergyCoversTheArithmetic) {
  CandidateEvaluation evaluation(read(changed("/objective/cost", "picojoules")));
  const Json result = evaluation.evaluate(configuration(1, 20, 8), {}).result;
  const double macs_pj = 3.695 * result.at("macs").get<double>();
  EXPECT_GT(result.at("infer_energy_pj"), macs_pj);
  // Forward passes of 60 images in each of 3 epochs, and the weights' gradients.
  EXPECT_GT(result.at("train_energy_pj"), macs_pj * 60 * 3 * 2);
}

TEST(CandidateEvaluation, CostsAreRememberedButForTheLearningRate) {
  CandidateEvaluation evaluation(read(example()));
  const Json slow = evaluation.evaluate(configuration(1, 5, 8, 0.0001), {}).result;
  const Json fast = evaluation.evaluate(configuration(1, 5, 8, 0.01), {}).result;
  EXPECT_EQ(slow.at("train_cycles"), fast.at("train_cycles"));
  EXPECT_NE(slow.at("loss"), fast.at("loss"));
  const Json other = evaluation.evaluate(configuration(1, 5, 9, 0.01), {}).result;
  EXPECT_NE(other.at("train_cycles"), fast.at("train_cycles"));
  EXPECT_EQ(other.at("infer_cycles"), fast.at("infer_cycles"));
}

TEST(CandidateEvaluation, AScoreIsAFunctionOfTheStudyAndTheCandidate) {
  CandidateEvaluation evaluation(read(example())), again(read(example()));
  CandidateEvaluation other_study(read(changed("/seed", 8)));
  const Configuration found = configuration(2, 4, 16);
  again.evaluate(configuration(3, 3, 9), {});
  EXPECT_EQ(evaluation.evaluate(found, {}).result.at("loss"),
            again.evaluate(found, {}).result.at("loss"));
  EXPECT_NE(evaluation.evaluate(found, {}).result.at("loss"),
            other_study.evaluate(found, {}).result.at("loss"));
}

TEST(CandidateEvaluation, RepeatsAreTrainingsFromOtherWeights) {
  CandidateEvaluation once(read(example()));
  CandidateEvaluation thrice(read(changed("/training/repeats", 3)));
  const Configuration found = configuration(3, 3, 32);
  const Outcome outcome = thrice.evaluate(found, {});
  const auto scores = outcome.result.at("scores").get<std::vector<double>>();
  ASSERT_EQ(scores.size(), 3u);
  EXPECT_EQ(scores[0], once.evaluate(found, {}).result.at("score")) << "the first is as ever";
  EXPECT_FALSE(scores[1] == scores[0] && scores[2] == scores[0]) << scores[0];
  const double mean = (scores[0] + scores[1] + scores[2]) / 3;
  EXPECT_DOUBLE_EQ(outcome.result.at("score").get<double>(), mean);
  double squares = 0;
  for (const double score : scores) squares += (score - mean) * (score - mean);
  ASSERT_EQ(outcome.variances.size(), 1u);
  EXPECT_NEAR(outcome.variances[0], 0.4 * 0.4 * squares / 2 / 3, 1e-12);
  EXPECT_TRUE(once.evaluate(found, {}).variances.empty());
}

TEST(CandidateEvaluation, FreshTrainingsAreNoTrials) {
  CandidateEvaluation evaluation(read(changed("/training/repeats", 2)));
  CandidateEvaluation four(read(changed("/training/repeats", 4)));
  const Configuration found = configuration(3, 3, 32);
  const auto fresh = evaluation.train_anew(found, 2);
  ASSERT_EQ(fresh.size(), 2u);
  const Json scores = four.evaluate(found, {}).result.at("scores");
  EXPECT_EQ(fresh[0].score, scores[2]) << "the third and the fourth weights";
  EXPECT_EQ(fresh[1].score, scores[3]);
}

// Trial by trial up to the end, each shown what came before; in another process each time, if so
// wanted.
std::vector<Trial> in_parts(const Configuration& configuration, bool in_other_processes,
                            Json& last) {
  Json json = changed("/sampler", {{"kind", "tpe"}, {"fidelity", "epochs"}});
  json["training"]["epochs"] = 5;
  const SearchConfig config = read(json);
  std::vector<Trial> history;
  std::optional<CandidateEvaluation> evaluation;
  while (history.empty() || history.back().state == TrialState::kPaused) {
    if (in_other_processes || !evaluation) evaluation.emplace(config);
    const Outcome outcome = evaluation->evaluate(configuration, history);
    Trial trial{history.size(), configuration, outcome.state, outcome.values, outcome.violation};
    trial.curve = outcome.curve;
    history.push_back(std::move(trial));
    last = outcome.result;
  }
  return history;
}

TEST(CandidateEvaluation, TrainingInPartsIsTrainingAtOneGo) {
  const Configuration found = configuration(3, 3, 32);
  Json json = example();
  json["training"]["epochs"] = 5;
  CandidateEvaluation whole(read(json));
  const Outcome at_one_go = whole.evaluate(found, {});
  for (const bool in_other_processes : {false, true}) {
    Json last;
    const std::vector<Trial> trials = in_parts(found, in_other_processes, last);
    ASSERT_EQ(trials.size(), 3u);
    EXPECT_EQ(trials[0].curve.size(), 1u);
    EXPECT_EQ(trials[1].curve.size(), 2u);
    EXPECT_EQ(trials[2].curve.size(), 5u);
    EXPECT_EQ(trials[1].curve[1], trials[2].curve[1]);
    EXPECT_EQ(trials[2].state, TrialState::kComplete);
    EXPECT_EQ(trials[2].values, at_one_go.values);
    EXPECT_EQ(last.at("loss"), at_one_go.result.at("loss")) << "to the last bit";
    EXPECT_EQ(last.at("train_cost"), at_one_go.result.at("train_cost"));
    EXPECT_EQ(last.at("epochs_trained"), 5);
  }
}

// Five complete trials gained 0.01 from the first epoch on. One of value -0.1 or so cannot come to
// -0.25.
TEST(CandidateEvaluation, WhatFallsBehindIsStoppedBeforeItsCostsAreCounted) {
  CandidateEvaluation evaluation(
      read(changed("/sampler", {{"kind", "tpe"}, {"fidelity", "epochs"}})));
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 5; ++i) {
    history.push_back(complete(i, configuration(1, 1, 2), {-0.25}));
    history.back().curve = {-0.24, -0.24, -0.25};
  }
  // A rate so small that it learns nothing leaves half of the score of 0.4 behind.
  const Configuration slow = configuration(1, 2, 100, 0.0001);
  const Outcome outcome = evaluation.evaluate(slow, history);
  EXPECT_EQ(outcome.state, TrialState::kPruned);
  EXPECT_EQ(outcome.result.at("epochs_trained"), 1);
  EXPECT_FALSE(outcome.result.contains("train_cost"));
  EXPECT_EQ(outcome.result.at("ruled_out_by"), 0);
  EXPECT_GT(outcome.values.at(0), -0.25);
  const Outcome hoped = evaluation.evaluate(slow, std::span(history).first(4));
  EXPECT_TRUE(hoped.result.contains("train_cost")) << "four trials tell too little";
}

TEST(CandidateEvaluation, IsPrunedWhereNoScoreCanHelp) {
  CandidateEvaluation evaluation(read(example()));
  const Configuration dear = configuration(3, 20, 2);
  const Json trained = evaluation.evaluate(dear, {}).result;
  const double train = trained.at("train_cost").get<double>();
  const double infer = trained.at("infer_cost").get<double>();
  const double bound = 0.4 * train * train + 0.2 * infer * infer - 0.4;
  const std::vector<Trial> history = {complete(0, configuration(1, 1, 1), {bound + 0.01}),
                                      complete(1, configuration(1, 1, 1), {bound - 0.01})};
  const Outcome outcome = evaluation.evaluate(dear, history);
  EXPECT_EQ(outcome.state, TrialState::kPruned);
  ASSERT_EQ(outcome.values.size(), 1u);
  EXPECT_NEAR(outcome.values[0], bound, 1e-12);
  EXPECT_EQ(outcome.result.at("ruled_out_by"), 1u);
  EXPECT_FALSE(outcome.result.contains("score"));
  EXPECT_EQ(evaluation.evaluate(dear, std::span(history).first(1)).state, TrialState::kComplete);
}

TEST(CandidateEvaluation, TrainingCostsAtLeastItsReferences) {
  CandidateEvaluation evaluation(read(example()));
  for (const Configuration& each : {configuration(1, 1, 8), configuration(3, 20, 128)}) {
    const Candidate candidate = evaluation.candidate(each);
    const CandidateCosts least = evaluation.least_costs(candidate);
    const CandidateCosts exact = evaluation.costs(candidate);
    EXPECT_LT(least.train.cycles, exact.train.cycles);
    EXPECT_LT(least.train.energy, exact.train.energy);
    EXPECT_GT(least.train.cycles.value(), 0.3 * exact.train.cycles.value());
    EXPECT_EQ(least.infer.cycles, exact.infer.cycles);
  }
}

TEST(CandidateEvaluation, WhatReferencesAloneRuleOutIsNotSimulated) {
  CandidateEvaluation evaluation(read(example()));
  const std::vector<Trial> history = {complete(0, configuration(1, 1, 8), {-100})};
  const Outcome outcome = evaluation.evaluate(configuration(3, 20, 2), history);
  EXPECT_EQ(outcome.state, TrialState::kPruned);
  EXPECT_FALSE(outcome.result.contains("train_cost"));
  const double train = outcome.result.at("least_train_cost").get<double>();
  const double infer = outcome.result.at("infer_cost").get<double>();
  EXPECT_DOUBLE_EQ(outcome.values.at(0), 0.4 * train * train + 0.2 * infer * infer - 0.4);
}

TEST(CandidateEvaluation, ALimitOnCostsIsCheckedBeforeTraining) {
  CandidateEvaluation evaluation(read(changed("/objective/limits", {{"parameters", 1000}})));
  const Outcome outcome = evaluation.evaluate(configuration(1, 10, 8), {});
  EXPECT_EQ(outcome.state, TrialState::kInfeasible);
  EXPECT_DOUBLE_EQ(outcome.violation.value(), (785.0 * 10 + 11 * 2 - 1000) / 1000);
  EXPECT_EQ(outcome.result.at("exceeded").at(0), "parameters: 7872, at most 1000");
  EXPECT_FALSE(outcome.result.contains("score"));
  EXPECT_EQ(evaluation.evaluate(configuration(1, 1, 8), {}).state, TrialState::kComplete);
}

TEST(CandidateEvaluation, ALimitOnTheScoreMakesItInfeasible) {
  CandidateEvaluation evaluation(read(changed("/objective/limits", {{"score", 0.999}})));
  const Outcome outcome = evaluation.evaluate(configuration(1, 10, 128, 0.0001), {});
  const double score = outcome.result.at("score").get<double>();
  ASSERT_LT(score, 0.999);
  EXPECT_EQ(outcome.state, TrialState::kInfeasible);
  EXPECT_DOUBLE_EQ(outcome.violation.value(), (0.999 - score) / 0.999);
}

TEST(CandidateEvaluation, WhatEndsItsWorkersFailsAtTheScoreOfChance) {
  CandidateEvaluation evaluation(read(changed("/training/optimizer", "sgd")));
  const Outcome outcome = evaluation.give_up(configuration(1, 10, 8), "its workers died");
  EXPECT_EQ(outcome.state, TrialState::kFailed);
  EXPECT_EQ(outcome.result.at("score"), 0.5);
  EXPECT_EQ(outcome.result.at("batch"), 8);
  EXPECT_EQ(outcome.result.at("error"), "its workers died");
}

// In a process that has little more memory than it starts with.
TEST(CandidateEvaluation, WhatMemoryDoesNotSufficeForFailsAtTheScoreOfChance) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer maps more than any limit leaves";
#endif
  CandidateEvaluation evaluation(read(changed("/space/width/int/1", 100'000)));
  const pid_t child = fork();
  if (child == 0) {
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t size = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + (8 << 20);
    const rlimit limit = {size, size};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    const Outcome outcome = evaluation.evaluate(configuration(1, 20'000, 8), {});
    const bool as_wanted = outcome.state == TrialState::kFailed &&
                           outcome.result.at("error") == "out of memory" &&
                           outcome.result.at("score") == 0.5;
    _exit(as_wanted ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(CandidateEvaluation, WhatDivergesScoresAsByChance) {
  CandidateEvaluation evaluation(read(changed("/training/optimizer", "sgd")));
  const Outcome outcome = evaluation.evaluate(configuration(3, 10, 8, 1e30), {});
  EXPECT_EQ(outcome.state, TrialState::kComplete);
  EXPECT_EQ(outcome.result.at("learning"), "loss-not-a-number");
  EXPECT_EQ(outcome.result.at("score"), 0.5);
  EXPECT_FALSE(outcome.result.contains("loss"));
}

TEST(CandidateEvaluation, TheFirstTrialMayBeTheReference) {
  CandidateEvaluation evaluation(read(changed("/objective/reference", "first-trial")));
  const Configuration first = configuration(1, 5, 8), second = configuration(1, 10, 8);
  EXPECT_FALSE(evaluation.reference({}));
  EXPECT_EQ(evaluation.evaluate(first, {}).result.at("train_cost"), 1.0);
  const std::vector<Trial> history = {{1, second, TrialState::kRunning, {}, {}},
                                      {0, first, TrialState::kRunning, {}, {}}};
  const Json result = evaluation.evaluate(second, history).result;
  EXPECT_DOUBLE_EQ(result.at("infer_cost").get<double>(),
                   result.at("infer_cycles").get<double>() /
                       evaluation.costs(evaluation.candidate(first)).infer.cycles.value());
  EXPECT_EQ(evaluation.reference(history)->network.name, "dffr:layers=1,width=5,classes=2");
}

TEST(CandidateEvaluation, SeveralObjectivesArePrunedByTheFront) {
  CandidateEvaluation evaluation(
      read(changed("/objective", {{"objectives", {"score", "infer_cost"}}})));
  const Configuration found = configuration(1, 10, 8);
  const Outcome outcome = evaluation.evaluate(found, {});
  ASSERT_EQ(outcome.values.size(), 2u);
  EXPECT_EQ(outcome.values[0], -outcome.result.at("score").get<double>());
  const std::vector<Trial> perfect = {complete(0, found, {-1, outcome.values[1]})};
  EXPECT_EQ(evaluation.evaluate(found, perfect).state, TrialState::kPruned);
  const std::vector<Trial> dearer = {complete(0, found, {-1, outcome.values[1] + 0.1})};
  EXPECT_EQ(evaluation.evaluate(found, dearer).state, TrialState::kComplete);
}

TEST(CandidateEvaluation, ABatchOfInferenceIsToldToo) {
  CandidateEvaluation evaluation(read(changed("/objective/infer_batch", 8)));
  CandidateEvaluation alone(read(example()));
  const Json result = evaluation.evaluate(configuration(1, 10, 8), {}).result;
  EXPECT_EQ(result.at("infer_batch_cycles").get<double>(),
            8 * result.at("infer_cycles").get<double>());
  // A batch reads the weights once for all of its images.
  EXPECT_LT(result.at("infer_cycles"),
            alone.evaluate(configuration(1, 10, 8), {}).result.at("infer_cycles"));
}

TEST(CandidateEvaluation, ANetworkTooLargeToLowerFails) {
  Json json = example();
  json["space"]["layers"] = {{"int", {1, 1}}};
  json["space"]["width"] = {{"int", {1, 20'000'000}}};
  CandidateEvaluation evaluation(read(json));
  const Outcome outcome = evaluation.evaluate(configuration(1, 20'000'000, 8), {});
  EXPECT_EQ(outcome.state, TrialState::kFailed);
  EXPECT_TRUE(outcome.result.contains("error"));
}

TEST(CandidateEvaluation, TestImagesAreForTheWinner) {
  CandidateEvaluation evaluation(read(example()));
  EXPECT_GT(evaluation.test_accuracy(configuration(1, 10, 8)), 0.8);
}

TEST(CandidateEvaluation, ThreadsGetWhatOneGets) {
  CandidateEvaluation alone(read(example())), shared(read(example()));
  constexpr size_t kThreads = 4;
  std::vector<std::vector<double>> found(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t width = 1; width <= 4; ++width) {
        found[t].push_back(shared.evaluate(configuration(1, width, 8), {}).values.at(0));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < 4; ++i) {
    const double expected =
        alone.evaluate(configuration(1, static_cast<int64_t>(i) + 1, 8), {}).values.at(0);
    for (const std::vector<double>& values : found) EXPECT_EQ(values.at(i), expected);
  }
}

}  // namespace
}  // namespace wattgrind
