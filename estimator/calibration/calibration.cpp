#include "estimator/calibration/calibration.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Two to fit, one left out twice over: choosing inside a fold needs three.
constexpr size_t kFewestFolds = 3;

void require_enough(const FeatureTable& table, size_t workloads) {
  if (workloads < kFewestFolds) {
    fail(ErrorKind::kInput,
         "readings of {} workload{}: measure at least {}, so that each can be left out in turn",
         workloads, workloads == 1 ? "" : "s", kFewestFolds);
  }
  if (workloads >= table.features.size()) return;
  std::string kept, dropped;
  for (size_t i = 0; i < table.features.size(); ++i) {
    std::string& list = i < workloads ? kept : dropped;
    if (!list.empty()) list += ',';
    list += table.features[i].name;
  }
  fail(ErrorKind::kInput,
       "readings of {} workloads cannot fix {} coefficients: measure {} more, or drop the terms {} "
       "(--terms {})",
       workloads, table.features.size(), table.features.size() - workloads, dropped, kept);
}

LeavingOut what_to_leave_out(const FeatureTable& table) {
  const size_t networks = network_folds(table).size();
  if (networks == workload_folds(table).size()) return LeavingOut::kWorkloads;
  return networks >= kFewestFolds ? LeavingOut::kNetworks : LeavingOut::kPartsOfFewNetworks;
}

std::vector<BaselineScore> score_baselines(const FeatureTable& table, std::span<const Fold> folds,
                                           const std::vector<Baseline>& baselines,
                                           Weighting weighting) {
  std::vector<BaselineScore> scores;
  for (const Baseline& baseline : baselines) {
    for (const BaselineForm form : {BaselineForm::kProportion, BaselineForm::kLine}) {
      scores.push_back(score_baseline(table, folds, baseline, form, weighting));
    }
  }
  return scores;
}

std::optional<size_t> winner(const std::vector<BaselineScore>& baselines, double mape_percent) {
  // Errors are printed with one decimal: what prints alike is a draw.
  constexpr double kDrawPercent = 0.05;
  const auto best = std::min_element(baselines.begin(), baselines.end(),
                                     [](const BaselineScore& a, const BaselineScore& b) {
                                       return a.left_out.mape_percent < b.left_out.mape_percent;
                                     });
  if (best == baselines.end() || best->left_out.mape_percent > mape_percent - kDrawPercent) {
    return std::nullopt;
  }
  return static_cast<size_t>(best - baselines.begin());
}

double interval_percent(const FitQuality& left_out, size_t workloads, size_t terms) {
  const boost::math::students_t t(static_cast<double>(workloads - terms));
  return boost::math::quantile(t, 0.975) * left_out.rmspe_percent;
}

}  // namespace

std::vector<Terms> nested_models(const FeatureTable& table) {
  Terms events, background;
  for (size_t i = 0; i < table.features.size(); ++i) {
    (table.features[i].kind == FeatureKind::kEvent ? events : background).push_back(i);
  }
  std::vector<Terms> models;
  for (size_t leading = 0; leading <= events.size(); ++leading) {
    for (size_t choice = 0; choice < size_t{1} << background.size(); ++choice) {
      Terms terms(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(leading));
      for (size_t i = 0; i < background.size(); ++i) {
        if (choice >> i & 1) terms.push_back(background[i]);
      }
      std::sort(terms.begin(), terms.end());
      if (!terms.empty()) models.push_back(std::move(terms));
    }
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const Terms& a, const Terms& b) { return a.size() < b.size(); });
  return models;
}

Calibration calibrate(const FeatureTable& table, const std::vector<Baseline>& baselines,
                      const CalibrationOptions& options) {
  validate(table);
  const size_t workloads = workload_folds(table).size();
  require_enough(table, workloads);

  Calibration result;
  result.leaving_out = what_to_leave_out(table);
  const std::vector<Fold> folds =
      result.leaving_out == LeavingOut::kNetworks ? network_folds(table) : workload_folds(table);
  const std::vector<Terms> models = nested_models(table);
  result.candidates = score_models(table, folds, models, options.fit);
  const Terms& chosen = models[best_model(result.candidates)];
  const std::vector<size_t> all = samples_of(folds);
  result.model = fit_energy(table, all, chosen, options.fit);
  result.coefficients =
      bootstrap_coefficients(table, folds, chosen, options.fit, options.bootstrap);

  std::vector<double> measured_j;
  for (const Sample& sample : table.samples) {
    measured_j.push_back(sample.energy_j);
    result.fitted_j.push_back(result.model.predict_j(sample.values));
  }
  result.in_sample = fit_quality(measured_j, result.fitted_j);
  result.nested = nested_cross_validation(table, folds, models, options.fit);
  result.left_out = quality(table, result.nested.left_out);
  result.interval_percent = interval_percent(result.left_out, workloads, chosen.size());
  result.baselines = score_baselines(table, folds, baselines, options.fit.weighting);
  result.winning_baseline = winner(result.baselines, result.left_out.mape_percent);
  return result;
}

}  // namespace wattgrind
