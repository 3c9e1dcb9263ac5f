#include "cli/commands/version.h"

#include <fmt/format.h>

#include "cachesim/cachegrind/cachegrind.h"
#include "estimator/base/error.h"
#include "estimator/system/process.h"
#include "kernels/codegen/codegen.h"

namespace wattgrind {
namespace {

// What cmake/commit.cmake writes: a string.
constexpr const char* kCommit =
#include "commit.inc"
    ;

std::string valgrind_text() {
  try {
    return "Valgrind " + installed_valgrind(*make_process_runner()).text;
  } catch (const Error&) {
    return "no Valgrind";  // `wattgrind doctor` tells why
  }
}

}  // namespace

std::string program_version() { return WATTGRIND_VERSION; }

std::string program_commit() { return kCommit; }

std::string version_text() {
  return fmt::format("wattgrind {} ({}, LLVM {}, {})\nbuilt with {}", program_version(),
                     program_commit().empty() ? "no commit known" : "commit " + program_commit(),
                     llvm_version(), valgrind_text(), WATTGRIND_LIBRARIES);
}

}  // namespace wattgrind
