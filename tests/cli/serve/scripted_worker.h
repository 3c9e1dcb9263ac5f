// A runner whose processes do what the test says: a worker without a program.
#pragma once

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "cli/serve/job_board.h"
#include "estimator/system/process.h"

namespace wattgrind {

class ScriptedWorker final : public ProcessRunner {
 public:
  using Script = std::function<ProcessResult(const ProcessSpec&)>;
  explicit ScriptedWorker(Script script) : script_(std::move(script)) {}

  ProcessResult run(const ProcessSpec& spec) override {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(spec);
    }
    return script_(spec);
  }
  std::vector<ProcessSpec> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  const Script script_;
  std::mutex mutex_;
  std::vector<ProcessSpec> seen_;
};

// Leaves a result and ends well.
inline ProcessResult worker_that_writes(const ProcessSpec& spec, const std::string& file,
                                        const std::string& text) {
  std::ofstream(spec.working_directory / file) << text;
  return {ProcessExited{0}, "", ""};
}

// Runs until it is stopped.
inline ProcessResult worker_that_hangs(const ProcessSpec& spec) {
  while (!spec.should_stop()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return {ProcessStopped{}, "", ""};
}

// Waits until the job has ended; gives up after ten seconds.
inline JobView ended_job(JobBoard& board, const std::string& id) {
  for (int i = 0; i < 2000; ++i) {
    const std::optional<JobView> job = board.find(id);
    if (job && job->has_ended()) return *job;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return board.find(id).value_or(JobView{});
}

}  // namespace wattgrind
