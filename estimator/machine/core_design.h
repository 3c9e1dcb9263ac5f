// Which design a core is of, and from which year, by what /proc/cpuinfo tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "estimator/machine/machine.h"

namespace wattgrind {

// How a CPU names itself. x86: "GenuineIntel" or "AuthenticAMD", its family and its model. Arm: the
// implementer, such as "0x41"; no family; the part as the model.
struct CoreId {
  std::string vendor;
  uint64_t family = 0;
  uint64_t model = 0;

  friend bool operator==(const CoreId&, const CoreId&) = default;
};

// Returns the core's microarchitecture and the year in which processors with it were first sold
// (of Arm's: in which it was announced). Absent for a CPU that the table does not have.
std::optional<CoreDesign> core_design(const CoreId& id);

}  // namespace wattgrind
