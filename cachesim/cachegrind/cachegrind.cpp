#include "cachesim/cachegrind/cachegrind.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/scratch_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNoMessage = "no message";
constexpr std::string_view kInstall = "install it (sudo apt-get install valgrind)";

// Each run holds all of the network's tensors: two at a time keep to the memory that is promised
// for an estimate. A machine of three levels needs two.
constexpr size_t kRunsSideBySide = 2;

struct Run {
  std::vector<std::string> command;  // as run in the temporary folder
  std::string output_file;
};

struct RunOutput {
  std::string text;
  CachegrindOutput output;
};

// Says in words that help which signal ended a run, for all signals that are likely to.
std::string explain_signal(int signal, const std::string& version) {
  switch (signal) {
    case SIGILL:
      return fmt::format(
          "it met an instruction that Valgrind {} cannot run, such as AVX-512: choose a machine "
          "whose instruction set is avx2 or sse4.2, or count by simulation",
          version);
    case SIGKILL:
      return "somebody killed it, most likely the system for want of memory: free some, or take a "
             "smaller batch";
    case SIGXFSZ:
      return "its output exceeds the limit on file sizes (ulimit -f)";
    default:
      return strsignal(signal);
  }
}

[[noreturn]] void refuse_folder() {
  fail(ErrorKind::kMissing,
       "programs may not run in {} (a file system mounted noexec?): set TMPDIR to a folder where "
       "programs may run",
       scratch_root().string());
}

bool is_refusal(const std::string& message) {
  return message.find(std::strerror(EACCES)) != std::string::npos ||
         message.find(std::strerror(EPERM)) != std::string::npos;
}

void check_end(const ProcessResult& result, const Run& run, const std::string& version) {
  const std::string& executable = run.command.back();
  if (std::holds_alternative<ProgramNotFound>(result.end)) {
    fail(ErrorKind::kMissing, "found no program valgrind in PATH: {}", kInstall);
  }
  if (const auto* const killed = std::get_if<ProcessKilled>(&result.end)) {
    fail(ErrorKind::kFailed, "cachegrind on {} was ended by signal {}: {} (it said: {})",
         executable, killed->signal, explain_signal(killed->signal, version),
         last_message(result.error));
  }
  const int status = std::get<ProcessExited>(result.end).status;
  if (status == 0) return;
  const std::string message = last_message(result.error);
  if (is_refusal(message)) refuse_folder();
  if (message == kNoMessage) {
    // Valgrind tells why it ends; a generated executable cannot, and has one reason.
    fail(ErrorKind::kFailed,
         "cachegrind on {} ended with status {}: the system refused it the memory for its tensors: "
         "free some, or take a smaller batch",
         executable, status);
  }
  fail(ErrorKind::kFailed, "cachegrind on {} ended with status {}: {}", executable, status,
       message);
}

RunOutput run_once(const Run& run, const fs::path& folder, const std::string& version,
                   ProcessRunner& runner) {
  ProcessSpec spec;
  spec.argv = run.command;
  spec.working_directory = folder;
  const ProcessResult result = runner.run(spec);
  check_end(result, run, version);
  const fs::path file = folder / run.output_file;
  if (!fs::exists(file)) {
    fail(ErrorKind::kFailed,
         "cachegrind on {} wrote no output: is the disk of {} full? (it said: {})",
         run.command.back(), scratch_root().string(), last_message(result.error));
  }
  RunOutput output;
  output.text = read_file(file);
  output.output = parse_cachegrind_output(output.text, run.output_file);
  return output;
}

std::vector<RunOutput> run_all(const std::vector<Run>& runs, const fs::path& folder,
                               const std::string& version, ProcessRunner& runner) {
  const auto policy =
      std::thread::hardware_concurrency() > 1 ? std::launch::async : std::launch::deferred;
  std::vector<RunOutput> outputs;
  for (size_t begin = 0; begin < runs.size(); begin += kRunsSideBySide) {
    std::vector<std::future<RunOutput>> side_by_side;
    for (size_t i = begin; i < std::min(begin + kRunsSideBySide, runs.size()); ++i) {
      side_by_side.push_back(std::async(policy, run_once, std::cref(runs[i]), std::cref(folder),
                                        std::cref(version), std::ref(runner)));
    }
    for (auto& run : side_by_side) outputs.push_back(run.get());
  }
  return outputs;
}

// Makes the runs of one executable. It is run through a link in the temporary folder, so that
// neither its own folder's name nor the temporary one's is in the output.
std::vector<Run> runs_of(const fs::path& executable, const CachegrindPlan& plan,
                         const fs::path& folder) {
  const std::string name = executable.filename();
  check_may_run(executable);
  fs::create_symlink(fs::absolute(executable), folder / name);
  std::vector<Run> runs;
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    Run run;
    run.output_file = fmt::format("cachegrind.L{}.out", i + 2);
    run.command = cachegrind_command(plan.runs[i], run.output_file, "./" + name);
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace

// access() knows of mounts and of permissions.
void check_may_run(const fs::path& executable) {
  if (access(executable.c_str(), X_OK) != 0 && errno == EACCES) refuse_folder();
}

CachegrindOutput count_executable(const fs::path& executable, const CachegrindGeometry& geometry,
                                  ProcessRunner& runner) {
  const InterruptGuard guard;
  const std::string version = installed_valgrind(runner).text;
  const ScratchFolder folder;
  const std::vector<Run> runs = runs_of(executable, {{geometry}, {}}, folder.path());
  return run_once(runs.front(), folder.path(), version, runner).output;
}

CachegrindResult run_cachegrind(const Machine& machine, const CachegrindRequest& request,
                                ProcessRunner& runner) {
  const CachegrindPlan plan = plan_cachegrind(machine);
  const InterruptGuard guard;
  CachegrindResult result;
  result.version = installed_valgrind(runner).text;
  result.substitutions = plan.substitutions;

  const ScratchFolder folder;
  const std::vector<Run> runs = runs_of(request.executable, plan, folder.path());
  std::vector<CachegrindOutput> outputs;
  const std::vector<RunOutput> run_outputs = run_all(runs, folder.path(), result.version, runner);
  for (size_t i = 0; i < runs.size(); ++i) {
    result.commands.push_back(shell_line(runs[i].command));
    result.outputs.push_back({runs[i].output_file, run_outputs[i].text});
    outputs.push_back(run_outputs[i].output);
  }

  result.counts = count_layers(outputs, machine.levels.size(), request.layer_symbols);
  throw_if_interrupted();
  return result;
}

ValgrindVersion installed_valgrind(ProcessRunner& runner) {
  const ProcessResult result = runner.run({{"valgrind", "--version"}});
  if (std::holds_alternative<ProgramNotFound>(result.end)) {
    fail(ErrorKind::kMissing, "found no program valgrind in PATH: {}", kInstall);
  }
  const auto version = parse_valgrind_version(result.out);
  if (!version) {
    fail(ErrorKind::kMissing, "valgrind --version printed no version (it said: {}): {}",
         last_message(result.error), kInstall);
  }
  require_least_version(*version);
  return *version;
}

std::string last_message(const std::string& error_stream) {
  std::string_view rest = error_stream;
  while (!rest.empty()) {
    const size_t line_begin = rest.find_last_of('\n') + 1;  // npos + 1 is 0
    std::string_view line = rest.substr(line_begin);
    rest = rest.substr(0, line_begin == 0 ? 0 : line_begin - 1);
    if (line.starts_with("--")) continue;  // "--123-- ": remarks, as on the host's caches
    if (line.starts_with("==")) {          // "==123== "
      line.remove_prefix(std::min(line.find_first_not_of("=0123456789"), line.size()));
    }
    const size_t first = line.find_first_not_of(' ');
    if (first != std::string_view::npos) return std::string(line.substr(first));
  }
  return std::string(kNoMessage);
}

}  // namespace wattgrind
