// A baseline is what a model worth having has to beat: the target predicted from one number, by a
// straight line or in proportion.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "estimator/fit/feature_table.h"
#include "estimator/fit/fit_quality.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {

// A number that is known for every sample: "latency cost", "MACs", "time".
struct Baseline {
  std::string name;
  std::vector<double> values;  // by sample of the table
};

enum class BaselineForm { kProportion, kLine };

// The target is intercept + slope * value. The intercept of a line may be negative, that of a
// proportion is 0.
struct StraightLine {
  double intercept = 0;
  double slope = 0;
};

struct BaselineScore {
  std::string name;
  BaselineForm form = BaselineForm::kProportion;
  StraightLine line;  // fitted to all samples
  FitQuality in_sample;
  FitQuality left_out;
};

// Weighted least squares through the samples. A line through samples of one value is flat.
StraightLine fit_line(std::span<const double> values, std::span<const double> targets,
                      BaselineForm form, Weighting weighting);

BaselineScore score_baseline(const FeatureTable& table, std::span<const Fold> folds,
                             const Baseline& baseline, BaselineForm form, Weighting weighting);

}  // namespace wattgrind
