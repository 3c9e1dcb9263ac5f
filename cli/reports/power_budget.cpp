#include "cli/reports/power_budget.h"

#include <fmt/format.h>

#include "estimator/pricing/predicted_time.h"
#include "estimator/pricing/running_energy.h"

namespace wattgrind {
namespace {

constexpr double kPicojoulesAJoule = 1e12;
constexpr uint64_t kLaneBits = 32, kUnitBits = 128;

// One multiply-add of the instruction set's full width.
InstructionCounts one_multiply_add(Isa isa) {
  const auto lanes = static_cast<uint64_t>(traits(isa).float_lanes);
  InstructionCounts counts;
  counts.by_class[static_cast<size_t>(InstructionClass::kMultiplyAdd)] = 1;
  counts.vector_128_bits = lanes * kLaneBits / kUnitBits;
  return counts;
}

}  // namespace

std::optional<Table> power_budget(const Machine& machine) {
  const auto power = running_power(machine, IdleShare::kAll);
  if (!power || !machine.instructions) return std::nullopt;
  const double clock = clock_hz(machine, machine.isa).value;
  const int lanes = traits(machine.isa).float_lanes;
  Table table;
  table.columns = {{"part", "part"}, {"watts", "W", 2}, {"sum_watts", "in all", 2}, {"of", "of"}};
  double sum_w = 0;
  const auto add = [&](std::string part, double watts, std::string of) {
    sum_w += watts;
    table.rows.push_back({std::move(part), watts, sum_w, std::move(of)});
  };
  const double arithmetic_pj = lanes * machine.operations.mac_pj();
  add("arithmetic", arithmetic_pj / kPicojoulesAJoule * clock,
      fmt::format("{} multiply-adds a cycle at {:.4g} GHz, {:.4g} pJ each", lanes, clock / 1e9,
                  machine.operations.mac_pj()));
  const double handling_pj = instructions_pj(one_multiply_add(machine.isa), *machine.instructions);
  add("its instruction", handling_pj / kPicojoulesAJoule * clock,
      fmt::format("{:.4g} pJ for {} bits", handling_pj, lanes * static_cast<int>(kLaneBits)));
  add("busy core", machine.power->core_w->value, "whatever it runs");
  add("uncore", machine.power->uncore_w->value, "awake, beyond idle");
  if (power->idle_w) {
    add("idle", *power->idle_w,
        fmt::format("{:g} x {:.4g} W, a package", packages(machine),
                    machine.power->package_idle_w->value));
  }
  if (!power->idle_w || !power->around_w) return table;
  add("around", *power->around_w, "memory's background and the board");
  if (const auto wall_w = behind_supply(machine, sum_w)) {
    add("supply", *wall_w - sum_w,
        fmt::format("efficiency {:.3g}", machine.power->supply_efficiency->value));
  }
  return table;
}

}  // namespace wattgrind
