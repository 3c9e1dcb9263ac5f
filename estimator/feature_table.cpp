#include "estimator/feature_table.h"

#include <cmath>
#include <map>

#include "estimator/error.h"

namespace wattgrind {

void validate(const FeatureTable& table) {
  CHECK(!table.features.empty(), "a table without features");
  for (const Sample& sample : table.samples) {
    CHECK(sample.values.size() == table.features.size(), "{}: {} values for {} features",
          sample.workload, sample.values.size(), table.features.size());
    if (!std::isfinite(sample.energy_j) || sample.energy_j <= 0) {
      fail(ErrorKind::kInput, "{}: energy must be positive, found {}", sample.workload,
           sample.energy_j);
    }
    for (size_t i = 0; i < sample.values.size(); ++i) {
      if (std::isfinite(sample.values[i]) && sample.values[i] >= 0) continue;
      fail(ErrorKind::kInput, "{}: '{}' must be a finite number of at least 0, found {}",
           sample.workload, table.features[i].name, sample.values[i]);
    }
  }
}

std::vector<Fold> workload_folds(const FeatureTable& table) {
  std::vector<Fold> folds;
  std::map<std::string, size_t> fold_of;
  for (size_t i = 0; i < table.samples.size(); ++i) {
    const auto [place, is_new] = fold_of.emplace(table.samples[i].workload, folds.size());
    if (is_new) folds.emplace_back();
    folds[place->second].push_back(i);
  }
  return folds;
}

}  // namespace wattgrind
