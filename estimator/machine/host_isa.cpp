#include "estimator/machine/host_isa.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "estimator/base/error.h"

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

// The compiler's run-time also looks at whether the system supports a part (XCR0).
bool processor_has(std::string_view flag) {
  const std::array<std::pair<std::string_view, bool>, 11> supported = {{
      {"avx512f", __builtin_cpu_supports("avx512f")},
      {"avx512bw", __builtin_cpu_supports("avx512bw")},
      {"avx512dq", __builtin_cpu_supports("avx512dq")},
      {"avx512vl", __builtin_cpu_supports("avx512vl")},
      {"avx512cd", __builtin_cpu_supports("avx512cd")},
      {"fma", __builtin_cpu_supports("fma")},
      {"avx2", __builtin_cpu_supports("avx2")},
      {"bmi1", __builtin_cpu_supports("bmi")},
      {"bmi2", __builtin_cpu_supports("bmi2")},
      {"sse4_2", __builtin_cpu_supports("sse4.2")},
      {"popcnt", __builtin_cpu_supports("popcnt")},
  }};
  return std::any_of(supported.begin(), supported.end(),
                     [&](const auto& entry) { return entry.first == flag && entry.second; });
}

}  // namespace

std::optional<Isa> widest_isa(const std::function<bool(std::string_view)>& has) {
  for (const IsaParts& parts : isa_parts()) {
    if (std::all_of(parts.flags.begin(), parts.flags.end(), has)) return parts.isa;
  }
  return std::nullopt;
}

bool host_has_byte_dots(Isa isa) {
  return isa == Isa::kAvx512 && __builtin_cpu_supports("avx512vnni") != 0;
}

Isa host_isa() {
  if (const std::optional<Isa> isa = widest_isa(processor_has)) return *isa;
  fail(ErrorKind::kMissing,
       "this processor has no SSE 4.2, which native kernels need; run on an x86-64-v2 processor");
}

}  // namespace wattgrind
