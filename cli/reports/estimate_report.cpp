#include "cli/reports/estimate_report.h"

#include <fmt/ranges.h>

#include <array>

#include "cli/reports/estimate_metrics.h"
#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"
#include "estimator/base/metric_prefix.h"
#include "estimator/pricing/uncertainty.h"

namespace wattgrind {
namespace {

std::string phase_text(const Estimate& estimate) {
  if (!estimate.training) return "inference";
  return fmt::format("training with {}", estimate.training->optimizer);
}

std::string what_is_counted(const Estimate& estimate) {
  const bool steady = estimate.counts.steady;
  if (!estimate.training) {
    return steady ? "steady, the second of two passes" : "cold, one pass from empty caches";
  }
  const PricedTraining& training = *estimate.training;
  if (!training.steps) {
    return steady ? "steady, the second of two steps" : "cold, one step from empty caches";
  }
  return fmt::format("cold at its start, {} {} of {} images in {} steps", *training.epochs,
                     *training.epochs == 1 ? "epoch" : "epochs", *training.images, *training.steps);
}

// Tells what one image costs.
std::string per_image_text(const Estimate& estimate) {
  const auto images = static_cast<double>(estimate.counts.images);
  const double energy = energy_of(estimate.total.energy, estimate.pricing.scope).total / images;
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  return fmt::format("per image: {} latency cycles, {} {}\n",
                     with_separators(estimate.total.cost.value() / images, 0),
                     with_separators(picojoules ? energy / kPicojoulesAMicrojoule : energy, 3),
                     picojoules ? "uJ" : "MACs");
}

// "1.5 MiB"
std::string bytes_text(uint64_t bytes) {
  constexpr double kStep = 1024;
  constexpr std::array<std::string_view, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  for (; amount >= kStep && unit + 1 < kUnits.size(); ++unit) amount /= kStep;
  return fmt::format("{:.4g} {}", amount, kUnits[unit]);
}

// "900 mJ"
std::string amount_text(double amount, std::string_view unit) {
  const MetricPrefix prefix = metric_prefix(amount);
  return fmt::format("{:.3g} {}{}", amount * prefix.factor, prefix.symbol, unit);
}

std::string joules(double picojoules) {
  constexpr double kPicojoulesAJoule = 1e12;
  return amount_text(picojoules / kPicojoulesAJoule, "J");
}

std::string factor_text(const std::optional<double>& factor) {
  return factor ? fmt::format(", within a factor of {:.1f}", *factor) : "";
}

}  // namespace

std::string_view origin_name(PriceOrigin origin) {
  switch (origin) {
    case PriceOrigin::kDefault:
      return "default";
    case PriceOrigin::kEyeriss:
      return "eyeriss";
    case PriceOrigin::kCalibrated:
      return "calibrated";
    case PriceOrigin::kMeasured:
      return "measured";
  }
  CHECK(false, "price origin {}", static_cast<int>(origin));
}

std::string_view scope_name(EnergyScope scope) {
  switch (scope) {
    case EnergyScope::kEvents:
      return "events";
    case EnergyScope::kActivity:
      return "activity";
    case EnergyScope::kRunning:
      return "running";
    case EnergyScope::kMachine:
      return "machine";
  }
  CHECK(false, "energy scope {}", static_cast<int>(scope));
}

std::string estimate_heading(const Estimate& estimate) {
  const NetworkCounts& counts = estimate.counts;
  const CountOrigin& origin = counts.origin;
  return sentence("{}, batch {}, {} on {}: {}\ncounts: {}{}, {} kernels{}; prices: {}\n\n",
                  counts.network, counts.batch, phase_text(estimate), estimate.machine.name,
                  what_is_counted(estimate), origin.source,
                  origin.version ? " " + *origin.version : "", traits(origin.isa).name,
                  counts.plan.empty() ? "" : ", plan " + counts.plan,
                  origin_name(estimate.pricing.prices.origin));
}

std::vector<std::string> absent_figures(const Estimate& estimate) {
  const Machine& machine = estimate.machine;
  std::vector<std::string> absent;
  if (estimate.pricing.prices.origin != PriceOrigin::kDefault) return absent;
  if (!machine.core || machine.core->llvm_cpu.empty()) absent.emplace_back("core.llvm_cpu");
  for (size_t i = 1; i < machine.levels.size(); ++i) {
    if (!machine.levels[i].bytes_per_cycle) {
      absent.push_back(fmt::format("levels[{}].bytes_per_cycle", i));
    }
  }
  if (!machine.dram.read_bytes_per_s) absent.emplace_back("dram.read_bytes_per_s");
  if (!machine.instructions) absent.emplace_back("instructions");
  if (!machine.power || !machine.power->core_w) absent.emplace_back("power.core_w");
  if (!machine.power || !machine.power->uncore_w) absent.emplace_back("power.uncore_w");
  if (!machine.power || !machine.power->package_idle_w) absent.emplace_back("power.package_idle_w");
  return absent;
}

std::string estimate_summary(const Estimate& estimate) {
  const PricedRow& total = estimate.total;
  std::string text;
  if (const auto& memory = estimate.counts.memory) {
    text += fmt::format("\nmemory: {}: parameters {}, inputs {}, maps {}, scratch {}\n",
                        bytes_text(memory->total()), bytes_text(memory->parameters),
                        bytes_text(memory->inputs), bytes_text(memory->maps),
                        bytes_text(memory->scratch));
  }
  if (total.time_s) {
    text += fmt::format("{}time: {}{}\n", text.empty() ? "\n" : "", amount_text(*total.time_s, "s"),
                        factor_text(time_factor(estimate, total)));
  }
  if (estimate.pricing.unit != EnergyUnit::kPicojoules) return text;
  const EnergyParts parts = energy_of(total.energy, estimate.pricing.scope);
  if (!parts.activity) return text;
  if (text.empty()) text = "\n";
  const auto line = [&](EnergyScope scope, const std::optional<double>& energy,
                        std::string_view meaning) {
    if (!energy) return;
    const std::string factor =
        scope == estimate.pricing.scope ? factor_text(energy_factor(estimate, total)) : "";
    text += fmt::format("{}: {}{}; {}\n", scope_name(scope), joules(*energy), factor, meaning);
  };
  line(EnergyScope::kActivity, parts.activity,
       "what this network's own events cost: a package's meter, above a core that waits as long");
  line(EnergyScope::kRunning, parts.running,
       "with the busy core and the uncore: a package's meter (RAPL), less what it reads idle");
  line(EnergyScope::kMachine, parts.machine,
       "with what the packages draw idle: their meters (RAPL)");
  if (parts.wall) {
    text += fmt::format(
        "wall: {}; with memory's background, the board and the supply's loss: a plug-in meter\n",
        joules(*parts.wall));
  }
  return text;
}

std::string estimate_notes(const Estimate& estimate) {
  std::string text;
  if (const auto absent = absent_figures(estimate); !absent.empty()) {
    text += sentence("\nThe profile lacks {}: what they make of time and energy is not told.",
                     fmt::format("{}", fmt::join(absent, ", ")));
  }
  for (const std::string& note : estimate.counts.origin.notes) text += sentence("\n{}", note);
  for (const std::string& note : estimate.machine.notes) text += sentence("\n{}", note);
  return text.empty() ? text : text + "\n";
}

std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          const TextPage& page) {
  const Table table = metrics_table(estimate, metrics, Audience::kPeople);
  std::string text = estimate_heading(estimate) + aligned_text(table, page);
  if (estimate.training && estimate.training->steps) {
    text += "\none step of each kind:\n" + aligned_text(steps_table(estimate), page);
  }
  if (estimate.counts.images > 1) text += "\n" + per_image_text(estimate);
  text += estimate_summary(estimate);
  return text + estimate_notes(estimate);
}

Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics) {
  return metrics_table(estimate, metrics, Audience::kPrograms);
}

}  // namespace wattgrind
