// Calibration finds the prices at which counts become what was measured: joules, or seconds.
//
// A linear model whose coefficients are not negative is fitted to readings. Leave-one-out error,
// never the fit itself, decides which features the model uses, and the error that is reported comes
// from choosing anew in every fold. Beside the model stand the baselines that it must beat to be
// worth having.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/fit/baseline.h"
#include "estimator/fit/bootstrap.h"
#include "estimator/fit/cross_validation.h"
#include "estimator/fit/feature_table.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {

struct CalibrationOptions {
  FitOptions fit;
  BootstrapOptions bootstrap;
  // How an error tells the user to keep some features alone: their names follow these words.
  std::string keep_words = "keep";
};

// What is left out together. The layers of a network and the whole of it resemble each other: where
// they are not left out together, the error is that of another layer of the same networks.
enum class LeavingOut {
  kWorkloads,          // each workload on its own; no two are of one network
  kNetworks,           // each network with all its parts
  kPartsOfFewNetworks  // each workload on its own, because there are too few networks to leave out
};

struct Calibration {
  LinearModel model;                   // chosen by leave-one-out, fitted to all samples
  std::vector<Interval> coefficients;  // 95 % bootstrap intervals, by feature of the model
  std::vector<double> fitted;          // by sample, in the unit of the target
  FitQuality in_sample;
  std::vector<ScoredModel> candidates;  // every nested model, fewest features first
  NestedResult nested;                  // the model chosen inside each fold
  FitQuality left_out;                  // quality of `nested`, to be expected of a new workload
  LeavingOut leaving_out = LeavingOut::kWorkloads;
  std::vector<BaselineScore> baselines;

  // Half the width of the 95 % interval of a prediction, in percent of it: Student's t for
  // (workloads - features) degrees of freedom times the root mean square of the relative errors of
  // `nested`. Assumes those are about normal, and a workload like those measured.
  double interval_percent = 0;

  // The baseline with the least leave-one-out MAPE, if it is below the model's by at least 0.05
  // percent points; absent: no baseline wins.
  std::optional<size_t> winning_baseline;
};

// The nested models over the table's features: every number of leading nested features, from none
// to all, with every choice of optional features. Those with fewest features come first.
std::vector<FeatureSet> nested_models(const FeatureTable& table);

// Throws Error(kInput) when there are fewer than 3 workloads, or fewer workloads than features; the
// message then names the features to drop.
Calibration calibrate(const FeatureTable& table, const std::vector<Baseline>& baselines,
                      const CalibrationOptions& options);

}  // namespace wattgrind
