#include "estimator/dataflow/access_energy.h"

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kPicojoulesAWattSecond = 1e12;

}  // namespace

WordPrices word_prices(const Accelerator& accelerator, AcceleratorUnit unit,
                       const std::optional<std::array<double, kDataKinds>>& bits) {
  const auto& table = unit == AcceleratorUnit::kPicojoules ? accelerator.pj : accelerator.macs;
  CHECK(table.has_value(), "accelerator {} has no prices of unit {}", accelerator.name,
        static_cast<int>(unit));
  std::array<double, kDataKinds> scale{};
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    scale[kind] =
        (bits ? (*bits)[kind] : accelerator.word_bits[kind].value) / accelerator.price_bits.value;
  }
  WordPrices prices;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      prices.word[level][kind] = table->levels[level].value * scale[kind];
    }
  }
  prices.mac =
      table->mac.value * scale[index_of(DataKind::kIfmap)] * scale[index_of(DataKind::kWeights)];
  if (unit == AcceleratorUnit::kPicojoules && accelerator.idle_w && accelerator.clock_hz) {
    prices.cycle = accelerator.idle_w->value / accelerator.clock_hz->value * kPicojoulesAWattSecond;
  }
  return prices;
}

AcceleratorUnit preferred_unit(const Accelerator& accelerator) {
  return accelerator.pj ? AcceleratorUnit::kPicojoules : AcceleratorUnit::kMacs;
}

AccessAmounts amounts_of(const MappedLayer& layer) {
  AccessAmounts amounts;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      amounts.words[level][kind] = static_cast<double>(
          layer.counts.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind)));
    }
  }
  amounts.macs = static_cast<double>(layer.macs);
  amounts.cycles = static_cast<double>(layer.cycles);
  return amounts;
}

double DataflowEnergy::level(StorageLevel level) const {
  double sum = 0;
  for (const double energy : data[index_of(level)]) sum += energy;
  return sum;
}

double DataflowEnergy::kind(DataKind kind) const {
  double sum = 0;
  for (const auto& level : data) sum += level[index_of(kind)];
  return sum;
}

double DataflowEnergy::total() const {
  double sum = compute + idle;
  for (const auto& level : data) {
    for (const double energy : level) sum += energy;
  }
  return sum;
}

DataflowEnergy& DataflowEnergy::operator+=(const DataflowEnergy& other) {
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) data[level][kind] += other.data[level][kind];
  }
  compute += other.compute;
  idle += other.idle;
  return *this;
}

DataflowEnergy energy_of(const AccessAmounts& amounts, const WordPrices& prices) {
  DataflowEnergy energy;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      energy.data[level][kind] = amounts.words[level][kind] * prices.word[level][kind];
    }
  }
  energy.compute = amounts.macs * prices.mac;
  energy.idle = amounts.cycles * prices.cycle;
  return energy;
}

}  // namespace wattgrind
