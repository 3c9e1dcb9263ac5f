// Calibration: the prices at which counts become the joules that a meter read.
//
// energy = static power * time + sum over levels of price * accesses + price * operations, with
// prices that are not negative, is fitted to readings. Which of its terms are used is decided by
// leave-one-out error, never by fit, and the error that is reported chooses anew in every fold.
// Beside it stand the baselines that a model worth having must beat.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/fit/baseline.h"
#include "estimator/fit/bootstrap.h"
#include "estimator/fit/cross_validation.h"
#include "estimator/fit/energy_fit.h"
#include "estimator/fit/feature_table.h"

namespace wattgrind {

struct CalibrationOptions {
  FitOptions fit;
  BootstrapOptions bootstrap;
};

// What is left out together. A network's layers tell of the whole and the whole of them: where they
// are not left out together, the error is that of another layer of the same networks.
enum class LeavingOut {
  kWorkloads,          // each on its own; none is part of another's network
  kNetworks,           // each with its parts
  kPartsOfFewNetworks  // workloads, parts of networks too few to leave one out
};

struct Calibration {
  EnergyModel model;                   // chosen by leave-one-out, fitted to all samples
  std::vector<Interval> coefficients;  // 95 % bootstrap intervals, by term of the model
  std::vector<double> fitted_j;        // by sample
  FitQuality in_sample;
  std::vector<ScoredModel> candidates;  // every nested model, fewest terms first
  NestedResult nested;                  // the model chosen inside each fold
  FitQuality left_out;                  // of `nested`: the error to expect of a new workload
  LeavingOut leaving_out = LeavingOut::kWorkloads;
  std::vector<BaselineScore> baselines;

  // Half the width of the 95 % interval of a prediction, in percent of it: Student's t for
  // (workloads - terms) degrees of freedom times the root mean square of the relative errors of
  // `nested`. Assumes those are about normal, and a workload like those measured.
  double interval_percent = 0;

  // The baseline with the least leave-one-out MAPE, if it is below the model's by at least 0.05
  // percent points; absent: no baseline wins.
  std::optional<size_t> winning_baseline;
};

// Nested models over the table's features: each number of leading events (0 to all, in the order
// of the table) with each choice of background features; fewest terms first.
std::vector<Terms> nested_models(const FeatureTable& table);

// Throws Error(kInput) when there are fewer than 3 workloads or fewer than features, naming the
// terms to drop.
Calibration calibrate(const FeatureTable& table, const std::vector<Baseline>& baselines,
                      const CalibrationOptions& options);

}  // namespace wattgrind
