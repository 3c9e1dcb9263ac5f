#include "estimator/pricing/prices.h"

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kL1AccessBytes = 8;
constexpr double kValueBytes = 4;
constexpr double kEyerissRegisterFile = 1;
constexpr double kEyerissArray = 2;
constexpr double kEyerissBuffer = 6;
constexpr double kEyerissDram = 200;

double amount(uint64_t count) { return static_cast<double>(count); }

// The picojoules of all operations.
double compute_pj(const OperationCounts& operations, const PriceTable& prices) {
  double energy =
      amount(operations.executed_macs() - operations.byte_macs) * prices.mac_pj +
      amount(operations.executed_other() - operations.other_byte) * prices.other_operation_pj;
  if (operations.byte_macs + operations.other_byte == 0) return energy;
  if (!prices.byte_mac_pj || !prices.other_byte_operation_pj) {
    fail(ErrorKind::kInput,
         "operations: found no int8_add_pj and int8_multiply_pj in the machine's profile, wanted "
         "them for a network that computes on bytes");
  }
  return energy + amount(operations.byte_macs) * *prices.byte_mac_pj +
         amount(operations.other_byte) * *prices.other_byte_operation_pj;
}

void set_operation_prices(const OperationEnergy& energies, PriceTable& prices) {
  prices.mac_pj = energies.mac_pj();
  prices.other_operation_pj = energies.fp32_add_pj.value;
  prices.normalising_mac_pj = prices.mac_pj;
  if (energies.int8_add_pj && energies.int8_multiply_pj) {
    prices.byte_mac_pj = energies.int8_multiply_pj->value + energies.int_add_pj.value;
    prices.other_byte_operation_pj = energies.int8_add_pj->value;
  }
}

double hits(const LevelCounts& level) {
  if (level.hits) return amount(*level.hits);
  return level.accesses > level.misses ? amount(level.accesses - level.misses) : 0;
}

// Divides a price table's energies by `unit_pj` and rounds each part to the grid of Amount.
template <typename Amount>
EnergyBreakdown<Amount> price(const EventCounts& counts, const OperationCounts& operations,
                              const PriceTable& prices, double unit_pj) {
  CHECK(counts.levels.size() == prices.levels.size(), "{} levels counted, {} priced",
        counts.levels.size(), prices.levels.size());
  const auto rounded = [&](double pj) { return Amount::rounded(pj / unit_pj); };
  EnergyBreakdown<Amount> energy;
  energy.compute = rounded(compute_pj(operations, prices));
  const auto lines = [](const LevelPrice& level, uint64_t read, std::optional<uint64_t> written) {
    return amount(read) * level.read_pj + amount(written.value_or(0)) * level.write_pj;
  };
  const double read_words =
      counts.bytes ? amount(counts.bytes->reads) / kL1AccessBytes : amount(counts.refs.reads);
  const double written_words =
      counts.bytes ? amount(counts.bytes->writes) / kL1AccessBytes : amount(counts.refs.writes);
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    const LevelPrice& level = prices.levels[i];
    if (i == 0) {
      energy.levels.push_back(rounded(read_words * level.read_pj + written_words * level.write_pj));
    } else {
      const LevelCounts& here = counts.levels[i];
      energy.levels.push_back(rounded(lines(level, here.accesses, here.lines_from_above)));
    }
  }
  energy.dram = rounded(lines(prices.dram, counts.dram.reads, counts.dram.write_backs));
  return energy;
}

}  // namespace

Cycles latency_cost(const EventCounts& counts, const Machine& machine, Accounting accounting) {
  CHECK(counts.levels.size() == machine.levels.size(), "{} levels counted, {} in {}",
        counts.levels.size(), machine.levels.size(), machine.name);
  double cycles = amount(counts.dram.reads) * machine.dram.latency_cycles.value;
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    const LevelCounts& level = counts.levels[i];
    const double times = accounting == Accounting::kHits ? hits(level) : amount(level.accesses);
    cycles += times * machine.levels[i].latency_cycles.value;
  }
  return Cycles::rounded(cycles);
}

PriceTable machine_prices(const Machine& machine) {
  PriceTable table;
  table.origin = machine.prices;
  for (const CacheLevel& level : machine.levels) {
    table.levels.push_back({level.name, level.read_energy_pj.value, level.write_energy_pj.value});
  }
  table.dram = {"DRAM", machine.dram.read_energy_pj.value, machine.dram.write_energy_pj.value};
  set_operation_prices(machine.operations, table);
  return table;
}

double operations_pj(const OperationCounts& operations, ElementType type,
                     const OperationEnergy& energies) {
  if (operations.byte_macs + operations.other_byte > 0) {
    PriceTable prices;
    set_operation_prices(energies, prices);
    return compute_pj(operations, prices);
  }
  const bool is_integer = type == ElementType::kInt64;
  const double add_pj = is_integer ? 2 * energies.int_add_pj.value : energies.fp32_add_pj.value;
  const double mac_pj =
      is_integer ? 4 * energies.int_multiply_pj.value + add_pj : energies.mac_pj();
  return static_cast<double>(operations.macs) * mac_pj +
         static_cast<double>(operations.other) * add_pj;
}

PriceTable eyeriss_prices(const Machine& machine) {
  PriceTable table;
  table.origin = PriceOrigin::kEyeriss;
  table.mac_pj = table.other_operation_pj = table.normalising_mac_pj = 1;
  table.byte_mac_pj = table.other_byte_operation_pj = 1;
  const size_t last = machine.levels.size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    const CacheLevel& level = machine.levels[i];
    double values = level.geometry.value.line_bytes / kValueBytes;
    double value_price = i == last ? kEyerissBuffer : kEyerissArray;
    if (i == 0) {
      values = kL1AccessBytes / kValueBytes;
      value_price = kEyerissRegisterFile;
    }
    table.levels.push_back({level.name, values * value_price, values * value_price});
  }
  const double dram = machine.levels[last].geometry.value.line_bytes / kValueBytes * kEyerissDram;
  table.dram = {"DRAM", dram, dram};
  return table;
}

EnergyScope widest_scope(const Machine& machine) {
  const bool has_power = machine.power && machine.power->core_w && machine.power->uncore_w;
  return !machine.instructions            ? EnergyScope::kEvents
         : !has_power                     ? EnergyScope::kActivity
         : !machine.power->package_idle_w ? EnergyScope::kRunning
                                          : EnergyScope::kMachine;
}

EnergyBreakdown<Picojoules> energy_pj(const EventCounts& counts, const OperationCounts& operations,
                                      const PriceTable& prices) {
  return price<Picojoules>(counts, operations, prices, 1);
}

EnergyBreakdown<MacEnergies> energy_macs(const EventCounts& counts,
                                         const OperationCounts& operations,
                                         const PriceTable& prices) {
  return price<MacEnergies>(counts, operations, prices, prices.normalising_mac_pj);
}

}  // namespace wattgrind
