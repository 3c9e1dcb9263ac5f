// Child processes run behind an interface that a test can fake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wattgrind {

// What a process may take; absent: as much as ours.
struct ProcessLimits {
  std::optional<uint64_t> memory_bytes;  // of its address space
  std::optional<uint64_t> cpu_seconds;
};

struct ProcessSpec {
  std::vector<std::string> argv;            // argv[0] without a slash is found in our own PATH
  std::vector<std::string> environment;     // "NAME=value"; nothing is inherited
  std::filesystem::path working_directory;  // empty: ours
  size_t captured_bytes = 1 << 16;          // so many last bytes of each stream are kept
  ProcessLimits limits = {};
  // Sees what comes on standard error, as it comes; absent: nobody.
  std::function<void(std::string_view)> on_error = nullptr;
  // Asked at least ten times a second whether the process is to be killed; absent: never.
  std::function<bool()> should_stop = nullptr;
};

struct ProgramNotFound {};
struct ProcessExited {
  int status;
};
struct ProcessKilled {
  int signal;
};
struct ProcessStopped {};  // by us, because should_stop() said so

struct ProcessResult {
  std::variant<ProgramNotFound, ProcessExited, ProcessKilled, ProcessStopped> end;
  std::string out;    // the last captured_bytes of its standard output
  std::string error;  // the same of its standard error
};

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  // Runs a process to its end. Any number of threads may run one each. Throws Error(kFailed)
  // where the system refuses to start it for any reason but that it is not there. Where an
  // InterruptGuard sees a signal, kills and reaps the process and throws Error(kInterrupted).
  virtual ProcessResult run(const ProcessSpec& spec) = 0;
};

// Runs real processes, whose standard input is empty. Each is in a process group of its own, so
// that the Ctrl-C of a terminal reaches it through us alone. The kernel kills it when the thread
// that runs it dies, however that dies.
std::unique_ptr<ProcessRunner> make_process_runner();

}  // namespace wattgrind
