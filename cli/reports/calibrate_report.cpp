#include "cli/reports/calibrate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/terminal/sentence.h"
#include "estimator/base/metric_prefix.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

std::string_view word(Weighting weighting) {
  return weighting == Weighting::kRelative ? "relative" : "absolute";
}

std::string_view word(BaselineForm form) {
  return form == BaselineForm::kLine ? "line" : "in proportion";
}

Cell measure(const std::optional<double>& value) {
  return value ? Cell(*value) : Cell(std::monostate());
}

std::string_view word(LeavingOut leaving_out) {
  return leaving_out == LeavingOut::kNetworks ? "networks" : "workloads";
}

// A model is told in a row of its quality in sample and left out.
std::vector<Cell> quality_row(const std::string& model, const FitQuality& in_sample,
                              const FitQuality& left_out) {
  return {model,
          measure(in_sample.r),
          measure(in_sample.r2),
          in_sample.mape_percent,
          in_sample.rmspe_percent,
          measure(left_out.r),
          measure(left_out.r2),
          left_out.mape_percent,
          left_out.rmspe_percent};
}

Table candidate_table(const CalibrateReport& report) {
  Table table;
  table.columns = {{"terms", "nested model"}, {"mape_percent", "left out: MAPE (%)", 2}};
  for (const ScoredModel& candidate : report.calibration.candidates) {
    table.rows.push_back(
        {describe(report.features.table, candidate.features),
         candidate.left_out ? Cell(candidate.left_out->mape_percent) : Cell(std::monostate())});
  }
  return table;
}

struct ReadingRow {
  std::string workload;
  double measured_j = 0;
  double fitted_j = 0;
  double left_out_j = 0;
};

std::vector<ReadingRow> reading_rows(const CalibrateReport& report) {
  std::vector<ReadingRow> rows;
  const std::vector<Sample>& samples = report.features.table.samples;
  for (size_t i = 0; i < samples.size(); ++i) {
    rows.push_back({samples[i].workload, samples[i].target, report.calibration.fitted[i], 0});
  }
  const LeftOut& left_out = report.calibration.nested.left_out;
  for (size_t i = 0; i < left_out.samples.size(); ++i) {
    rows[left_out.samples[i]].left_out_j = left_out.predicted[i];
  }
  return rows;
}

double percent_off(double predicted, double measured) { return 100 * (predicted / measured - 1); }

// The decimals that show three digits of the smallest number of a column.
int decimals_of(double smallest) {
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(smallest))), 3, 12);
}

Table reading_table(const CalibrateReport& report) {
  double largest_j = 0, smallest_j = std::numeric_limits<double>::infinity();
  for (const Sample& sample : report.features.table.samples) {
    largest_j = std::max(largest_j, sample.target);
    smallest_j = std::min(smallest_j, sample.target);
  }
  const MetricPrefix prefix = metric_prefix(largest_j);
  const auto title = [&](std::string_view what) {
    return fmt::format("{} ({}J)", what, prefix.symbol);
  };
  const int decimals = decimals_of(prefix.factor * smallest_j);
  Table table;
  table.columns = {{"workload", "workload"},
                   {"measured", title("measured"), decimals},
                   {"fitted", title("fitted"), decimals},
                   {"fitted_percent", "off (%)", 1},
                   {"left_out", title("left out"), decimals},
                   {"left_out_percent", "off (%)", 1}};
  for (const ReadingRow& row : reading_rows(report)) {
    table.rows.push_back({row.workload, prefix.factor * row.measured_j,
                          prefix.factor * row.fitted_j, percent_off(row.fitted_j, row.measured_j),
                          prefix.factor * row.left_out_j,
                          percent_off(row.left_out_j, row.measured_j)});
  }
  return table;
}

// The verdict says whether the model or a baseline predicts workloads left out better.
std::string verdict(const CalibrateReport& report) {
  const Calibration& calibration = report.calibration;
  if (!calibration.winning_baseline) {
    return fmt::format("No baseline does better on workloads left out ({:.1f} %).\n",
                       calibration.left_out.mape_percent);
  }
  const BaselineScore& winner = calibration.baselines[*calibration.winning_baseline];
  return fmt::format(
      "The baseline {}, {}, wins: {:.1f} % on workloads left out, the model {:.1f} %.\n",
      winner.name, word(winner.form), winner.left_out.mape_percent,
      calibration.left_out.mape_percent);
}

std::string time_text(const CalibrateReport& report) {
  if (!report.time) {
    return "Durations are not known: a profile written from these readings tells no time.\n";
  }
  const TimeCalibration& time = *report.time;
  return fmt::format(
      "Time from counts ({}): MAPE {:.1f} % on workloads left out; 95 % interval of an estimated "
      "time: +-{:.1f} %.\n",
      describe(time.table, time.calibration.model.features), time.calibration.left_out.mape_percent,
      time.calibration.interval_percent);
}

std::string_view left_out_text(LeavingOut leaving_out) {
  return leaving_out == LeavingOut::kNetworks ? "any part of the network" : "the workload";
}

std::string few_networks_text(const CalibrateReport& report) {
  if (report.calibration.leaving_out != LeavingOut::kPartsOfFewNetworks) return "";
  return "Layers are left out alone, for the readings are of fewer than three networks: expect "
         "larger "
         "errors of another network.\n";
}

std::string notes_text(const CalibrateReport& report) {
  std::string text;
  for (const std::string& note : report.notes) text += sentence("- {}\n", note);
  return text.empty() ? text : "\n" + text;
}

ordered_json number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json quality_json(const FitQuality& quality) {
  return {{"r", number(quality.r)},
          {"r2", number(quality.r2)},
          {"mape_percent", quality.mape_percent},
          {"rmspe_percent", quality.rmspe_percent}};
}

ordered_json names_json(const FeatureTable& table, const FeatureSet& features) {
  ordered_json names = ordered_json::array();
  for (const size_t feature : features) names.push_back(table.features[feature].name);
  return names;
}

ordered_json coefficients_json(const CalibrateReport& report) {
  ordered_json coefficients = ordered_json::array();
  const LinearModel& model = report.calibration.model;
  for (size_t i = 0; i < model.features.size(); ++i) {
    const Feature& feature = report.features.table.features[model.features[i]];
    const bool is_a_multiple = is_multiple(report.features.terms[model.features[i]]);
    coefficients.push_back({{"term", feature.name},
                            {"unit", is_a_multiple ? "default price" : feature.unit},
                            {"value", model.coefficients[i]},
                            {"low", report.calibration.coefficients[i].low},
                            {"high", report.calibration.coefficients[i].high}});
  }
  return coefficients;
}

ordered_json time_json(const TimeCalibration& time) {
  const Calibration& calibration = time.calibration;
  ordered_json json = {{"terms", names_json(time.table, calibration.model.features)},
                       {"seconds", calibration.model.coefficients},
                       {"intervals", ordered_json::array()},
                       {"in_sample", quality_json(calibration.in_sample)},
                       {"left_out", quality_json(calibration.left_out)},
                       {"interval_percent", calibration.interval_percent}};
  for (const Interval& interval : calibration.coefficients) {
    json["intervals"].push_back({{"low", interval.low}, {"high", interval.high}});
  }
  return json;
}

ordered_json baselines_json(const Calibration& calibration) {
  ordered_json baselines = ordered_json::array();
  for (const BaselineScore& score : calibration.baselines) {
    baselines.push_back({{"name", score.name},
                         {"form", score.form == BaselineForm::kLine ? "line" : "proportion"},
                         {"intercept_j", score.line.intercept},
                         {"slope_j", score.line.slope},
                         {"in_sample", quality_json(score.in_sample)},
                         {"left_out", quality_json(score.left_out)}});
  }
  return baselines;
}

ordered_json readings_json(const CalibrateReport& report) {
  ordered_json readings = ordered_json::array();
  for (const ReadingRow& row : reading_rows(report)) {
    readings.push_back({{"workload", row.workload},
                        {"measured_j", row.measured_j},
                        {"fitted_j", row.fitted_j},
                        {"left_out_j", row.left_out_j}});
  }
  return readings;
}

}  // namespace

Table calibration_quality_table(const CalibrateReport& report) {
  Table table;
  table.columns = {{"model", "model"},
                   {"r", "r", 4, 1},
                   {"r2", "R2", 4, 2},
                   {"mape_percent", "MAPE (%)", 2},
                   {"rmspe_percent", "RMSPE (%)", 2, 3},
                   {"left_out_r", "left out: r", 4},
                   {"left_out_r2", "R2", 4},
                   {"left_out_mape_percent", "MAPE (%)", 2},
                   {"left_out_rmspe_percent", "RMSPE (%)", 2}};
  const Calibration& calibration = report.calibration;
  table.rows.push_back(quality_row(describe(report.features.table, calibration.model.features),
                                   calibration.in_sample, calibration.left_out));
  for (const BaselineScore& score : calibration.baselines) {
    table.rows.push_back(quality_row(fmt::format("baseline: {}, {}", score.name, word(score.form)),
                                     score.in_sample, score.left_out));
  }
  return table;
}

Table calibration_terms_table(const CalibrateReport& report) {
  Table table;
  table.columns = {{"term", "term"},
                   {"coefficient", "coefficient"},
                   {"interval", "95 % interval"},
                   {"unit", ""}};
  const LinearModel& model = report.calibration.model;
  for (size_t i = 0; i < model.features.size(); ++i) {
    const Feature& feature = report.features.table.features[model.features[i]];
    const Interval& interval = report.calibration.coefficients[i];
    table.rows.push_back({feature.name, fmt::format("{:.4g}", model.coefficients[i]),
                          fmt::format("{:.4g} to {:.4g}", interval.low, interval.high),
                          feature.unit});
  }
  return table;
}

std::string calibrate_text(const CalibrateReport& report, const TextPage& page) {
  const Calibration& calibration = report.calibration;
  return fmt::format(
      "{}: {} readings on {}, {} weights; \"left out\" is predicted by a fit, and a choice of "
      "terms, that never saw {}\n\n{}\n{}\n{}\n{}\n{}\n"
      "95 % interval of an energy estimated with these prices: +-{:.1f} %.\n{}{}{}",
      report.readings, report.features.table.samples.size(), report.machine,
      word(report.options.fit.weighting), left_out_text(calibration.leaving_out),
      aligned_text(calibration_quality_table(report), page), verdict(report),
      aligned_text(calibration_terms_table(report), page),
      aligned_text(candidate_table(report), page), aligned_text(reading_table(report), page),
      calibration.interval_percent, few_networks_text(report), time_text(report),
      notes_text(report));
}

ordered_json calibrate_json(const CalibrateReport& report) {
  const Calibration& calibration = report.calibration;
  const FeatureTable& table = report.features.table;
  ordered_json json;
  json["schema"] = "wattgrind/calibration/1";
  json["readings"] = report.readings;
  json["energy_column"] = report.energy_column;
  json["machine"] = report.machine;
  json["weights"] = word(report.options.fit.weighting);
  json["prior_strength"] = report.options.fit.prior_strength;
  json["left_out"] = word(calibration.leaving_out);
  json["model"] = {{"terms", names_json(table, calibration.model.features)},
                   {"coefficients", coefficients_json(report)},
                   {"in_sample", quality_json(calibration.in_sample)},
                   {"left_out", quality_json(calibration.left_out)},
                   {"interval_percent", calibration.interval_percent}};
  json["candidates"] = ordered_json::array();
  for (const ScoredModel& candidate : calibration.candidates) {
    json["candidates"].push_back(
        {{"terms", names_json(table, candidate.features)},
         {"left_out", candidate.left_out ? quality_json(*candidate.left_out) : nullptr}});
  }
  json["baselines"] = baselines_json(calibration);
  json["winning_baseline"] = calibration.winning_baseline
                                 ? ordered_json(*calibration.winning_baseline)
                                 : ordered_json(nullptr);
  if (report.time) json["time"] = time_json(*report.time);
  json["by_reading"] = readings_json(report);
  json["notes"] = report.notes;
  return json;
}

Table calibrate_csv(const CalibrateReport& report) {
  Table table;
  table.columns = {{"workload", ""}, {"measured_j", ""}, {"fitted_j", ""}, {"left_out_j", ""}};
  for (const ReadingRow& row : reading_rows(report)) {
    table.rows.push_back({row.workload, row.measured_j, row.fitted_j, row.left_out_j});
  }
  return table;
}

}  // namespace wattgrind
