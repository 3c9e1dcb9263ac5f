#include "estimator/fit/feature_table.h"

#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// One fold holds the samples of one key; folds stand in the order in which their keys first come.
template <typename KeyOf>
std::vector<Fold> folds_by(const FeatureTable& table, KeyOf key_of) {
  std::vector<Fold> folds;
  std::map<std::string, size_t> fold_of;
  for (size_t i = 0; i < table.samples.size(); ++i) {
    const auto [place, is_new] = fold_of.emplace(key_of(table.samples[i]), folds.size());
    if (is_new) folds.emplace_back();
    folds[place->second].push_back(i);
  }
  return folds;
}

}  // namespace

void validate(const FeatureTable& table) {
  CHECK(!table.features.empty(), "a table without features");
  for (const Sample& sample : table.samples) {
    CHECK(sample.values.size() == table.features.size(), "{}: {} values for {} features",
          sample.workload, sample.values.size(), table.features.size());
    if (!std::isfinite(sample.target) || sample.target <= 0) {
      fail(ErrorKind::kInput, "{}: {} must be positive, found {}", sample.workload,
           table.target.name, sample.target);
    }
    for (size_t i = 0; i < sample.values.size(); ++i) {
      if (std::isfinite(sample.values[i]) && sample.values[i] >= 0) continue;
      fail(ErrorKind::kInput, "{}: '{}' must be a finite number of at least 0, found {}",
           sample.workload, table.features[i].name, sample.values[i]);
    }
  }
}

std::vector<Fold> workload_folds(const FeatureTable& table) {
  return folds_by(table, [](const Sample& sample) { return sample.workload; });
}

std::vector<Fold> network_folds(const FeatureTable& table) {
  return folds_by(table, [](const Sample& sample) {
    return sample.network.empty() ? sample.workload : sample.network;
  });
}

size_t count_workloads(const FeatureTable& table, std::span<const size_t> samples) {
  std::set<std::string_view> workloads;
  for (const size_t i : samples) workloads.insert(table.samples[i].workload);
  return workloads.size();
}

}  // namespace wattgrind
