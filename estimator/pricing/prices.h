// Prices: what counts cost in cycles and in energy. One count serves many price tables.
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
  kHits,     // the paper: hits of each level * its latency, last misses * DRAM's
  kAccesses  // the authors' code: look-ups of each level * its latency, last misses * DRAM's
};

// Cycles of memory latency. Where a hit count is absent, hits are what is left of the accesses
// after the misses, not below zero.
Cycles latency_cost(const EventCounts& counts, const Machine& machine, Accounting accounting);

// Energy of an access, by level. L1's price is for 8 bytes, the others' for a line.
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
  double normalising_mac_pj = 0;  // what energies in MACs are divided by
};

// The profile's own prices.
PriceTable machine_prices(const Machine& machine);

// Energy of operations on values of the type, in picojoules. 64-bit integers are priced as 32-bit
// ones: a product as four products and an addition, an addition as two.
double operations_pj(const OperationCounts& operations, ElementType type,
                     const OperationEnergy& energies);

// Eyeriss's normalised energies (Chen, Emer, Sze, ISCA 2016, Table IV), one MAC = 1, an access of
// one value: L1 1 (its register file), levels between 2 (its array), last level 6 (its global
// buffer), DRAM 200; a single level is L1. A value is 4 bytes here, so 8 bytes of L1 cost 2 and a
// 64-byte line 16 values.
PriceTable eyeriss_prices(const Machine& machine);

// Energy of one row, by where it goes. Static energy needs a time and is absent without one.
template <typename Amount>
struct EnergyBreakdown {
  Amount compute{};
  std::vector<Amount> levels;  // L1 first
  Amount dram{};
  std::optional<Amount> static_energy;

  Amount total() const {
    Amount sum = compute + dram;
    for (const Amount& level : levels) sum += level;
    if (static_energy) sum += *static_energy;
    return sum;
  }
  EnergyBreakdown& operator+=(const EnergyBreakdown& other);
};

// Operations are the network's own: lanes that hold no channel multiply zeros and are not charged.
// Energy = operations * price + L1 bytes / 8 * price + lines moved below * price. Lines read from a
// level are its look-ups; lines written to it come from the level above, where modelled. A row
// without bytes (`runtime`) is priced at 8 bytes a reference.
EnergyBreakdown<Picojoules> energy_pj(const EventCounts& counts, const OperationCounts& operations,
                                      const PriceTable& prices);
// The same divided by one MAC's energy.
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
  return *this;
}

}  // namespace wattgrind
