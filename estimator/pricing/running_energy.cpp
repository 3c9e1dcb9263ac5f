#include "estimator/pricing/running_energy.h"

#include <charconv>
#include <system_error>

namespace wattgrind {
namespace {

double value(const std::optional<Sourced<double>>& figure) { return figure ? figure->value : 0; }

}  // namespace

double packages(const Machine& machine) { return machine.packages ? machine.packages->value : 1; }

double IdleShare::of(const Machine& machine) const {
  if (part) return *part;
  return machine.cores ? 1 / (machine.cores->value * packages(machine)) : 1;
}

std::optional<IdleShare> idle_share_named(std::string_view word) {
  constexpr std::string_view kPart = "share=";
  if (word == "all") return kAllIdle;
  if (word == "none") return kNoIdle;
  if (word == "share" || word == "share=1/cores") return kCoresIdle;
  if (!word.starts_with(kPart)) return std::nullopt;
  const std::string_view number = word.substr(kPart.size());
  double part = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), part);
  const bool is_share =
      error == std::errc() && end == number.data() + number.size() && part >= 0 && part <= 1;
  return is_share ? std::optional(IdleShare{part}) : std::nullopt;
}

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
  const double part = share.of(machine);
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
