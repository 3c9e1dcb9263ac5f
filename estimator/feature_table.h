// What calibration fits energy to: for each reading, the numbers that may explain it.
#pragma once

#include <cstddef>
#include <optional>
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
};

struct FeatureTable {
  std::vector<Feature> features;
  std::vector<Sample> samples;
};

// Throws Error(kInput) naming the workload and the feature of a value that is negative or not
// finite, or of an energy that is not positive; CHECKs the shape.
void validate(const FeatureTable& table);

// Samples of one workload are left out together: a prediction never saw its own workload.
using Fold = std::vector<size_t>;
std::vector<Fold> workload_folds(const FeatureTable& table);

}  // namespace wattgrind
