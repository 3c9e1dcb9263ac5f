// Counts what an executable's layers do, by running it under cachegrind.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cachesim/cachegrind/cachegrind_command.h"
#include "cachesim/cachegrind/cachegrind_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/system/process.h"

namespace wattgrind {

// Asks for the counts of an executable's layers. It must take no arguments, exit with status 0, or
// with 1 where the system refuses it memory, and do the same each time whatever its environment,
// folder and stack are.
struct CachegrindRequest {
  std::filesystem::path executable;
  std::vector<std::string> layer_symbols;  // the name of each layer's function, each once
};

// A file as cachegrind wrote it.
struct CachegrindFile {
  std::string name;  // as in the command that wrote it
  std::string text;
};

struct CachegrindResult {
  CountedLayers counts;
  std::string version;                     // Valgrind's own: "3.19.0"
  std::vector<std::string> commands;       // as run, in the folder of executable and outputs
  std::vector<std::string> substitutions;  // see CachegrindPlan
  std::vector<CachegrindFile> outputs;     // one for each command
};

// Runs what the machine needs, two at a time, in a temporary folder, and reads it. The result is
// a function of the executables, the machine and Valgrind's version: environment, folders and
// user do not enter.
//
// Throws Error: kInput, where cachegrind refuses the machine's geometry; kMissing, with the
// remedy, where Valgrind is not there or too old; kFailed where it is killed, crashes, or its
// output is not there or damaged; kInterrupted, with children killed and the folder removed, on
// SIGINT and SIGTERM.
CachegrindResult run_cachegrind(const Machine& machine, const CachegrindRequest& request,
                                ProcessRunner& runner);

// Runs one executable once, as run_cachegrind() would, and throws what it would.
CachegrindOutput count_executable(const std::filesystem::path& executable,
                                  const CachegrindGeometry& geometry, ProcessRunner& runner);

// Throws Error(kMissing), with the remedy, where the file is one that may be executed but stands
// where programs may not run: on a file system mounted noexec. What security modules forbid, only
// Valgrind meets.
void check_may_run(const std::filesystem::path& executable);

// Asks Valgrind for its version. Throws Error(kMissing) where it is not there or too old.
ValgrindVersion installed_valgrind(ProcessRunner& runner);

// Returns the last line on Valgrind's standard error that says something, without the process id
// before it. Remarks ("--123-- warning: ...") say nothing; "no message" where no line is left.
std::string last_message(const std::string& error_stream);

}  // namespace wattgrind
