#include "estimator/calibration/energy_features.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/network/network_part.h"
#include "estimator/pricing/prices.h"

namespace wattgrind {
namespace {

constexpr double kJoulesPerPicojoule = 1e-12;

bool all_timed(const std::vector<CountedReading>& readings) {
  return std::all_of(readings.begin(), readings.end(), [](const CountedReading& counted) {
    return counted.reading.seconds().has_value();
  });
}

// A feature and its value in each reading.
struct FeatureColumn {
  Feature feature;
  std::vector<double> values;
};

std::vector<FeatureColumn> event_columns(const std::vector<CountedReading>& readings,
                                         const Machine& machine) {
  const auto event = [](const std::string& name) {
    return FeatureColumn{{name, "x", FeatureKind::kEvent, 1.0}, {}};
  };
  std::vector<FeatureColumn> columns = {event("operations"), event("DRAM")};
  for (auto level = machine.levels.rbegin(); level != machine.levels.rend(); ++level) {
    columns.push_back(event(level->name));
  }
  const PriceTable prices = machine_prices(machine);
  for (const CountedReading& counted : readings) {
    const EnergyBreakdown<Picojoules> energy = energy_pj(counted.counts, {}, prices);
    columns[0].values.push_back(
        kJoulesPerPicojoule * operations_pj(counted.operations, counted.type, machine.operations));
    columns[1].values.push_back(kJoulesPerPicojoule * energy.dram.value());
    for (size_t i = 0; i < energy.levels.size(); ++i) {
      columns[columns.size() - 1 - i].values.push_back(kJoulesPerPicojoule *
                                                       energy.levels[i].value());
    }
  }
  return columns;
}

FeatureColumn time_column(const std::vector<CountedReading>& readings, const Machine& machine) {
  FeatureColumn column{{"time", "W", FeatureKind::kBackground, std::nullopt}, {}};
  if (machine.static_power_w) column.feature.prior = machine.static_power_w->value;
  for (const CountedReading& counted : readings) {
    column.values.push_back(counted.reading.seconds().value());
  }
  return column;
}

bool is_empty(const FeatureColumn& column) {
  return std::all_of(column.values.begin(), column.values.end(),
                     [](double value) { return value == 0; });
}

void keep_terms(std::vector<FeatureColumn>& columns, const std::vector<std::string>& terms) {
  if (terms.empty()) return;
  std::vector<std::string_view> names;
  for (const FeatureColumn& column : columns) names.push_back(column.feature.name);
  for (const std::string& term : terms) {
    if (std::find(names.begin(), names.end(), term) != names.end()) continue;
    fail(ErrorKind::kUsage, "--terms {}: no such term here; {}", term, suggest(term, names));
  }
  std::erase_if(columns, [&](const FeatureColumn& column) {
    return std::find(terms.begin(), terms.end(), column.feature.name) == terms.end();
  });
}

}  // namespace

std::string workload_name(const Reading& reading) {
  std::string name = reading.workload;
  if (reading.batch != 1) name += fmt::format(" batch {}", reading.batch);
  if (reading.phase != "inference") name += " " + reading.phase;
  return name;
}

EnergyFeatures energy_features(const std::vector<CountedReading>& readings, const Machine& machine,
                               const std::vector<std::string>& terms) {
  std::vector<FeatureColumn> columns = event_columns(readings, machine);
  const bool timed = all_timed(readings);
  if (timed) columns.push_back(time_column(readings, machine));
  std::erase_if(columns, is_empty);
  keep_terms(columns, terms);

  EnergyFeatures features;
  Baseline cost{"latency cost", {}}, macs{"MACs", {}}, time{"time", {}};
  for (const FeatureColumn& column : columns) features.table.features.push_back(column.feature);
  for (size_t i = 0; i < readings.size(); ++i) {
    const CountedReading& counted = readings[i];
    Sample sample{workload_name(counted.reading),
                  {},
                  counted.reading.net_energy_j(),
                  whole_workload(counted.reading.workload)};
    for (const FeatureColumn& column : columns) sample.values.push_back(column.values[i]);
    features.table.samples.push_back(std::move(sample));
    cost.values.push_back(latency_cost(counted.counts, machine, Accounting::kHits).value());
    macs.values.push_back(static_cast<double>(counted.operations.macs));
    time.values.push_back(counted.reading.seconds().value_or(0));
  }
  features.baselines = {std::move(cost), std::move(macs)};
  if (timed) features.baselines.push_back(std::move(time));
  return features;
}

}  // namespace wattgrind
