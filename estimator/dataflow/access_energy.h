// Prices of what a mapping does: counts times energies a word. Counts know nothing of this.
#pragma once

#include <array>
#include <optional>

#include "estimator/accelerator/accelerator.h"
#include "estimator/dataflow/access_counts.h"

namespace wattgrind {

enum class AcceleratorUnit { kPicojoules, kMacs };

// Energies of one word by level and kind and of one multiply-accumulate, for the widths of a
// layer's words. Data costs in proportion to its width, a multiplication in proportion to both
// operands.
struct WordPrices {
  std::array<std::array<double, kDataKinds>, kStorageLevels> word{};
  double mac = 0;
  double cycle = 0;  // idle power for one cycle; of unit picojoules alone

  double at(StorageLevel level, DataKind kind) const {
    return word[index_of(level)][index_of(kind)];
  }
};

// The unit's prices must be there. `bits` are the profile's own unless given.
WordPrices word_prices(const Accelerator& accelerator, AcceleratorUnit unit,
                       const std::optional<std::array<double, kDataKinds>>& bits = std::nullopt);

// The unit that mappings are judged by: picojoules where the profile has them.
AcceleratorUnit preferred_unit(const Accelerator& accelerator);

// Amounts may be fractions once zeros are left out.
struct AccessAmounts {
  std::array<std::array<double, kDataKinds>, kStorageLevels> words{};
  double macs = 0;
  double cycles = 0;
};
AccessAmounts amounts_of(const MappedLayer& layer);

struct DataflowEnergy {
  std::array<std::array<double, kDataKinds>, kStorageLevels> data{};
  double compute = 0;
  double idle = 0;

  double level(StorageLevel level) const;
  double kind(DataKind kind) const;
  double total() const;
  DataflowEnergy& operator+=(const DataflowEnergy& other);
};
DataflowEnergy energy_of(const AccessAmounts& amounts, const WordPrices& prices);

}  // namespace wattgrind
