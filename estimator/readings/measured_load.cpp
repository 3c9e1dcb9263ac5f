#include "estimator/readings/measured_load.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

template <typename Rails>
auto find_rail(Rails& rails, std::string_view name) {
  return std::find_if(rails.begin(), rails.end(),
                      [&](const RailPower& rail) { return rail.name == name; });
}

double net_of_idle_j(const MeteredRun& run, const std::optional<double>& idle_power_w) {
  return *run.energy_j - idle_power_w.value_or(0) * run.duration_s;
}

}  // namespace

uint64_t Measurement::repetitions() const {
  uint64_t sum = 0;
  for (const MeteredRun& run : runs) sum += run.repetitions;
  return sum;
}

double Measurement::duration_s() const {
  double sum_s = 0;
  for (const MeteredRun& run : runs) sum_s += run.duration_s;
  return sum_s;
}

double Measurement::seconds() const { return duration_s() / static_cast<double>(repetitions()); }

std::optional<double> Measurement::total_energy_j() const {
  double sum_j = 0;
  for (const MeteredRun& run : runs) {
    if (!run.energy_j) return std::nullopt;
    sum_j += *run.energy_j;
  }
  return sum_j;
}

std::optional<double> Measurement::energy_j() const {
  const std::optional<double> power = power_w();
  if (!power) return std::nullopt;
  return *power * seconds();
}

std::optional<double> Measurement::power_w() const {
  const std::optional<double> total_j = total_energy_j();
  if (!total_j) return std::nullopt;
  return *total_j / duration_s() - idle_power_w.value_or(0);
}

std::vector<RailPower> Measurement::rails() const {
  std::vector<RailPower> powers;
  const double duration = duration_s();
  for (const MeteredRun& run : runs) {
    for (const RailEnergy& rail : run.rails) {
      auto power = find_rail(powers, rail.name);
      if (power == powers.end()) {
        const auto idle = find_rail(idle_rails, rail.name);
        const double idle_w = idle == idle_rails.end() ? 0 : idle->power_w;
        power = powers.insert(powers.end(), {rail.name, -idle_w, false});
      }
      power->power_w += rail.energy_j / duration;
      // A rail is out of the total of the runs in which it reads zero; that adds nothing.
      power->in_total = power->in_total || rail.in_total;
    }
  }
  return powers;
}

std::optional<double> Measurement::relative_error() const {
  if (runs.size() < 2) return std::nullopt;
  std::vector<double> values;
  double mean = 0;
  for (const MeteredRun& run : runs) {
    const double value = run.energy_j ? net_of_idle_j(run, idle_power_w) : run.duration_s;
    values.push_back(value / static_cast<double>(run.repetitions));
    mean += values.back() / static_cast<double>(runs.size());
  }
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(runs.size());
  return std::sqrt(squares / (n - 1) / n) / std::abs(mean);
}

Reading reading_of(const Measurement& measurement, uint64_t batch) {
  Reading reading;
  reading.workload = measurement.workload;
  reading.batch = batch;
  reading.repetitions = measurement.repetitions();
  reading.energy_j = measurement.total_energy_j().value();
  reading.duration_s = measurement.duration_s();
  reading.idle_power_w = measurement.idle_power_w;
  return reading;
}

}  // namespace wattgrind
