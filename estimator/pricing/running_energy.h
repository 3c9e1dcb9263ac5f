// What a meter reads of a run: the events' energy is a small part of it.
//
// Three energies, each holding the one before:
//  - activity: what this network's own events cost: arithmetic, caches, memory and the handling of
//    its instructions. What a meter on the rails reads beyond that of a core that waits.
//  - running: activity, and what the busy core and the awake uncore draw for the predicted time,
//    whatever they do. RAPL's package, less what it reads idle.
//  - machine: running, and what the packages draw idle. RAPL's packages.
// The wall adds memory's background, the board and the supply's loss.
#pragma once

#include <optional>
#include <string_view>

#include "estimator/counts/instructions.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// The packages that a meter of the machine sees: at least 1.
double packages(const Machine& machine);

// How much of what idles is charged to one busy core: a part of it, or (absent) a core's share.
struct IdleShare {
  std::optional<double> part = 1;

  // 0 to 1 of the machine's idle power.
  double of(const Machine& machine) const;
  friend bool operator==(const IdleShare&, const IdleShare&) = default;
};
inline constexpr IdleShare kAllIdle{1};  // what the meter sees
inline constexpr IdleShare kNoIdle{0};
inline constexpr IdleShare kCoresIdle{std::nullopt};

// "all", "none", "share=1/cores" (or "share"), "share=0.25"; nothing for other words and for shares
// outside 0 to 1.
std::optional<IdleShare> idle_share_named(std::string_view word);

// What instructions cost beside their arithmetic and their accesses to caches, in picojoules.
// Figures that the profile lacks cost nothing.
double instructions_pj(const InstructionCounts& counts, const InstructionEnergy& energies);

// The watts that a busy core's time costs, by what they are for. Absent where the profile lacks
// what they are made of.
struct RunningPower {
  double awake_w = 0;              // the busy core and the uncore
  std::optional<double> idle_w;    // the packages, in the share asked for
  std::optional<double> around_w;  // memory's background and the board, in the same share
};
std::optional<RunningPower> running_power(const Machine& machine, IdleShare share);

// The wall's joules for `inside`, what arrives behind the supply; absent where its efficiency is
// not known.
std::optional<double> behind_supply(const Machine& machine, double inside);

}  // namespace wattgrind
