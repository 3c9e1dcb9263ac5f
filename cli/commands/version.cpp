#include "cli/commands/version.h"

#include <fmt/format.h>

#include "cachesim/cachegrind/cachegrind.h"
#include "estimator/base/error.h"
#include "estimator/system/process.h"
#include "kernels/codegen/codegen.h"

namespace wattgrind {
namespace {

std::string valgrind_text() {
  try {
    return "Valgrind " + installed_valgrind(*make_process_runner()).text;
  } catch (const Error&) {
    return "no Valgrind";  // `wattgrind doctor` tells why
  }
}

}  // namespace

std::string program_version() { return WATTGRIND_VERSION; }

std::string version_text() {
  return fmt::format("wattgrind {} (LLVM {}, {})", program_version(), llvm_version(),
                     valgrind_text());
}

}  // namespace wattgrind
