#include "cli/serve/job_board.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <filesystem>

#include "tests/cli/serve/scripted_worker.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

JobRequest request_named(const std::string& key) {
  JobRequest request;
  request.key = request.title = key;
  request.arguments = {"estimate", key};
  request.results = {{"json", "out"}};
  return request;
}

class JobBoardTest : public testing::Test {
 protected:
  JobBoard& board(ScriptedWorker::Script script, const JobLimits& limits = {}) {
    worker_.emplace(std::move(script));
    board_.emplace("program", *worker_, limits, [this] { ++changes_; });
    return *board_;
  }

  // What becomes of one job whose worker ends so.
  JobView fate(ScriptedWorker::Script script, const JobLimits& limits = {}) {
    JobBoard& jobs = board(std::move(script), limits);
    return ended_job(jobs, jobs.submit(request_named("a"))->id);
  }

  std::atomic<int> changes_ = 0;
  std::optional<ScriptedWorker> worker_;
  std::optional<JobBoard> board_;  // the last: its threads end first
};

TEST_F(JobBoardTest, AWorkersResultsAreKept) {
  fs::path folder;
  JobBoard& jobs = board([&](const ProcessSpec& spec) {
    folder = spec.working_directory;
    EXPECT_TRUE(fs::exists(folder / "net.json"));
    return worker_that_writes(spec, "out", "result");
  });
  JobRequest request = request_named("a");
  request.files = {{"net.json", std::make_shared<const std::string>("{}")}};
  const JobView job = ended_job(jobs, jobs.submit(request)->id);
  EXPECT_EQ(job.state, JobState::kDone);
  EXPECT_EQ(*job.results.at("json"), "result");
  EXPECT_FALSE(fs::exists(folder)) << "left behind";
  EXPECT_EQ(worker_->seen().at(0).argv, (std::vector<std::string>{"program", "estimate", "a"}));
  EXPECT_GE(changes_, 1);
}

TEST_F(JobBoardTest, WhatIsAskedTwiceIsDoneOnce) {
  JobBoard& jobs =
      board([](const ProcessSpec& spec) { return worker_that_writes(spec, "out", "r"); });
  const std::string id = jobs.submit(request_named("a"))->id;
  ended_job(jobs, id);
  EXPECT_EQ(jobs.submit(request_named("a"))->id, id);
  EXPECT_EQ(jobs.submit(request_named("a"))->state, JobState::kDone);
  EXPECT_NE(jobs.submit(request_named("b"))->id, id);
  EXPECT_LE(worker_->seen().size(), 2u);
}

TEST_F(JobBoardTest, AFailureSaysWhatTheCommandLineSays) {
  const JobView job = fate([](const ProcessSpec&) {
    return ProcessResult{ProcessExited{3}, "", "conv 1/3\nwattgrind: net.json:3: found x\n"};
  });
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error_status, 422);
  EXPECT_EQ(job.error, "net.json:3: found x");
}

TEST_F(JobBoardTest, ACrashIsTheWorkersAlone) {
  const JobView job = fate([](const ProcessSpec&) {
    return ProcessResult{ProcessKilled{SIGSEGV}, "", ""};
  });
  EXPECT_EQ(job.error_status, 500);
  EXPECT_THAT(job.error, HasSubstr("signal 11"));
  // What failed is tried anew when it is asked for again.
  EXPECT_NE(board_->submit(request_named("a"))->id, job.id);
}

TEST_F(JobBoardTest, AResultThatIsNotThereIsAFailure) {
  EXPECT_EQ(fate([](const ProcessSpec&) {
              return ProcessResult{ProcessExited{0}, "", ""};
            }).state,
            JobState::kFailed);
}

TEST_F(JobBoardTest, WorkersGetTheirLimits) {
  JobLimits limits;
  limits.memory_bytes = 12345;
  limits.time = std::chrono::seconds(0);
  const JobView job = fate(worker_that_hangs, limits);
  EXPECT_EQ(job.error_status, 504);
  EXPECT_THAT(job.error, HasSubstr("longer than 0 s"));
  EXPECT_EQ(worker_->seen().at(0).limits.memory_bytes, 12345u);
}

TEST_F(JobBoardTest, JobsAreCancelledWhetherTheyRunOrWait) {
  JobLimits limits;
  limits.workers = 1;
  JobBoard& jobs = board(worker_that_hangs, limits);
  const std::string runs = jobs.submit(request_named("a"))->id;
  const std::string waits = jobs.submit(request_named("b"))->id;
  EXPECT_TRUE(jobs.cancel(waits));
  EXPECT_EQ(ended_job(jobs, waits).state, JobState::kCancelled);
  EXPECT_TRUE(jobs.cancel(runs));
  EXPECT_EQ(ended_job(jobs, runs).state, JobState::kCancelled);
  EXPECT_FALSE(jobs.cancel("none"));
}

TEST_F(JobBoardTest, NoMoreWaitThanMay) {
  JobLimits limits;
  limits.workers = 1;
  limits.queued = 2;
  JobBoard& jobs = board(worker_that_hangs, limits);
  size_t taken = 0;
  for (int i = 0; i < 10; ++i) taken += jobs.submit(request_named(std::to_string(i))) ? 1 : 0;
  EXPECT_GE(taken, 2u);
  EXPECT_LE(taken, 3u);  // two wait, and one may run by now
}

TEST_F(JobBoardTest, WhatWaitsHoldsNoMoreMemoryThanItMay) {
  JobLimits limits;
  limits.workers = 0;
  limits.queued_bytes = 2500;
  JobBoard& jobs = board(worker_that_hangs, limits);
  const auto with_file = [&](const std::string& key) {
    JobRequest request = request_named(key);
    request.files = {{"net.json", std::make_shared<const std::string>(1000, 'x')}};
    return jobs.submit(request).has_value();
  };
  EXPECT_TRUE(with_file("a"));
  EXPECT_TRUE(with_file("b"));
  EXPECT_FALSE(with_file("c"));
}

// Otherwise it would be done again when it is asked for.
TEST_F(JobBoardTest, WhatHasEndedCannotBeCancelled) {
  JobBoard& jobs =
      board([](const ProcessSpec& spec) { return worker_that_writes(spec, "out", "r"); });
  const std::string id = jobs.submit(request_named("a"))->id;
  ended_job(jobs, id);
  EXPECT_TRUE(jobs.cancel(id));
  EXPECT_EQ(jobs.find(id)->state, JobState::kDone);
  EXPECT_EQ(jobs.submit(request_named("a"))->id, id);
}

TEST_F(JobBoardTest, ProgressIsTheLastWholeLine) {
  JobBoard& jobs = board([](const ProcessSpec& spec) {
    spec.on_error("conv1 1/3\nconv2");
    spec.on_error(" 2/3\nfc");
    return worker_that_hangs(spec);
  });
  const std::string id = jobs.submit(request_named("a"))->id;
  std::string progress;
  for (int i = 0; i < 2000 && progress != "conv2 2/3"; ++i) {
    progress = jobs.find(id)->progress;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(progress, "conv2 2/3");
}

TEST_F(JobBoardTest, MemoryStaysFlat) {
  JobLimits limits;
  limits.kept = 5;
  limits.kept_bytes = 3000;
  JobBoard& jobs = board(
      [](const ProcessSpec& spec) {
        return worker_that_writes(spec, "out", std::string(1000, 'x'));
      },
      limits);
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(jobs.submit(request_named(std::to_string(i)))->id);
    ended_job(jobs, ids.back());
  }
  EXPECT_FALSE(jobs.find(ids.front()));
  EXPECT_TRUE(jobs.find(ids.back()));
  EXPECT_LE(jobs.recent(100).size(), 3u);
}

}  // namespace
}  // namespace wattgrind
