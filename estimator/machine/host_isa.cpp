#include "estimator/machine/host_isa.h"

#include <algorithm>
#include <array>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/machine/host_features.h"

namespace wattgrind {
namespace {

struct IsaParts {
  Isa isa;
  std::vector<std::string_view> flags;
};

// The sets, from the widest down, are x86-64-v4, v3 and v2 (System V psABI) as far as kernels use
// them.
const std::array<IsaParts, 4>& isa_parts() {
  static const std::array<IsaParts, 4> parts = {{
      {Isa::kAvx512, {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd", "fma"}},
      {Isa::kAvx2, {"avx2", "fma", "bmi1", "bmi2"}},
      {Isa::kSse42, {"sse4_2", "popcnt"}},
      {Isa::kNeon, {"asimd"}},
  }};
  return parts;
}

}  // namespace

std::optional<Isa> widest_isa(const std::function<bool(std::string_view)>& has) {
  for (const IsaParts& parts : isa_parts()) {
    if (std::all_of(parts.flags.begin(), parts.flags.end(), has)) return parts.isa;
  }
  return std::nullopt;
}

Isa host_isa() {
  if (const std::optional<Isa> isa = widest_isa(host_has)) return *isa;
  if (host_architecture() == Architecture::kAarch64) {
    fail(ErrorKind::kMissing,
         "this processor or its system has no Advanced SIMD (asimd), which native kernels need; "
         "run on one that has it");
  }
  fail(ErrorKind::kMissing,
       "this processor has no SSE 4.2, which native kernels need; run on an x86-64-v2 processor");
}

Isa least_host_isa() { return host_runs(Isa::kSse42) ? Isa::kSse42 : host_isa(); }

bool host_runs(Isa isa) { return architecture_of(isa) == host_architecture() && isa <= host_isa(); }

bool host_has_byte_dots(Isa isa) {
  return (isa == Isa::kAvx512 && host_has("avx512_vnni")) ||
         (isa == Isa::kNeon && host_has("asimddp"));
}

}  // namespace wattgrind
