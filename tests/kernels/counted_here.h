// What cachegrind can count on this computer: it runs code of the processor's own family.
#pragma once

#include <string>
#include <vector>

#include "estimator/base/architecture.h"
#include "estimator/base/isa.h"
#include "estimator/machine/host_isa.h"

namespace wattgrind {

// Two profiles.
inline std::vector<std::string> machines_counted_here() {
  if (architecture_of(host_isa()) == Architecture::kAarch64) return {"raspberry_pi_4", "graviton2"};
  return {"skylake_i7_6700", "xeon_x5650"};
}

inline std::vector<Isa> isas_counted_here() {
  if (architecture_of(host_isa()) == Architecture::kAarch64) return {Isa::kNeon};
  return {Isa::kSse42, Isa::kAvx2};
}

}  // namespace wattgrind
