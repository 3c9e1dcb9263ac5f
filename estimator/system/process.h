// Child processes behind an interface a test can fake.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace wattgrind {

struct ProcessSpec {
  std::vector<std::string> argv;            // argv[0] without a slash is looked up in our own PATH
  std::vector<std::string> environment;     // "NAME=value"; nothing is inherited
  std::filesystem::path working_directory;  // empty: ours
  size_t captured_bytes = 1 << 16;          // of each stream, its last bytes are kept
};

struct ProgramNotFound {};
struct ProcessExited {
  int status;
};
struct ProcessKilled {
  int signal;
};

struct ProcessResult {
  std::variant<ProgramNotFound, ProcessExited, ProcessKilled> end;
  std::string out;    // the last captured_bytes of its standard output
  std::string error;  // and of its standard error
};

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  // Runs a process to its end. Any number of threads may run one each. Throws Error(kFailed)
  // where the system refuses to start it for any reason but its absence, and Error(kInterrupted),
  // with the process killed and reaped, where an InterruptGuard sees a signal.
  virtual ProcessResult run(const ProcessSpec& spec) = 0;
};

// Real processes. Standard input is empty. They stand in a process group of their own, so that a
// terminal's Ctrl-C reaches them through us alone, and the kernel kills them when the thread that
// runs them dies, however it dies.
std::unique_ptr<ProcessRunner> make_process_runner();

}  // namespace wattgrind
