// The model that a sampler asks what a configuration is likely to be worth, or how far it is likely
// to exceed limits: a Gaussian process on warped values, kept up to date trial by trial at a
// bounded price.
//
// Covariance parameters are fitted again whenever the finished trials have grown by a quarter (by
// 64 at most), on at most 48 of them; the process rests on at most 192 of the trials up to then
// (half of them the best, half spread over the ranks of the rest) and on all since. Trials in
// flight count as if they had ended at their expected value (the kriging believer of Ginsbourger,
// Le Riche and Carraro 2010), so that parallel proposals keep apart.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "search/gaussian/covariance.h"
#include "search/gaussian/gaussian_process.h"
#include "search/samplers/observations.h"

namespace wattgrind {

class Surrogate {
 public:
  enum class Of {
    kObjective,  // TrialValues::objective
    kExcess      // TrialValues::excess
  };

  Surrogate(const UnitSpace& space, Of of, bool noisy)
      : covariance_(space), of_(of), noisy_(noisy) {}

  // Learns these observations, `values` being those of the finished ones (under the weights of the
  // moment). At least one is finished. What it has learned is a function of the arguments alone,
  // whatever it learned before.
  void learn(const Observations& observations, const TrialValues& values);

  // Predictions are on the scale of warped values, which changes from one learn() to the next.
  const GaussianProcess& process() const { return *process_; }
  double warped(double value) const { return warp_(value); }
  // The lowest warped value of a trial that exceeds no limit (absent: all do); where the objective
  // is noisy or values tell variances, the lowest mean over the best observed.
  std::optional<double> incumbent() const { return incumbent_; }

 private:
  // Covariance parameters fitted to the first `trials` finished trials.
  struct Stage {
    size_t trials = 0;
    uint64_t digest = 0;  // of those trials
    CovarianceParameters parameters;
    std::vector<size_t> support;  // the trials among them that the process rests on
  };

  const std::vector<double>& modelled(const TrialValues& values) const;
  // The variances of warped values; empty where trials tell none.
  std::vector<double> own_noise(const TrialValues& values, const Warp& warp) const;
  void update_stages(const Observations& observations);
  Stage make_stage(const Observations& observations, size_t trials) const;
  void update_rows(const Observations& observations, std::span<const double> own_noise);
  void update_values(const Observations& observations);
  void update_incumbent(const Observations& observations, bool uncertain);

  Covariance covariance_;
  Of of_;
  bool noisy_;
  std::vector<Stage> stages_;
  std::optional<GaussianProcess> process_;
  uint64_t process_digest_ = 0;     // of the stage the process was made for
  std::vector<size_t> rows_;        // finished trial of each row of the process
  std::vector<uint64_t> row_keys_;  // their points, with the noise of their values
  Warp warp_;
  std::optional<double> incumbent_;
};

}  // namespace wattgrind
