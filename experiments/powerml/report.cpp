#include "experiments/powerml/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/quantile.h"

namespace wattgrind {
namespace {

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// Of candidates' costs in cycles.
struct Spread {
  double train = 0, infer = 0;  // standard deviations
  double first_train = 0, first_infer = 0;
  double mean_train = 0, mean_infer = 0;
};

Spread spread_of(CandidateTable& table, std::span<const Configuration> configurations) {
  std::vector<double> train, infer;
  for (const Configuration& configuration : configurations) {
    const CandidateCosts costs = table.find(configuration).costs;
    train.push_back(costs.train.cycles.value());
    infer.push_back(costs.infer.cycles.value());
  }
  return {standard_deviation(train),
          standard_deviation(infer),
          train.front(),
          infer.front(),
          mean(train),
          mean(infer)};
}

double percent_change(double value, double base) { return 100 * (value / base - 1); }

// What a row tells of the seeds that found anything.
struct Summary {
  std::vector<double> values, scores, train_changes, infer_changes;
  std::vector<Judged> found;
};

Summary summarise(const SettingRuns& setting, const SettingRuns& baseline, size_t trials) {
  Summary summary;
  for (size_t seed = 0; seed < setting.runs.size(); ++seed) {
    const std::optional<Judged>& best = setting.runs[seed].best.at(trials - 1);
    const std::optional<Judged>& base = baseline.runs[seed].best.at(trials - 1);
    if (!best || !base) continue;
    const CandidateCosts &costs = best->candidate.costs, &others = base->candidate.costs;
    summary.values.push_back(best->value);
    summary.scores.push_back(best->candidate.score);
    summary.train_changes.push_back(
        percent_change(costs.train.cycles.value(), others.train.cycles.value()));
    summary.infer_changes.push_back(
        percent_change(costs.infer.cycles.value(), others.infer.cycles.value()));
    summary.found.push_back(*best);
  }
  return summary;
}

std::string row_start(const Setting& setting) {
  return fmt::format("| {} | {} | {} | {} / {:+.1f} / {:+.1f} | {} ", setting.number, setting.alpha,
                     setting.beta, setting.score, 100 * (setting.train_cost - 1),
                     100 * (setting.infer_cost - 1), setting.architecture);
}

std::string settings_row(CandidateTable& table, const SettingRuns& setting,
                         const SettingRuns& baseline, size_t trials) {
  Summary summary = summarise(setting, baseline, trials);
  std::string row = row_start(setting.setting);
  if (summary.found.empty()) return row + "| none | | | | | |\n";
  const double middle = quantile(summary.values, 0.5);
  const double pool = setting.pool_best ? setting.pool_best->value : std::nan("");
  std::sort(summary.found.begin(), summary.found.end(),
            [](const Judged& a, const Judged& b) { return a.value < b.value; });
  const Judged& typical = summary.found[(summary.found.size() - 1) / 2];
  row += fmt::format("| {} | {:.2f} / {:+.1f} / {:+.1f} | {:.4f} | {:.4f} | {:+.2f} ",
                     summary.found.size(), quantile(summary.scores, 0.5),
                     quantile(summary.train_changes, 0.5), quantile(summary.infer_changes, 0.5),
                     middle, pool, 100 * (middle - pool) / std::abs(pool));
  return row + fmt::format("| {}, batch {}: {:.2f} |\n", typical.candidate.network,
                           typical.candidate.batch,
                           table.evaluation().test_accuracy(typical.configuration));
}

}  // namespace

std::string settings_table(CandidateTable& table, std::span<const SettingRuns> settings,
                           const SettingRuns& baseline, size_t trials) {
  std::string text =
      "| | alpha | beta | published: score / training % / inference % | of "
      "| seeds | ours: score / training % / inference % | value | of 2,000 | worse by % "
      "| of (test accuracy) |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const SettingRuns& setting : settings) {
    text += settings_row(table, setting, baseline, trials);
  }
  return text;
}

std::string spread_table(CandidateTable& table, const SettingRuns& setting,
                         std::span<const Configuration> pool) {
  constexpr size_t kTrials = 10;
  std::vector<double> train_spreads, infer_spreads;
  for (const StudyRun& run : setting.runs) {
    const Spread spread = spread_of(table, std::span(run.asked).first(kTrials));
    train_spreads.push_back(spread.train / spread.first_train);
    infer_spreads.push_back(spread.infer / spread.first_infer);
  }
  const Spread all = spread_of(table, pool);
  return fmt::format(
      "setting {}, {} trials, of the first trial's (median of seeds): training {:.3f}, inference "
      "{:.3f}\n{} random candidates, of their mean: training {:.3f}, inference {:.3f}\n",
      setting.setting.number, kTrials, quantile(train_spreads, 0.5), quantile(infer_spreads, 0.5),
      pool.size(), all.train / all.mean_train, all.infer / all.mean_infer);
}

}  // namespace wattgrind
