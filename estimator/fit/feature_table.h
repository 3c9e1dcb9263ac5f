// What calibration fits energy to: for each reading, the numbers that may explain it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wattgrind {

// One term of the energy model. An event is something counted (operations, accesses of a level);
// what runs in the background (time, start-up) adds to it or does not, whatever the events are.
enum class FeatureKind { kEvent, kBackground };

struct Feature {
  std::string name;  // as --terms calls it
  std::string unit;  // of its coefficient: "pJ", "W"
  FeatureKind kind = FeatureKind::kEvent;
  std::optional<double> prior;  // the coefficient expected, joules a unit of the feature
};

struct Sample {
  std::string workload;
  std::vector<double> values;  // by feature, at least 0
  double energy_j = 0;         // positive
  // The network it is, or is a part of, whose other parts tell of this one; empty: it has none.
  std::string network = {};
};

struct FeatureTable {
  std::vector<Feature> features;
  std::vector<Sample> samples;
};

// Throws Error(kInput) naming the workload and the feature of a value that is negative or not
// finite, or of an energy that is not positive; CHECKs the shape.
void validate(const FeatureTable& table);

// Samples that are left out together.
using Fold = std::vector<size_t>;

// Those of one workload: a prediction never saw its own.
std::vector<Fold> workload_folds(const FeatureTable& table);

// Those of one network, its layers and the whole: a prediction never saw a part of it, nor what it
// is a part of.
std::vector<Fold> network_folds(const FeatureTable& table);

size_t count_workloads(const FeatureTable& table, std::span<const size_t> samples);

}  // namespace wattgrind
