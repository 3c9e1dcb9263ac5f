#include "cli/reports/estimate_report.h"

#include <fmt/format.h>

#include "cli/reports/estimate_metrics.h"
#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"

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
  const double energy = energy_of(estimate.total.energy).total / images;
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  return fmt::format("per image: {} cycles, {} {}\n",
                     with_separators(estimate.total.cost.value() / images, 0),
                     with_separators(picojoules ? energy / kPicojoulesAMicrojoule : energy, 3),
                     picojoules ? "uJ" : "MACs");
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

std::string estimate_heading(const Estimate& estimate) {
  const NetworkCounts& counts = estimate.counts;
  const CountOrigin& origin = counts.origin;
  return sentence("{}, batch {}, {} on {}: {}\ncounts: {}{}, {} kernels; prices: {}\n\n",
                  counts.network, counts.batch, phase_text(estimate), estimate.machine.name,
                  what_is_counted(estimate), origin.source,
                  origin.version ? " " + *origin.version : "", traits(origin.isa).name,
                  origin_name(estimate.pricing.prices.origin));
}

std::string estimate_notes(const Estimate& estimate) {
  std::string text;
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
  return text + estimate_notes(estimate);
}

Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics) {
  return metrics_table(estimate, metrics, Audience::kPrograms);
}

}  // namespace wattgrind
