#include "kernels/codegen/code_target.h"

namespace wattgrind {

const CodeTarget& code_target(Architecture architecture) {
  return architecture == Architecture::kAarch64 ? aarch64_target() : x86_target();
}

}  // namespace wattgrind
