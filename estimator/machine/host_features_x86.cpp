#include <algorithm>
#include <array>
#include <utility>

#include "estimator/machine/host_features.h"

namespace wattgrind {

Architecture host_architecture() { return Architecture::kX86; }

// The compiler's run-time also looks at whether the system supports a part (XCR0).
bool host_has(std::string_view part) {
  const std::array<std::pair<std::string_view, bool>, 12> supported = {{
      {"avx512f", __builtin_cpu_supports("avx512f")},
      {"avx512bw", __builtin_cpu_supports("avx512bw")},
      {"avx512dq", __builtin_cpu_supports("avx512dq")},
      {"avx512vl", __builtin_cpu_supports("avx512vl")},
      {"avx512cd", __builtin_cpu_supports("avx512cd")},
      {"avx512_vnni", __builtin_cpu_supports("avx512vnni")},
      {"fma", __builtin_cpu_supports("fma")},
      {"avx2", __builtin_cpu_supports("avx2")},
      {"bmi1", __builtin_cpu_supports("bmi")},
      {"bmi2", __builtin_cpu_supports("bmi2")},
      {"sse4_2", __builtin_cpu_supports("sse4.2")},
      {"popcnt", __builtin_cpu_supports("popcnt")},
  }};
  return std::any_of(supported.begin(), supported.end(),
                     [&](const auto& entry) { return entry.first == part && entry.second; });
}

}  // namespace wattgrind
