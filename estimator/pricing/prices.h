// Prices turn counts into cycles and energy. One count serves many price tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/base/element_type.h"
#include "estimator/base/quantity.h"
#include "estimator/counts/counts.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// How latencies are charged (powerML, Swanson & Noel 2018, Eq. 2.1).
enum class Accounting {
  // In both, each miss of the last level is charged DRAM's latency.
  kHits,     // as the paper says: each hit of a level is charged the level's latency
  kAccesses  // as its authors' code does: each look-up of a level is charged the level's latency
};

// The latency cost: how many cycles of memory latency counts are charged. Where a hit count is
// absent, hits are what the misses leave of the accesses, and at least 0.
Cycles latency_cost(const EventCounts& counts, const Machine& machine, Accounting accounting);

// The energy of an access to a level: of 8 bytes at L1, of a line at the levels below and DRAM.
struct LevelPrice {
  std::string level;
  double read_pj = 0;
  double write_pj = 0;
};

struct PriceTable {
  PriceOrigin origin = PriceOrigin::kDefault;
  std::vector<LevelPrice> levels;  // L1 first
  LevelPrice dram;
  double mac_pj = 0;              // one multiply-accumulate
  double other_operation_pj = 0;  // one operation outside multiply-accumulates
  // The same on bytes: a product of 8 bits and a sum of 32; a sum of 8 bits. Absent: not known.
  std::optional<double> byte_mac_pj = {};
  std::optional<double> other_byte_operation_pj = {};
  double normalising_mac_pj = 0;  // what energies in MACs are divided by
};

// The profile's own prices.
PriceTable machine_prices(const Machine& machine);

// The energy of operations on values of the type, in picojoules. 64-bit integers are priced at what
// 32-bit ones cost: a product costs four products and an addition, an addition two additions. What
// of them is on bytes is priced as the profile has it.
double operations_pj(const OperationCounts& operations, ElementType type,
                     const OperationEnergy& energies);

// Eyeriss's normalised energies (Chen, Emer, Sze, ISCA 2016, Table IV). One MAC costs 1. An access
// of one value costs 1 at L1 (Eyeriss's register file), 6 at the last level (its global buffer), 2
// at levels between (its array), and 200 at DRAM; a single level counts as L1. A value has 4 bytes
// here, so that L1's 8 bytes are priced as 2 values and a line of 64 bytes as 16; an operation on
// bytes costs 1 as well.
PriceTable eyeriss_prices(const Machine& machine);

// Which energy is the total (running_energy.h). Events are activity without instructions, which is
// all that profiles without figures of power can tell.
enum class EnergyScope { kEvents, kActivity, kRunning, kMachine };

// The widest scope that the machine's profile has the figures for.
EnergyScope widest_scope(const Machine& machine);

// The energy of one row, by where it goes. A part is absent where its figures, or the time, are not
// known.
template <typename Amount>
struct EnergyBreakdown {
  Amount compute{};
  std::vector<Amount> levels;  // L1 first
  Amount dram{};
  std::optional<Amount> static_energy;
  std::optional<Amount> instructions;  // their handling
  std::optional<Amount> awake;         // the busy core and the uncore, for as long as it takes
  std::optional<Amount> idle;          // the packages, for as long as it takes
  std::optional<Amount> around;        // memory's background, the board and the supply's loss

  // The energies of running_energy.h: all that events cost, that with what is awake, and that with
  // what idles. Absent where a part is.
  Amount events() const {
    Amount sum = compute + dram;
    for (const Amount& level : levels) sum += level;
    if (static_energy) sum += *static_energy;
    return sum;
  }
  std::optional<Amount> activity() const { return with(events(), instructions); }
  std::optional<Amount> running() const { return with(activity(), awake); }
  std::optional<Amount> machine() const { return with(running(), idle); }
  std::optional<Amount> wall() const { return with(machine(), around); }

  // The energy of the scope or, where a part of it is absent, what the events cost.
  Amount total(EnergyScope scope = EnergyScope::kEvents) const {
    const std::optional<Amount> wanted = scope == EnergyScope::kActivity  ? activity()
                                         : scope == EnergyScope::kRunning ? running()
                                         : scope == EnergyScope::kMachine ? machine()
                                                                          : std::nullopt;
    return wanted.value_or(events());
  }
  EnergyBreakdown& operator+=(const EnergyBreakdown& other);

 private:
  static std::optional<Amount> with(std::optional<Amount> sum, const std::optional<Amount>& part) {
    if (!sum || !part) return std::nullopt;
    return *sum + *part;
  }
};

// Energy = operations * price + L1 bytes / 8 * price + lines moved below * price. Only the
// network's own operations are charged, not those on padding. Lines read from a level are its
// look-ups; lines written to it come from the level above, where they are modelled. A row whose
// bytes are absent (`runtime`) is priced as if each reference were 8 bytes. Throws Error(kInput)
// where operations are on bytes and their prices are absent.
EnergyBreakdown<Picojoules> energy_pj(const EventCounts& counts, const OperationCounts& operations,
                                      const PriceTable& prices);
// The same energy, divided by that of one MAC.
EnergyBreakdown<MacEnergies> energy_macs(const EventCounts& counts,
                                         const OperationCounts& operations,
                                         const PriceTable& prices);

template <typename Amount>
EnergyBreakdown<Amount>& EnergyBreakdown<Amount>::operator+=(const EnergyBreakdown& other) {
  compute += other.compute;
  dram += other.dram;
  levels.resize(other.levels.size());
  for (size_t i = 0; i < levels.size(); ++i) levels[i] += other.levels[i];
  if (other.static_energy) static_energy = static_energy.value_or(Amount{}) + *other.static_energy;
  instructions = with(instructions, other.instructions);
  awake = with(awake, other.awake);
  idle = with(idle, other.idle);
  around = with(around, other.around);
  return *this;
}

}  // namespace wattgrind
