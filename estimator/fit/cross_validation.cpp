#include "estimator/fit/cross_validation.h"

#include <algorithm>
#include <map>

#include "estimator/base/error.h"
#include "estimator/base/random.h"

namespace wattgrind {
namespace {

std::vector<Fold> without(std::span<const Fold> folds, size_t left_out) {
  std::vector<Fold> rest(folds.begin(), folds.end());
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
  return rest;
}

// The fewest workloads that remain whichever fold is left out.
size_t fewest_workloads_left(const FeatureTable& table, std::span<const Fold> folds) {
  size_t fewest = table.samples.size();
  for (size_t i = 0; i < folds.size(); ++i) {
    fewest = std::min(fewest, count_workloads(table, samples_of(without(folds, i))));
  }
  return fewest;
}

FitAndPredict linear_fit(const FeatureTable& table, const FeatureSet& features,
                         const FitOptions& options) {
  return
      [&table, &features, &options](std::span<const size_t> train, std::span<const size_t> test) {
        const LinearModel model = fit_linear(table, train, features, options);
        std::vector<double> predicted;
        for (const size_t i : test) predicted.push_back(model.predict(table.samples[i].values));
        return predicted;
      };
}

}  // namespace

std::vector<size_t> samples_of(std::span<const Fold> folds) {
  std::vector<size_t> samples;
  for (const Fold& fold : folds) samples.insert(samples.end(), fold.begin(), fold.end());
  return samples;
}

std::vector<Fold> dealt_folds(std::span<const std::string> groups, size_t count, uint64_t seed) {
  std::map<std::string, Fold> by_group;
  for (size_t i = 0; i < groups.size(); ++i) by_group[groups[i]].push_back(i);
  std::vector<Fold> order;
  for (auto& [group, samples] : by_group) order.push_back(std::move(samples));
  Random random(seed);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  std::vector<Fold> folds(std::min(count, order.size()));
  for (size_t i = 0; i < order.size(); ++i) {
    Fold& fold = folds[i % folds.size()];
    fold.insert(fold.end(), order[i].begin(), order[i].end());
  }
  return folds;
}

LeftOut leave_one_out(std::span<const Fold> folds, const FitAndPredict& fit_and_predict) {
  CHECK(folds.size() >= 2, "{} folds", folds.size());
  LeftOut result;
  for (size_t i = 0; i < folds.size(); ++i) {
    const std::vector<Fold> rest = without(folds, i);
    const std::vector<double> predicted = fit_and_predict(samples_of(rest), folds[i]);
    result.samples.insert(result.samples.end(), folds[i].begin(), folds[i].end());
    result.predicted.insert(result.predicted.end(), predicted.begin(), predicted.end());
  }
  return result;
}

FitQuality quality(const FeatureTable& table, const LeftOut& left_out) {
  std::vector<double> measured;
  for (const size_t i : left_out.samples) measured.push_back(table.samples[i].target);
  return fit_quality(measured, left_out.predicted);
}

std::vector<ScoredModel> score_models(const FeatureTable& table, std::span<const Fold> folds,
                                      std::span<const FeatureSet> candidates,
                                      const FitOptions& options) {
  const size_t workloads_left = fewest_workloads_left(table, folds);
  std::vector<ScoredModel> scored;
  for (const FeatureSet& features : candidates) {
    scored.push_back({features, std::nullopt});
    if (features.size() > workloads_left) continue;
    scored.back().left_out =
        quality(table, leave_one_out(folds, linear_fit(table, features, options)));
  }
  return scored;
}

size_t best_model(std::span<const ScoredModel> scored) {
  // Two models that differ by rounding alone are equals, also where both have no error but that.
  constexpr double kLess = 1 - 1e-9;
  constexpr double kRoundingPercent = 1e-9;
  std::optional<size_t> best;
  for (size_t i = 0; i < scored.size(); ++i) {
    if (!scored[i].left_out) continue;
    if (!best || scored[i].left_out->mape_percent + kRoundingPercent <
                     kLess * scored[*best].left_out->mape_percent) {
      best = i;
    }
  }
  CHECK(best, "none of {} candidates could be scored", scored.size());
  return *best;
}

NestedResult nested_cross_validation(const FeatureTable& table, std::span<const Fold> folds,
                                     std::span<const FeatureSet> candidates,
                                     const FitOptions& options) {
  CHECK(folds.size() >= 3, "{} folds", folds.size());
  NestedResult result;
  for (size_t i = 0; i < folds.size(); ++i) {
    const std::vector<Fold> rest = without(folds, i);
    const size_t chosen = best_model(score_models(table, rest, candidates, options));
    result.chosen.push_back(chosen);
    const FitAndPredict fit = linear_fit(table, candidates[chosen], options);
    const std::vector<double> predicted = fit(samples_of(rest), folds[i]);
    LeftOut& left_out = result.left_out;
    left_out.samples.insert(left_out.samples.end(), folds[i].begin(), folds[i].end());
    left_out.predicted.insert(left_out.predicted.end(), predicted.begin(), predicted.end());
  }
  return result;
}

}  // namespace wattgrind
