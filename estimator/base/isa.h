// The instruction sets that kernels are generated for.
#pragma once

#include <array>
#include <string_view>

namespace wattgrind {

enum class Isa { kSse42, kAvx2, kAvx512, kNeon };

struct IsaTraits {
  Isa isa;
  std::string_view name;  // as in machine profiles: "sse4.2", "avx2", "avx512", "neon"
  int float_lanes;        // single-precision values in the widest vector register
  int vector_registers;
  bool fused_multiply_add;  // the CPUs that have the set have FMA too
};

inline constexpr std::array<IsaTraits, 4> kIsas = {{
    {Isa::kSse42, "sse4.2", 4, 16, false},
    {Isa::kAvx2, "avx2", 8, 16, true},
    {Isa::kAvx512, "avx512", 16, 32, true},
    {Isa::kNeon, "neon", 4, 32, true},
}};

constexpr const IsaTraits& traits(Isa isa) { return kIsas[static_cast<size_t>(isa)]; }

}  // namespace wattgrind
