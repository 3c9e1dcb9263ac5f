// Jobs in worker processes: what was asked for, how far it is, what came out. A worker is this
// program again, with a command line of ours; its crash, its memory and its time are its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "estimator/system/process.h"
#include "estimator/system/scratch_folder.h"

namespace wattgrind {

// Bytes that several threads read.
using SharedText = std::shared_ptr<const std::string>;

struct JobRequest {
  std::string key;    // what has the same key has the same result, and is done once
  std::string title;  // for people
  std::vector<std::string> arguments;  // of the program; files by their names below
  std::vector<std::pair<std::string, SharedText>> files;          // that the worker finds beside it
  std::vector<std::pair<std::string, std::string>> results = {};  // "csv" -> the file it leaves
};

enum class JobState { kQueued, kRunning, kDone, kFailed, kCancelled };
std::string_view job_state_name(JobState state);

struct JobView {
  std::string id;
  std::string title;
  JobState state = JobState::kQueued;
  std::string progress;                       // "conv2 3/24"; empty: nothing said yet
  int error_status = 0;                       // as an HTTP status
  std::string error;                          // in the words of the command line
  std::map<std::string, SharedText> results;  // "json", "csv", ...; of a job that is done

  bool has_ended() const { return state != JobState::kQueued && state != JobState::kRunning; }
};

struct JobLimits {
  size_t workers = 2;
  uint64_t memory_bytes = uint64_t{4} << 30;  // of a worker's address space
  std::chrono::seconds time{600};             // of a worker
  size_t queued = 64;                         // jobs that wait
  size_t queued_bytes = size_t{256} << 20;    // of their files
  size_t kept = 200;                          // jobs that have ended
  size_t kept_bytes = size_t{128} << 20;      // of their results
  size_t result_bytes = size_t{64} << 20;     // of one of them
};

class JobBoard {
 public:
  // `program` is run by `runner`; `changed` is called, from any thread, when a job has ended.
  JobBoard(std::string program, ProcessRunner& runner, const JobLimits& limits,
           std::function<void()> changed);
  // Kills what runs.
  ~JobBoard();
  JobBoard(const JobBoard&) = delete;
  JobBoard& operator=(const JobBoard&) = delete;

  // The job of that key, which is begun unless it is there; one that failed or was cancelled is
  // begun anew. Absent where too many are waiting.
  std::optional<JobView> submit(const JobRequest& request);
  std::optional<JobView> find(const std::string& id);
  // False where there is no such job.
  bool cancel(const std::string& id);
  // The last first.
  std::vector<JobView> recent(size_t most);

 private:
  struct Job;

  void work();
  void run(const std::shared_ptr<Job>& job);
  void finish(Job& job, const ProcessResult& result, bool out_of_time,
              std::map<std::string, SharedText> results);
  void see_progress(Job& job, std::string_view text);
  void forget_old_ones();
  std::shared_ptr<Job> next_job();

  const std::string program_;
  ProcessRunner& runner_;
  const JobLimits limits_;
  const std::function<void()> changed_;
  const ScratchFolder scratch_;
  std::mutex mutex_;  // of all below
  std::condition_variable waiting_;
  bool stopping_ = false;
  std::list<std::shared_ptr<Job>> jobs_;  // the last used first
  std::map<std::string, std::shared_ptr<Job>> by_id_, by_key_;
  std::list<std::shared_ptr<Job>> queue_;
  std::vector<std::thread> workers_;
};

}  // namespace wattgrind
