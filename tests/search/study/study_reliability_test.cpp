// Studies whose workers are processes, some of them killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "estimator/base/random.h"
#include "search/study/study.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

class StudyReliability : public testing::Test {
 protected:
  pid_t start_worker(uint64_t trials, int jobs, int milliseconds) const {
    const std::vector<std::string> words = {STUDY_WORKER,           path_.string(),
                                            std::to_string(trials), std::to_string(jobs),
                                            log_.string(),          std::to_string(milliseconds)};
    const pid_t child = fork();
    if (child == 0) {
      std::vector<char*> arguments;
      for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      execv(STUDY_WORKER, arguments.data());
      _exit(127);
    }
    return child;
  }

  // 0 when all went well; the number of the signal, negative, when one ended it.
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // The study is whole, and every trial that a worker saw stored is in it, counted once.
  void expect_whole(uint64_t trials) const {
    StudyFile file(path_);
    const std::vector<TrialRecord> records = file.records();
    ASSERT_EQ(records.size(), trials);
    for (const TrialRecord& record : records) {
      ASSERT_EQ(record.trial.state, TrialState::kComplete) << record.trial.number;
      EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
    }
    std::ifstream log(log_);
    std::map<uint64_t, int> logged;
    uint64_t number = 0;
    for (double value = 0; log >> number >> value; ++logged[number]) {
      ASSERT_LT(number, trials);
      EXPECT_EQ(value, records[number].trial.values[0]) << number;
    }
    for (const auto& [trial, times] : logged) EXPECT_EQ(times, 1) << "trial " << trial;
    // One can be stored and not yet logged when its worker is killed.
    EXPECT_GE(logged.size() + kills_ * 4, trials);
  }

  // Works on the study, killed `kills` times at random moments, until it is done.
  void run_with_kills(uint64_t trials, int jobs, int milliseconds, uint64_t seed) {
    Random random(seed);
    constexpr uint64_t kKills = 20;
    while (kills_ < kKills) {
      const pid_t worker = start_worker(trials, jobs, milliseconds);
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(120'000)));
      kill(worker, SIGKILL);
      ASSERT_EQ(wait_for(worker), -SIGKILL) << "the study was done too soon to be killed";
      ++kills_;
    }
    ASSERT_EQ(wait_for(start_worker(trials, jobs, milliseconds)), 0);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "bowl.db";
  std::filesystem::path log_ = folder_.path() / "log";
  uint64_t kills_ = 0;
};

TEST_F(StudyReliability, SurvivesTwentyKills) {
  run_with_kills(150, 1, 10, 1);
  expect_whole(150);
  StudyFile killed(path_);
  // With one worker at a time, kills change nothing in what is proposed.
  path_ = folder_.path() / "straight.db";
  log_ = folder_.path() / "straight.log";
  ASSERT_EQ(wait_for(start_worker(150, 1, 0)), 0);
  StudyFile straight(path_);
  EXPECT_EQ(configurations(killed), configurations(straight));
}

TEST_F(StudyReliability, SurvivesTwentyKillsOfManyWorkers) {
  run_with_kills(400, 4, 10, 2);
  expect_whole(400);
}

TEST_F(StudyReliability, SurvivesKillsWhileOthersWork) {
  const pid_t steady = start_worker(300, 2, 10);
  run_with_kills(300, 2, 10, 3);
  EXPECT_EQ(wait_for(steady), 0);
  expect_whole(300);
}

TEST_F(StudyReliability, LetsEightProcessesWorkOnOneFile) {
  std::vector<pid_t> workers;
  for (int i = 0; i < 8; ++i) workers.push_back(start_worker(400, 2, 1));
  for (const pid_t worker : workers) EXPECT_EQ(wait_for(worker), 0);
  expect_whole(400);
}

// An evaluation that ends its process every time must not be tried for ever.
TEST_F(StudyReliability, GivesATrialUpThatEndsItsWorkers) {
  constexpr int kAttempts = 25;
  for (int i = 0; i < kAttempts; ++i) {
    const pid_t worker = fork();
    if (worker == 0) {
      StudyFile file(path_, closed_form_definition(), IfThere::kResume, {});
      const auto sampler = closed_form_sampler(file);
      ClosedForm evaluation([](const Configuration&, std::span<const Trial> history) {
        if (history.size() == 2) kill(getpid(), SIGKILL);
      });
      run_study(file, *sampler, evaluation, {4, 1});
      _exit(0);
    }
    ASSERT_EQ(wait_for(worker), -SIGKILL) << "attempt " << i;
  }
  ASSERT_EQ(wait_for(start_worker(4, 1, 0)), 0);
  StudyFile file(path_);
  const std::vector<TrialRecord> records = file.records();
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[2].trial.state, TrialState::kFailed);
  EXPECT_EQ(records[2].result.at("error"),
            "given up after 25 attempts: each worker ended or fell silent evaluating it");
  for (const size_t i : {0, 1, 3}) EXPECT_EQ(records[i].trial.state, TrialState::kComplete);
}

// What a stopped worker (a laptop that slept) finds when it goes on: its trial is another's.
TEST_F(StudyReliability, FencesAWorkerThatComesBack) {
  const pid_t sleeper = start_worker(5, 1, 300);
  while (true) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    StudyFile file(path_, closed_form_definition(), IfThere::kResume, {});
    if (!file.trials().empty()) break;
  }
  kill(sleeper, SIGSTOP);
  StudyFile::Options impatient;
  impatient.lease_s = 0;
  StudyFile file(path_, closed_form_definition(), IfThere::kResume, impatient);
  const auto sampler = closed_form_sampler(file);
  const auto taken = std::get<ClaimedTrial>(file.claim(5, *sampler));
  EXPECT_EQ(taken.lease.trial, 0u);
  EXPECT_TRUE(file.finish(taken.lease, bowl_outcome(taken.configuration)));
  kill(sleeper, SIGCONT);
  EXPECT_EQ(wait_for(sleeper), 0);
  kills_ = 1;  // that is, a trial the log does not have
  expect_whole(5);
  EXPECT_EQ(file.records()[0].worker.substr(file.records()[0].worker.rfind(':') + 1),
            std::to_string(getpid()));
}

}  // namespace
}  // namespace wattgrind
