#include "search/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "estimator/system/interrupt.h"
#include "tests/error_text.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

class StudyTest : public testing::Test {
 protected:
  StudyFile open(const std::string& name = "bowl.db",
                 const StudyDefinition& definition = closed_form_definition()) {
    return StudyFile(folder_.path() / name, definition, IfThere::kResume, {});
  }

  static StudyEnd run(StudyFile& file, Evaluation& evaluation, uint64_t trials, size_t jobs = 1,
                      SamplerKind kind = SamplerKind::kTpe) {
    const auto sampler = closed_form_sampler(file, kind);
    return run_study(file, *sampler, evaluation, {trials, jobs, 15, 0.01});
  }

  static void expect_whole(StudyFile& file, uint64_t trials) {
    ASSERT_EQ(file.trials().size(), trials);
    for (const Trial& trial : file.trials()) {
      ASSERT_EQ(trial.state, TrialState::kComplete) << trial.number;
      EXPECT_EQ(trial.values, std::vector{bowl(trial.configuration)}) << trial.number;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(StudyTest, ProposesWhatTheSamplerAloneWould) {
  StudyFile file = open();
  ClosedForm evaluation;
  EXPECT_EQ(run(file, evaluation, 40), StudyEnd::kAllTrials);
  expect_whole(file, 40);
  const auto sampler = closed_form_sampler(file);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 40; ++i) {
    const Configuration asked = *sampler->ask(i, history);
    EXPECT_EQ(asked, file.trials()[i].configuration) << i;
    history.push_back({i, asked, TrialState::kComplete, {bowl(asked)}, std::nullopt});
  }
}

TEST_F(StudyTest, IsTheSameHoweverOftenItStops) {
  StudyFile straight = open("straight.db");
  ClosedForm evaluation;
  run(straight, evaluation, 30);
  std::atomic<int> countdown = 0;
  ClosedForm failing([&](const Configuration&, std::span<const Trial>) {
    if (countdown-- == 0) fail(ErrorKind::kFailed, "the data are gone");
  });
  for (int round = 0; round < 12; ++round) {
    StudyFile file = open("stopped.db");
    countdown = round % 4;
    EXPECT_EQ(error_text([&] { run(file, failing, 30); }, ErrorKind::kFailed),
              file.trials().empty() || file.trials().back().state == TrialState::kRunning
                  ? "the data are gone"
                  : "nothing thrown");
  }
  StudyFile file = open("stopped.db");
  EXPECT_LT(file.trials().size(), 30u);
  run(file, evaluation, 30);
  expect_whole(file, 30);
  EXPECT_EQ(configurations(file), configurations(straight));
}

TEST_F(StudyTest, GoesOnToMoreTrials) {
  StudyFile file = open();
  ClosedForm evaluation;
  run(file, evaluation, 10);
  run(file, evaluation, 10);
  EXPECT_EQ(evaluation.evaluations, 10u);
  run(file, evaluation, 25);
  EXPECT_EQ(evaluation.evaluations, 25u);
  expect_whole(file, 25);
}

TEST_F(StudyTest, RunsJobsAtOnce) {
  StudyFile file = open();
  std::atomic<int> inside = 0, alone = 0;
  ClosedForm evaluation([&](const Configuration&, std::span<const Trial> history) {
    if (history.size() >= 3) return;
    // The first three wait for each other: in vain if they run in turn.
    ++inside;
    for (int i = 0; i < 10'000 && inside < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (inside < 3) ++alone;
  });
  run(file, evaluation, 60, 3, SamplerKind::kRandom);
  EXPECT_EQ(inside, 3);
  EXPECT_EQ(alone, 0);
  EXPECT_EQ(evaluation.evaluations, 60u);
  expect_whole(file, 60);
}

TEST_F(StudyTest, ShowsAnEvaluationWhatWasProposedBefore) {
  StudyFile file = open();
  ClosedForm evaluation([](const Configuration&, std::span<const Trial> history) {
    for (size_t i = 0; i < history.size(); ++i) ASSERT_EQ(history[i].number, i);
  });
  std::multiset<size_t> sizes;
  const auto sampler = closed_form_sampler(file);
  run_study(file, *sampler, evaluation, {20, 2, 15, 0.01},
            [&](const Trial& ended, const Outcome& outcome, std::span<const Trial> all) {
              EXPECT_EQ(outcome.values, ended.values);
              EXPECT_EQ(all[ended.number].values, ended.values);
              sizes.insert(all.size());
            });
  EXPECT_EQ(sizes.size(), 20u) << "told of every trial once";
  EXPECT_EQ(*sizes.rbegin(), 20u);
}

TEST_F(StudyTest, EndsWhenTheSamplerHasNothingNew) {
  StudyDefinition definition = closed_form_definition();
  definition.config["space"] =
      nlohmann::ordered_json::parse(R"({"x": {"int": [1, 3]}, "y": {"choice": [0.5]}})");
  StudyFile file = open("small.db", definition);
  ClosedForm evaluation;
  EXPECT_EQ(run(file, evaluation, 10, 2), StudyEnd::kExhausted);
  expect_whole(file, 3);
}

TEST_F(StudyTest, PutsTrialsBackWhenInterrupted) {
  StudyFile file = open();
  const InterruptGuard guard;
  std::atomic<bool> raised = false;
  ClosedForm evaluation([&](const Configuration&, std::span<const Trial> history) {
    if (history.size() == 7 && !raised.exchange(true)) raise(SIGINT);  // a second would kill
    throw_if_interrupted();
  });
  error_text([&] { run(file, evaluation, 20, 2); }, ErrorKind::kInterrupted);
  const std::vector<std::string> before = configurations(file);
  ASSERT_GE(before.size(), 8u);
  EXPECT_EQ(file.trials()[7].state, TrialState::kRunning);
  EXPECT_EQ(file.records()[7].worker, "");
}

TEST_F(StudyTest, WorksOnOneFileWithOthers) {
  std::vector<std::jthread> threads;
  std::atomic<uint64_t> evaluations = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      StudyFile file = open();
      ClosedForm evaluation;
      run(file, evaluation, 40, 2, SamplerKind::kRandom);
      evaluations += evaluation.evaluations;
      // Whoever comes back finds the study done, whoever did it.
      expect_whole(file, 40);
    });
  }
  threads.clear();
  EXPECT_EQ(evaluations, 40u);
}

TEST_F(StudyTest, StopsAllWorkersAtAnError) {
  StudyFile file = open();
  ClosedForm evaluation([](const Configuration&, std::span<const Trial> history) {
    if (history.size() == 5) fail(ErrorKind::kFailed, "the data are gone");
  });
  EXPECT_EQ(error_text([&] { run(file, evaluation, 1000, 3); }, ErrorKind::kFailed),
            "the data are gone");
  EXPECT_LT(file.trials().size(), 500u);  // others go on until they hear of it
  EXPECT_EQ(file.trials()[5].state, TrialState::kRunning);
}

}  // namespace
}  // namespace wattgrind
