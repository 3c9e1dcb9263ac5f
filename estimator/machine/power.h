// What a processor and what is around it draw beside the energy of single events, and what its
// instructions cost (estimator/pricing/running_cost.h puts them together).
//
// A figure that is not known is absent.
#pragma once

#include <array>

#include "estimator/machine/sourced.h"

namespace wattgrind {

// Watts, but for DRAM's size and the supply's efficiency.
struct Power {
  std::optional<Sourced<double>> package_full_w;  // the most that one package sustains
  std::optional<Sourced<double>> package_idle_w;  // of one package whose cores are all asleep
  std::optional<Sourced<double>> uncore_w;        // more, as soon as one of its cores is awake
  std::optional<Sourced<double>> core_w;          // a busy core, whatever it executes
  std::optional<Sourced<double>> dram_background_w_per_gib;
  std::optional<Sourced<double>> dram_gib;
  std::optional<Sourced<double>> board_w;            // all else that a meter at the supply sees
  std::optional<Sourced<double>> supply_efficiency;  // of what comes from the wall, what gets in
};

inline constexpr std::array<Figure<Power>, 8> kPowerFigures = {{
    {"package_full_w", "package, at most", "W", 1, &Power::package_full_w},
    {"package_idle_w", "package, idle", "W", 1, &Power::package_idle_w},
    {"uncore_w", "uncore awake, more", "W", 1, &Power::uncore_w},
    {"core_w", "busy core, whatever it runs", "W", 1, &Power::core_w},
    {"dram_background_w_per_gib", "DRAM background, a GiB", "W", 1,
     &Power::dram_background_w_per_gib},
    {"dram_gib", "DRAM", "GiB", 1, &Power::dram_gib},
    {"board_w", "board and all else", "W", 1, &Power::board_w},
    {"supply_efficiency", "supply's efficiency", "", 1, &Power::supply_efficiency},
}};

// Picojoules that an instruction costs the core beside its arithmetic and its access to a cache.
struct InstructionEnergy {
  std::optional<Sourced<double>> handling_pj;  // any: fetch, decode, rename, schedule, retire
  std::optional<Sourced<double>>
      vector_128_bits_pj;                    // more, for each 128 bits of vector arithmetic
  std::optional<Sourced<double>> memory_pj;  // more, for an operand in memory
  std::optional<Sourced<double>> branch_pj;  // more, for a branch
};

inline constexpr std::array<Figure<InstructionEnergy>, 4> kInstructionFigures = {{
    {"handling_pj", "any instruction", "pJ", 1, &InstructionEnergy::handling_pj},
    {"vector_128_bits_pj", "vector arithmetic, more for each 128 bits", "pJ", 1,
     &InstructionEnergy::vector_128_bits_pj},
    {"memory_pj", "operand in memory, more", "pJ", 1, &InstructionEnergy::memory_pj},
    {"branch_pj", "branch, more", "pJ", 1, &InstructionEnergy::branch_pj},
}};

// The clock of one busy core by the width of its multiply-adds. Absent: that of the next narrower
// width or, of scalar_hz, the profile's frequency_hz.
struct Clocks {
  std::optional<Sourced<double>> scalar_hz;
  std::optional<Sourced<double>> vector_128_hz;
  std::optional<Sourced<double>> vector_256_hz;
  std::optional<Sourced<double>> vector_512_hz;
};

inline constexpr std::array<Figure<Clocks>, 4> kClockFigures = {{
    {"scalar_hz", "clock, scalar", "GHz", 1e9, &Clocks::scalar_hz},
    {"vector_128_hz", "clock, 128-bit multiply-adds", "GHz", 1e9, &Clocks::vector_128_hz},
    {"vector_256_hz", "clock, 256-bit multiply-adds", "GHz", 1e9, &Clocks::vector_256_hz},
    {"vector_512_hz", "clock, 512-bit multiply-adds", "GHz", 1e9, &Clocks::vector_512_hz},
}};

// Calls visit(figure, number) for each figure of the part that is there.
template <typename Part, size_t kSize, typename Visit>
void for_each_figure(Part& part,
                     const std::array<Figure<std::remove_const_t<Part>>, kSize>& figures,
                     const Visit& visit) {
  for (const auto& figure : figures) {
    if (part.*figure.member) visit(figure, *(part.*figure.member));
  }
}

}  // namespace wattgrind
