// What a fit is made to: samples of a target, and for each of them the features that may explain
// it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wattgrind {

// The quantity that a fit explains, and the unit of its values: {"energy", "J"}, {"time", "s"}.
struct FitTarget {
  std::string name;
  std::string unit;
};

// How a feature takes part in the nested models among which one is chosen.
enum class FeatureKind {
  kNested,   // it is used only together with every nested feature before it in the table
  kOptional  // it is used or not, whatever other features are
};

struct Feature {
  std::string name;
  std::string unit;  // of its coefficient, as a report prints it
  FeatureKind kind = FeatureKind::kNested;
  std::optional<double> prior;  // the coefficient that is expected before any sample is seen
};

struct Sample {
  std::string workload;
  std::vector<double> values;  // by feature, at least 0
  double target = 0;           // positive, in the unit of the table's target
  // The network that the workload is or is a part of, whose other parts resemble it; empty where it
  // belongs to none.
  std::string network = {};
};

struct FeatureTable {
  FitTarget target;
  std::vector<Feature> features;
  std::vector<Sample> samples;
};

// Throws Error(kInput) naming the workload and the feature of a value that is negative or not
// finite, or the workload whose target is not positive; CHECKs the shape.
void validate(const FeatureTable& table);

// The indices of samples that are left out together.
using Fold = std::vector<size_t>;

// One fold holds the samples of one workload, so that no prediction comes from a fit that saw the
// same workload.
std::vector<Fold> workload_folds(const FeatureTable& table);

// One fold holds the samples of one network, both of its layers and of the whole, so that no
// prediction comes from a fit that saw another part of the network.
std::vector<Fold> network_folds(const FeatureTable& table);

size_t count_workloads(const FeatureTable& table, std::span<const size_t> samples);

}  // namespace wattgrind
