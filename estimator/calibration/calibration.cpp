#include "estimator/calibration/calibration.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Choosing inside a fold leaves out one more fold, and a fit needs at least one: that makes three.
constexpr size_t kFewestFolds = 3;

void require_enough(const FeatureTable& table, size_t workloads, std::string_view keep_words) {
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
       "({} {})",
       workloads, table.features.size(), table.features.size() - workloads, dropped, keep_words,
       kept);
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

double interval_percent(const FitQuality& left_out, size_t workloads, size_t features) {
  const boost::math::students_t t(static_cast<double>(workloads - features));
  return boost::math::quantile(t, 0.975) * left_out.rmspe_percent;
}

}  // namespace

std::vector<FeatureSet> nested_models(const FeatureTable& table) {
  FeatureSet nested, optional;
  for (size_t i = 0; i < table.features.size(); ++i) {
    (table.features[i].kind == FeatureKind::kNested ? nested : optional).push_back(i);
  }
  std::vector<FeatureSet> models;
  for (size_t leading = 0; leading <= nested.size(); ++leading) {
    for (size_t choice = 0; choice < size_t{1} << optional.size(); ++choice) {
      FeatureSet features(nested.begin(), nested.begin() + static_cast<std::ptrdiff_t>(leading));
      for (size_t i = 0; i < optional.size(); ++i) {
        if (choice >> i & 1) features.push_back(optional[i]);
      }
      std::sort(features.begin(), features.end());
      if (!features.empty()) models.push_back(std::move(features));
    }
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const FeatureSet& a, const FeatureSet& b) { return a.size() < b.size(); });
  return models;
}

Calibration calibrate(const FeatureTable& table, const std::vector<Baseline>& baselines,
                      const CalibrationOptions& options) {
  validate(table);
  const size_t workloads = workload_folds(table).size();
  require_enough(table, workloads, options.keep_words);

  Calibration result;
  result.leaving_out = what_to_leave_out(table);
  const std::vector<Fold> folds =
      result.leaving_out == LeavingOut::kNetworks ? network_folds(table) : workload_folds(table);
  const std::vector<FeatureSet> models = nested_models(table);
  result.candidates = score_models(table, folds, models, options.fit);
  const FeatureSet& chosen = models[best_model(result.candidates)];
  const std::vector<size_t> all = samples_of(folds);
  result.model = fit_linear(table, all, chosen, options.fit);
  result.coefficients =
      bootstrap_coefficients(table, folds, chosen, options.fit, options.bootstrap);

  std::vector<double> measured;
  for (const Sample& sample : table.samples) {
    measured.push_back(sample.target);
    result.fitted.push_back(result.model.predict(sample.values));
  }
  result.in_sample = fit_quality(measured, result.fitted);
  result.nested = nested_cross_validation(table, folds, models, options.fit);
  result.left_out = quality(table, result.nested.left_out);
  result.interval_percent = interval_percent(result.left_out, workloads, chosen.size());
  result.baselines = score_baselines(table, folds, baselines, options.fit.weighting);
  result.winning_baseline = winner(result.baselines, result.left_out.mape_percent);
  return result;
}

}  // namespace wattgrind
