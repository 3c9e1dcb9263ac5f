#include <sys/auxv.h>

#include "estimator/machine/host_features.h"

namespace wattgrind {

Architecture host_architecture() { return Architecture::kAarch64; }

// Linux tells of what the processor has the parts that it supports itself.
bool host_has(std::string_view part) {
  const unsigned long parts = getauxval(AT_HWCAP);
  if (part == "asimd") return (parts & HWCAP_ASIMD) != 0;
  if (part == "asimddp") return (parts & HWCAP_ASIMDDP) != 0;
  return false;
}

}  // namespace wattgrind
