#include "estimator/fit/baseline.h"

#include "estimator/base/error.h"
#include "estimator/fit/cross_validation.h"

namespace wattgrind {

StraightLine fit_line(std::span<const double> values, std::span<const double> targets,
                      BaselineForm form, Weighting weighting) {
  CHECK(!values.empty() && values.size() == targets.size(), "{} values, {} targets", values.size(),
        targets.size());
  const auto weight = [&](size_t i) {
    return weighting == Weighting::kRelative ? 1 / (targets[i] * targets[i]) : 1.0;
  };
  double sum = 0, mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += weight(i);
    mean_x += weight(i) * values[i];
    mean_y += weight(i) * targets[i];
  }
  mean_x = form == BaselineForm::kLine ? mean_x / sum : 0;
  mean_y = form == BaselineForm::kLine ? mean_y / sum : 0;
  double squares = 0, products = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = values[i] - mean_x;
    squares += weight(i) * x * x;
    products += weight(i) * x * (targets[i] - mean_y);
  }
  const double slope = squares > 0 ? products / squares : 0;
  return {mean_y - slope * mean_x, slope};
}

BaselineScore score_baseline(const FeatureTable& table, std::span<const Fold> folds,
                             const Baseline& baseline, BaselineForm form, Weighting weighting) {
  CHECK(baseline.values.size() == table.samples.size(), "{}: {} values for {} samples",
        baseline.name, baseline.values.size(), table.samples.size());
  const auto fit = [&](std::span<const size_t> train) {
    std::vector<double> values, targets;
    for (const size_t i : train) {
      values.push_back(baseline.values[i]);
      targets.push_back(table.samples[i].target);
    }
    return fit_line(values, targets, form, weighting);
  };
  const auto predict = [&](const StraightLine& line, std::span<const size_t> test) {
    std::vector<double> predicted;
    for (const size_t i : test) {
      predicted.push_back(line.intercept + line.slope * baseline.values[i]);
    }
    return predicted;
  };
  const std::vector<size_t> all = samples_of(folds);
  BaselineScore score{baseline.name, form, fit(all), {}, {}};
  score.in_sample = quality(table, {all, predict(score.line, all)});
  score.left_out = quality(
      table, leave_one_out(folds, [&](std::span<const size_t> train, std::span<const size_t> test) {
        return predict(fit(train), test);
      }));
  return score;
}

}  // namespace wattgrind
