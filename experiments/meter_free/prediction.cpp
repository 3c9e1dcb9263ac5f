#include "experiments/meter_free/prediction.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimator/base/error.h"
#include "estimator/fit/fit_quality.h"
#include "estimator/pricing/priced_estimate.h"
#include "estimator/pricing/uncertainty.h"

namespace wattgrind {
namespace {

constexpr double kPicojoulesAJoule = 1e12;

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](size_t i) { return values[i]; });
  std::vector<double> result(values.size());
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    const double mean = static_cast<double>(i + end + 1) / 2;  // ranks from 1
    for (; i < end; ++i) result[order[i]] = mean;
  }
  return result;
}

}  // namespace

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  return fit_quality(ranks(a), ranks(b)).r.value_or(1);
}

Agreement agreement(const std::vector<Compared>& all) {
  CHECK(!all.empty(), "nothing to compare");
  Agreement result;
  std::vector<double> predicted, read;
  double logarithms = 0;
  for (const Compared& each : all) {
    predicted.push_back(each.predicted);
    read.push_back(each.read);
    logarithms += std::log(each.ratio());
    const double factor = std::max(each.ratio(), 1 / each.ratio());
    result.worst_factor = std::max(result.worst_factor, factor);
    result.within += factor <= kNear ? 1 : 0;
    result.covered += factor <= each.factor ? 1 : 0;
  }
  result.count = all.size();
  const auto count = static_cast<double>(all.size());
  result.geometric_mean = std::exp(logarithms / count);
  result.within /= count;
  result.covered /= count;
  result.rank_correlation = spearman(predicted, read);
  return result;
}

Machine at_clock(Machine machine, double ghz) {
  if (ghz == 0) return machine;
  machine.clocks = {};
  machine.clocks.scalar_hz = Sourced<double>{1e9 * ghz, "the machine's name"};
  machine.clocks.scalar_hz->basis = Basis::kPublished;
  return machine;
}

PredictedCost predict(NetworkCounts counts, const Machine& machine) {
  Pricing pricing;
  pricing.prices = machine_prices(machine);
  pricing.scope = EnergyScope::kMachine;
  const Estimate estimate = price_estimate(std::move(counts), machine, pricing, {});
  const PricedRow& total = estimate.total;
  const EnergyParts energy = energy_of(total.energy, pricing.scope);
  CHECK(total.predicted && energy.machine, "{} lacks figures", machine.name);
  PredictedCost result;
  result.time = *total.predicted;
  result.time_factor = time_factor(estimate, total).value();
  result.events_j = energy_of(total.energy, EnergyScope::kEvents).total / kPicojoulesAJoule;
  result.activity_j = energy.activity.value() / kPicojoulesAJoule;
  result.machine_j = energy.machine.value() / kPicojoulesAJoule;
  result.energy_factor = energy_factor(estimate, total).value();
  return result;
}

double packages_j(const PredictedCost& prediction, const Machine& machine, double cores,
                  double seconds) {
  const RunningPower power = running_power(machine, kAllIdle).value();
  const double more_cores_w = (cores - 1) * machine.power->core_w->value;
  return prediction.activity_j + seconds * (power.awake_w + power.idle_w.value() + more_cores_w);
}

}  // namespace wattgrind
