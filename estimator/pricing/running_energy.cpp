#include "estimator/pricing/running_energy.h"

namespace wattgrind {
namespace {

double value(const std::optional<Sourced<double>>& figure) { return figure ? figure->value : 0; }

double share_of_idle(const Machine& machine, IdleShare share) {
  switch (share) {
    case IdleShare::kAll:
      return 1;
    case IdleShare::kPerCore:
      return machine.cores ? 1 / (machine.cores->value * packages(machine)) : 1;
    case IdleShare::kNone:
      break;
  }
  return 0;
}

}  // namespace

double packages(const Machine& machine) { return machine.packages ? machine.packages->value : 1; }

double instructions_pj(const InstructionCounts& counts, const InstructionEnergy& energies) {
  const auto times = [](uint64_t count, const std::optional<Sourced<double>>& price) {
    return static_cast<double>(count) * value(price);
  };
  return times(counts.total(), energies.handling_pj) +
         times(counts.vector_128_bits, energies.vector_128_bits_pj) +
         times(counts.memory_operands, energies.memory_pj) +
         times(counts.of(InstructionClass::kBranch), energies.branch_pj);
}

std::optional<RunningPower> running_power(const Machine& machine, IdleShare share) {
  if (!machine.power || !machine.power->core_w || !machine.power->uncore_w) return std::nullopt;
  const Power& power = *machine.power;
  RunningPower result;
  result.awake_w = power.core_w->value + power.uncore_w->value;
  const double part = share_of_idle(machine, share);
  if (power.package_idle_w) {
    result.idle_w = part * packages(machine) * power.package_idle_w->value;
  }
  if (power.board_w) {
    result.around_w = part * (power.board_w->value +
                              value(power.dram_background_w_per_gib) * value(power.dram_gib));
  }
  return result;
}

std::optional<double> behind_supply(const Machine& machine, double inside) {
  if (!machine.power || !machine.power->supply_efficiency) return std::nullopt;
  return inside / machine.power->supply_efficiency->value;
}

}  // namespace wattgrind
