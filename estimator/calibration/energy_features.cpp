#include "estimator/calibration/energy_features.h"

#include <fmt/format.h>

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/network/network_part.h"
#include "estimator/pricing/prices.h"
#include "estimator/pricing/running_energy.h"

namespace wattgrind {
namespace {

constexpr double kJoulesPerPicojoule = 1e-12;

bool all_timed(const std::vector<CountedReading>& readings) {
  return std::all_of(readings.begin(), readings.end(), [](const CountedReading& counted) {
    return counted.reading.seconds().has_value();
  });
}

// A term, the feature made of it, and that feature's value in each reading.
struct FeatureColumn {
  Term term;
  Feature feature;
  std::vector<double> values;
};

FeatureColumn priced_column(const Term& term) {
  return {term, {name(term), "times the profile's price", FeatureKind::kNested, 1.0}, {}};
}

std::vector<FeatureColumn> priced_columns(const std::vector<CountedReading>& readings,
                                          const Machine& machine) {
  std::vector<FeatureColumn> columns = {priced_column({TermKind::kOperations}),
                                        priced_column({TermKind::kDram})};
  for (size_t level = machine.levels.size(); level > 0; --level) {
    columns.push_back(priced_column(level_term(machine, level - 1)));
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
  const Term term{TermKind::kTime};
  FeatureColumn column{term, {name(term), "W", FeatureKind::kOptional, std::nullopt}, {}};
  if (machine.static_power_w) {
    column.feature.prior = machine.static_power_w->value;
  } else if (const auto power = running_power(machine, IdleShare::kNone)) {
    column.feature.prior = power->awake_w;
  }
  for (const CountedReading& counted : readings) {
    column.values.push_back(counted.reading.seconds().value());
  }
  return column;
}

bool tells_instructions(const std::vector<CountedReading>& readings, const Machine& machine) {
  return machine.instructions && std::ranges::all_of(readings, [](const CountedReading& counted) {
           return counted.counts.instructions.has_value();
         });
}

FeatureColumn instructions_column(const std::vector<CountedReading>& readings,
                                  const Machine& machine) {
  FeatureColumn column = priced_column({TermKind::kInstructions});
  column.feature.kind = FeatureKind::kOptional;
  for (const CountedReading& counted : readings) {
    column.values.push_back(kJoulesPerPicojoule *
                            instructions_pj(*counted.counts.instructions, *machine.instructions));
  }
  return column;
}

bool is_empty(const FeatureColumn& column) {
  return std::all_of(column.values.begin(), column.values.end(),
                     [](double value) { return value == 0; });
}

}  // namespace

std::string workload_name(const Reading& reading) {
  std::string name = reading.workload;
  if (reading.batch != 1) name += fmt::format(" batch {}", reading.batch);
  if (reading.phase != "inference") name += " " + reading.phase;
  return name;
}

EnergyFeatures energy_features(const std::vector<CountedReading>& readings,
                               const Machine& machine) {
  std::vector<FeatureColumn> columns = priced_columns(readings, machine);
  const bool timed = all_timed(readings);
  if (timed) columns.push_back(time_column(readings, machine));
  if (tells_instructions(readings, machine)) {
    columns.push_back(instructions_column(readings, machine));
  }
  std::erase_if(columns, is_empty);

  EnergyFeatures features;
  features.table.target = {"energy", "J"};
  Baseline cost{"latency cost", {}}, macs{"MACs", {}}, time{"time", {}};
  for (const FeatureColumn& column : columns) {
    features.terms.push_back(column.term);
    features.table.features.push_back(column.feature);
  }
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

Term named_term(const EnergyFeatures& features, std::string_view word) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < features.terms.size(); ++i) {
    words.push_back(features.table.features[i].name);
    if (words.back() == word) return features.terms[i];
  }
  fail(ErrorKind::kUsage, "no such term here; {}", suggest(word, words));
}

EnergyFeatures only_terms(const EnergyFeatures& features, std::span<const Term> terms) {
  EnergyFeatures kept;
  kept.baselines = features.baselines;
  kept.table.target = features.table.target;
  for (const Sample& sample : features.table.samples) {
    kept.table.samples.push_back({sample.workload, {}, sample.target, sample.network});
  }
  for (size_t i = 0; i < features.terms.size(); ++i) {
    if (std::ranges::find(terms, features.terms[i]) == terms.end()) continue;
    kept.terms.push_back(features.terms[i]);
    kept.table.features.push_back(features.table.features[i]);
    for (size_t j = 0; j < kept.table.samples.size(); ++j) {
      kept.table.samples[j].values.push_back(features.table.samples[j].values[i]);
    }
  }
  return kept;
}

}  // namespace wattgrind
