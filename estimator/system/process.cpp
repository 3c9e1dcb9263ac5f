#include "estimator/system/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;

  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
      fail(ErrorKind::kFailed, "cannot make a pipe: {}", std::strerror(errno));
    }
    read_end = FileDescriptor(fds[0]);
    write_end = FileDescriptor(fds[1]);
  }
};

// Finds the first executable file of that name in PATH, as an absolute path.
std::optional<fs::path> find_program(const std::string& name) {
  std::error_code ignored;
  if (name.find('/') != std::string::npos) {
    return fs::exists(name, ignored) ? std::optional(fs::absolute(name)) : std::nullopt;
  }
  const char* const path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "";
  while (!folders.empty()) {
    const size_t end = std::min(folders.find(':'), folders.size());
    const fs::path candidate = fs::absolute(fs::path(folders.substr(0, end)) / name);
    if (fs::is_regular_file(candidate, ignored) && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return std::nullopt;
}

std::vector<char*> c_strings(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs between fork and exec. It is made before the fork, because the child of a
// process of several threads may not allocate.
struct Launch {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* working_directory;  // nullptr: that of the parent
  pid_t parent;
  rlim_t memory_bytes;  // RLIM_INFINITY: no limit
  rlim_t cpu_seconds;
  int out;
  int error;
  int launch_error;  // a pipe that exec closes; else it gets the errno that stopped exec
};

void set_limit(decltype(RLIMIT_AS) resource, rlim_t most) {
  if (most == RLIM_INFINITY) return;
  const rlimit limit = {most, most};
  setrlimit(resource, &limit);
}

// Runs in the child between fork and exec, so it does only what is async-signal-safe. All signals
// are blocked on entry.
[[noreturn]] void exec_child(const Launch& launch) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(1);  // the parent died before the line above took effect
  setpgid(0, 0);
  // Handlers must be gone before signals are let in, since they would act for the parent. Ignored
  // signals are reset too, since they would stay ignored through exec.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  set_limit(RLIMIT_AS, launch.memory_bytes);
  set_limit(RLIMIT_CPU, launch.cpu_seconds);
  // Whoever started us may have left descriptors open; a kernel before 5.11 leaves them so.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const int empty_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (empty_input >= 0 && dup2(empty_input, STDIN_FILENO) >= 0 &&
      dup2(launch.out, STDOUT_FILENO) >= 0 && dup2(launch.error, STDERR_FILENO) >= 0 &&
      (launch.working_directory == nullptr || chdir(launch.working_directory) == 0)) {
    execve(launch.program, launch.argv, launch.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(launch.launch_error, &error, sizeof error);
  _exit(127);
}

// A child process; its end kills and reaps it unless it was waited for.
class Child {
 public:
  explicit Child(const Launch& launch) {
    sigset_t all;
    sigset_t previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    pid_ = fork();
    if (pid_ == 0) exec_child(launch);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    if (pid_ < 0) {
      fail(ErrorKind::kFailed, "cannot start {}: {}", launch.program, std::strerror(error));
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait(0);
  }

  // Returns the wait status; absent where `options` is WNOHANG and the child still runs.
  std::optional<int> wait(int options) {
    int status = 0;
    pid_t reaped = 0;
    do {
      reaped = waitpid(pid_, &status, options);
    } while (reaped < 0 && errno == EINTR);
    CHECK(reaped >= 0, "waitpid({}): {}", pid_, std::strerror(errno));
    if (reaped == 0) return std::nullopt;
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
};

// Reads what is there and keeps the last `limit` bytes; closes `stream` at its end.
void capture(FileDescriptor& stream, std::string& kept, size_t limit,
             const std::function<void(std::string_view)>& seen) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(stream.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    stream.reset();
    return;
  }
  if (seen) seen({buffer.data(), static_cast<size_t>(count)});
  kept.append(buffer.data(), static_cast<size_t>(count));
  if (kept.size() > limit) kept.erase(0, kept.size() - limit);
}

// Waits for the end of the child while draining both streams. Absent where it is to be stopped.
std::optional<int> drain(Child& child, FileDescriptor out, FileDescriptor error,
                         const ProcessSpec& spec, ProcessResult& result) {
  // After both streams are closed the child has exited, or is about to, or runs on without them.
  // In the last case, this is how often it is looked at.
  constexpr int kPollMs = 5;
  constexpr int kAskMs = 50;  // how often should_stop() is asked
  while (true) {
    throw_if_interrupted();
    if (spec.should_stop && spec.should_stop()) return std::nullopt;
    const bool is_streaming = out.is_open() || error.is_open();
    if (!is_streaming) {
      if (const auto status = child.wait(WNOHANG)) return *status;
    }
    // poll() passes over descriptors of -1.
    std::array<pollfd, 3> waits = {
        {{out.get(), POLLIN, 0}, {error.get(), POLLIN, 0}, {interrupt_fd(), POLLIN, 0}}};
    const int longest = spec.should_stop ? kAskMs : -1;
    if (poll(waits.data(), waits.size(), is_streaming ? longest : kPollMs) < 0) continue;
    if (waits[0].revents != 0) capture(out, result.out, spec.captured_bytes, nullptr);
    if (waits[1].revents != 0) capture(error, result.error, spec.captured_bytes, spec.on_error);
  }
}

class SystemProcessRunner final : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec& spec) override {
    CHECK(!spec.argv.empty(), "a process without a name");
    throw_if_interrupted();
    const auto program = find_program(spec.argv.front());
    if (!program) return {ProgramNotFound{}, {}, {}};

    Pipe out;
    Pipe error;
    Pipe launch_error;
    const std::vector<char*> argv = c_strings(spec.argv);
    const std::vector<char*> environment = c_strings(spec.environment);
    Child child({program->c_str(), argv.data(), environment.data(),
                 spec.working_directory.empty() ? nullptr : spec.working_directory.c_str(),
                 getpid(), spec.limits.memory_bytes.value_or(RLIM_INFINITY),
                 spec.limits.cpu_seconds.value_or(RLIM_INFINITY), out.write_end.get(),
                 error.write_end.get(), launch_error.write_end.get()});
    out.write_end.reset();
    error.write_end.reset();
    launch_error.write_end.reset();

    int launch_errno = 0;
    ssize_t count = 0;
    do {
      count = read(launch_error.read_end.get(), &launch_errno, sizeof launch_errno);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
      fail(ErrorKind::kFailed, "cannot start {} in {}: {}", program->string(),
           spec.working_directory.empty() ? "." : spec.working_directory.string(),
           std::strerror(launch_errno));
    }

    ProcessResult result;
    const std::optional<int> status =
        drain(child, std::move(out.read_end), std::move(error.read_end), spec, result);
    if (!status) {
      result.end = ProcessStopped{};
    } else if (WIFSIGNALED(*status)) {
      result.end = ProcessKilled{WTERMSIG(*status)};
    } else {
      result.end = ProcessExited{WEXITSTATUS(*status)};
    }
    return result;
  }
};

}  // namespace

std::unique_ptr<ProcessRunner> make_process_runner() {
  return std::make_unique<SystemProcessRunner>();
}

}  // namespace wattgrind
