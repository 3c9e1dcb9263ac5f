#include "cli/serve/job_board.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>

#include "cli/serve/access.h"
#include "estimator/base/error.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// The message of a worker's last line: "wattgrind: net.json:3: ...".
std::string last_message(std::string_view text) {
  constexpr std::string_view kBeginning = "wattgrind: ";
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const size_t start = text.rfind('\n');
  std::string_view line = start == std::string_view::npos ? text : text.substr(start + 1);
  if (line.starts_with(kBeginning)) line.remove_prefix(kBeginning.size());
  return std::string(line);
}

size_t bytes_of_files(const JobRequest& request) {
  size_t bytes = 0;
  for (const auto& [name, text] : request.files) bytes += text->size();
  return bytes;
}

int http_status_of(int exit_status) {
  switch (static_cast<ErrorKind>(exit_status)) {
    case ErrorKind::kUsage:
    case ErrorKind::kInput:
      return 422;
    case ErrorKind::kMissing:
      return 501;
    case ErrorKind::kFailed:
    case ErrorKind::kInterrupted:
      return 500;
  }
  return 500;
}

}  // namespace

struct JobBoard::Job {
  JobRequest request;
  JobView view;
  std::string line;  // of progress, as far as it has come
  std::atomic<bool> cancelled = false;
};

std::string_view job_state_name(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "queued";
    case JobState::kRunning:
      return "running";
    case JobState::kDone:
      return "done";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
  }
  CHECK(false, "job state {}", static_cast<int>(state));
}

JobBoard::JobBoard(std::string program, ProcessRunner& runner, const JobLimits& limits,
                   std::function<void()> changed)
    : program_(std::move(program)), runner_(runner), limits_(limits), changed_(std::move(changed)) {
  for (size_t i = 0; i < limits.workers; ++i) workers_.emplace_back([this] { work(); });
}

JobBoard::~JobBoard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& job : jobs_) job->cancelled = true;
  }
  waiting_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::optional<JobView> JobBoard::submit(const JobRequest& request) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(request.key); known != by_key_.end()) {
    const std::shared_ptr<Job> job = known->second;
    const bool is_lost =
        job->view.state == JobState::kFailed || job->view.state == JobState::kCancelled;
    if (!is_lost && !job->cancelled) {
      jobs_.remove(job);
      jobs_.push_front(job);
      return job->view;
    }
  }
  size_t waiting_bytes = bytes_of_files(request);
  for (const auto& waiting : queue_) waiting_bytes += bytes_of_files(waiting->request);
  if (queue_.size() >= limits_.queued || waiting_bytes > limits_.queued_bytes) return std::nullopt;
  const auto job = std::make_shared<Job>();
  job->request = request;
  job->view.id = random_token();
  job->view.title = request.title;
  jobs_.push_front(job);
  by_id_[job->view.id] = job;
  by_key_[request.key] = job;
  queue_.push_back(job);
  waiting_.notify_one();
  return job->view;
}

std::optional<JobView> JobBoard::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second->view);
}

bool JobBoard::cancel(const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return false;
    Job& job = *found->second;
    if (job.view.has_ended()) return true;
    job.cancelled = true;
    if (job.view.state == JobState::kQueued) {
      job.view.state = JobState::kCancelled;
      job.request.files.clear();
      queue_.remove(found->second);
      forget_old_ones();  // the job may be gone behind it
    }
  }
  changed_();
  return true;
}

std::vector<JobView> JobBoard::recent(size_t most) {
  const std::lock_guard lock(mutex_);
  std::vector<JobView> views;
  for (const auto& job : jobs_) {
    if (views.size() == most) break;
    views.push_back(job->view);
  }
  return views;
}

std::shared_ptr<JobBoard::Job> JobBoard::next_job() {
  std::unique_lock lock(mutex_);
  waiting_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_) return nullptr;
  std::shared_ptr<Job> job = queue_.front();
  queue_.pop_front();
  job->view.state = JobState::kRunning;
  return job;
}

void JobBoard::work() {
  while (const std::shared_ptr<Job> job = next_job()) run(job);
}

void JobBoard::run(const std::shared_ptr<Job>& job) {
  const fs::path folder = scratch_.path() / job->view.id;
  const auto end = std::chrono::steady_clock::now() + limits_.time;
  bool out_of_time = false;
  ProcessResult result{ProcessExited{static_cast<int>(ErrorKind::kFailed)}, {}, {}};
  std::map<std::string, SharedText> results;
  try {
    fs::create_directory(folder);
    for (const auto& [name, text] : job->request.files) write_file(folder / name, *text);
    ProcessSpec spec;
    spec.argv = job->request.arguments;
    spec.argv.insert(spec.argv.begin(), program_);
    spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "WATTGRIND_PROGRESS=lines",
                        "TMPDIR=" + folder.string()};
    spec.working_directory = folder;
    spec.limits.memory_bytes = limits_.memory_bytes;
    spec.on_error = [&](std::string_view text) { see_progress(*job, text); };
    spec.should_stop = [&] {
      out_of_time = std::chrono::steady_clock::now() > end;
      return out_of_time || job->cancelled;
    };
    result = runner_.run(spec);
    const auto* exited = std::get_if<ProcessExited>(&result.end);
    if (exited != nullptr && exited->status == 0) {
      for (const auto& [name, file] : job->request.results) {
        results[name] =
            std::make_shared<const std::string>(read_file(folder / file, limits_.result_bytes));
      }
    }
  } catch (const Error& error) {
    result = {ProcessExited{static_cast<int>(error.kind())}, {}, error.what()};
  } catch (const std::exception& error) {
    result = {ProcessExited{static_cast<int>(ErrorKind::kFailed)}, {}, error.what()};
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  finish(*job, result, out_of_time, std::move(results));
  changed_();
}

void JobBoard::finish(Job& job, const ProcessResult& result, bool out_of_time,
                      std::map<std::string, SharedText> results) {
  const std::lock_guard lock(mutex_);
  JobView& view = job.view;
  view.state = JobState::kFailed;
  view.progress.clear();
  job.request.files.clear();
  if (const auto* exited = std::get_if<ProcessExited>(&result.end)) {
    if (exited->status == 0) {
      view.state = JobState::kDone;
      view.results = std::move(results);
    } else {
      view.error_status = http_status_of(exited->status);
      view.error = last_message(result.error);
    }
  } else if (const auto* killed = std::get_if<ProcessKilled>(&result.end)) {
    view.error_status = 500;
    view.error = fmt::format("the worker was ended by signal {} ({})", killed->signal,
                             strsignal(killed->signal));
  } else if (out_of_time && !job.cancelled) {
    view.error_status = 504;
    view.error = fmt::format("it took longer than {} s; serve --time-limit gives more",
                             limits_.time.count());
  } else if (job.cancelled) {
    view.state = JobState::kCancelled;
  } else {
    view.error_status = 500;
    view.error = "the worker could not be started";
  }
  forget_old_ones();
}

void JobBoard::see_progress(Job& job, std::string_view text) {
  constexpr size_t kLongestLine = 400;
  const std::lock_guard lock(mutex_);
  for (const char c : text) {
    if (c == '\n') {
      job.view.progress = std::move(job.line);
      job.line.clear();
    } else if (job.line.size() < kLongestLine) {
      job.line += c;
    }
  }
}

// The least recently used of those that have ended.
void JobBoard::forget_old_ones() {
  size_t count = 0, bytes = 0;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const std::shared_ptr<Job> job = *at;
    ++at;
    if (!job->view.has_ended()) continue;
    ++count;
    for (const auto& [name, text] : job->view.results) bytes += text->size();
    if (count <= limits_.kept && (bytes <= limits_.kept_bytes || count == 1)) continue;
    by_id_.erase(job->view.id);
    if (const auto known = by_key_.find(job->request.key);
        known != by_key_.end() && known->second == job) {
      by_key_.erase(known);
    }
    jobs_.remove(job);
  }
}

}  // namespace wattgrind
