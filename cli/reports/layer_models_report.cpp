#include "cli/reports/layer_models_report.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/terminal/sentence.h"
#include "estimator/base/metric_prefix.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr LayerQuantity kLayerQuantities[] = {LayerQuantity::kTime, LayerQuantity::kEnergy};
constexpr size_t kShownOutliers = 8;

// Which columns some model has something for.
struct ScoreColumns {
  bool cold = false, by_network = false, repeatability = false;
};

ScoreColumns score_columns(const LayerModels& models) {
  ScoreColumns columns;
  for (const KindModel& model : models.kinds) {
    columns.repeatability = columns.repeatability || model.repeatability_percent;
    for (const LayerQuantity quantity : kLayerQuantities) {
      if (!model.of(quantity)) continue;
      for (const FormScore& score : model.of(quantity)->scores) {
        columns.cold = columns.cold || score.cold;
        columns.by_network = columns.by_network || score.by_network;
      }
    }
  }
  return columns;
}

std::vector<Cell> score_row(const KindModel& model, LayerQuantity quantity, const FormScore& score,
                            bool chosen, const ScoreColumns& columns) {
  std::vector<Cell> row = {model.kind,
                           std::string(name(quantity)),
                           score.form + (chosen ? " *" : ""),
                           uint64_t{model.readings},
                           score.left_out.mape_percent,
                           score.left_out.rmspe_percent,
                           std::max(0.0, 100 - score.left_out.rmspe_percent)};
  const auto add = [&](bool wanted, const std::optional<double>& percent) {
    if (wanted) row.push_back(optional_cell(percent));
  };
  const auto rmspe = [](const std::optional<FitQuality>& quality) {
    return quality ? std::optional(quality->rmspe_percent) : std::nullopt;
  };
  add(columns.cold, rmspe(score.cold));
  add(columns.by_network, rmspe(score.by_network));
  add(columns.repeatability, model.repeatability_percent);
  return row;
}

Table score_table(const LayerModelsReport& report) {
  Table table;
  table.columns = {{"kind", "kind"},
                   {"quantity", "quantity"},
                   {"form", "form"},
                   {"readings", "readings", 0, 1},
                   {"mape_percent", "left out: MAPE (%)", 2},
                   {"rmspe_percent", "RMSPE (%)", 2},
                   {"accuracy_percent", "accuracy (%)", 2, 2}};
  const ScoreColumns columns = score_columns(report.models);
  if (columns.cold) table.columns.push_back({"cold_rmspe_percent", "cold: RMSPE (%)", 2, 1});
  if (columns.by_network) {
    table.columns.push_back({"by_network_rmspe_percent", "by network: RMSPE (%)", 2, 1});
  }
  if (columns.repeatability) {
    table.columns.push_back({"repeatability_percent", "repeats within (%)", 2, 1});
  }
  for (const KindModel& model : report.models.kinds) {
    for (const LayerQuantity quantity : kLayerQuantities) {
      if (!model.of(quantity)) continue;
      const QuantityModel& fitted = *model.of(quantity);
      for (size_t i = 0; i < fitted.scores.size(); ++i) {
        table.rows.push_back(score_row(model, quantity, fitted.scores[i], i == 0, columns));
      }
      if (!fitted.in_proportion) continue;
      const FormScore proportion{"in proportion to operations", *fitted.in_proportion, {}, {}};
      table.rows.push_back(score_row(model, quantity, proportion, false, columns));
    }
  }
  return table;
}

std::string price_text(double amount, std::string_view unit) {
  const MetricPrefix prefix = metric_prefix(amount);
  return fmt::format("{:.3g} {}{}", prefix.factor * amount, prefix.symbol, unit);
}

std::string modes_text(const LayerModelsReport& report, const KindModel& model,
                       LayerQuantity quantity) {
  const auto open = open_modes(report.readings, model, quantity);
  if (!open) return "";
  std::string modes;
  for (const Mode& mode : open->an_operation) {
    modes += fmt::format("{}{} ({:.0f} %)", modes.empty() ? "" : ", ",
                         price_text(mode.value, unit(quantity)), 100 * mode.share);
  }
  const double nearest = model.of(quantity)->nearest_mode_mape_percent.value_or(0);
  return fmt::format(
      "{} of {} runs in modes that sizes do not tell, in {} of {} readings: an operation takes {} "
      "where most are. Left out, the nearest mode is {:.1f} % off in the mean.\n",
      name(quantity), model.kind, open->readings, model.readings, modes, nearest);
}

std::string jumps_text(const LayerModelsReport& report, const KindModel& model,
                       LayerQuantity quantity) {
  std::string text;
  for (const Jump& jump : find_jumps(report.readings, model.kind, quantity)) {
    text += fmt::format("{} of {} jumps by {:+.0f} % from {:.4g} {} on.\n", name(quantity),
                        model.kind, 100 * (jump.factor - 1), jump.from, jump.of);
  }
  return text;
}

std::string oddities_text(const LayerModelsReport& report) {
  std::string text;
  for (const KindModel& model : report.models.kinds) {
    for (const LayerQuantity quantity : kLayerQuantities) {
      if (!model.of(quantity)) continue;
      text += modes_text(report, model, quantity);
      text += jumps_text(report, model, quantity);
    }
  }
  return text.empty() ? text : "\n" + text;
}

std::string outliers_text(const LayerModelsReport& report) {
  if (report.outliers.empty()) return "";
  std::string text = fmt::format(
      "\n{} outliers, whose power is more than {} times the median of their kind or less than that "
      "part of it, {}:\n",
      report.outliers.size(), kOutlierFactor,
      report.outliers_left_out ? "are left out" : "take part");
  for (size_t i = 0; i < report.outliers.size() && i < kShownOutliers; ++i) {
    const PowerOutlier& outlier = report.outliers[i];
    text += sentence("  {}: {:.1f} W, median {:.1f} W\n", report.outlier_workloads[i],
                     outlier.power_w, outlier.median_w);
  }
  if (report.outliers.size() > kShownOutliers) {
    text += fmt::format("  and {} more\n", report.outliers.size() - kShownOutliers);
  }
  return text;
}

struct CheckedReading {
  const LayerReading* reading = nullptr;
  LayerQuantity quantity = LayerQuantity::kTime;
  double measured = 0, predicted = 0, nearest = 0;  // nearest: of the modes
};

std::vector<CheckedReading> checked_readings(const LayerModelsReport& report) {
  std::vector<CheckedReading> checked;
  for (const LayerReading& reading : report.check) {
    const KindModel* model = report.models.find(reading.point.kind);
    if (model == nullptr) continue;
    for (const LayerQuantity quantity : kLayerQuantities) {
      if (!model->of(quantity) || !reading.of(quantity)) continue;
      CheckedReading row{&reading, quantity, *reading.of(quantity), 0, 0};
      row.predicted = row.nearest = model->of(quantity)->predictor->predict(reading.point);
      for (const Mode& mode : model->of(quantity)->predictor->modes(reading.point)) {
        if (std::abs(mode.value - row.measured) < std::abs(row.nearest - row.measured)) {
          row.nearest = mode.value;
        }
      }
      checked.push_back(row);
    }
  }
  return checked;
}

struct CheckScore {
  std::string kind;
  LayerQuantity quantity = LayerQuantity::kTime;
  size_t readings = 0;
  FitQuality quality, nearest;
};

std::vector<CheckScore> check_scores(const LayerModelsReport& report) {
  const std::vector<CheckedReading> checked = checked_readings(report);
  std::vector<CheckScore> scores;
  for (const KindModel& model : report.models.kinds) {
    for (const LayerQuantity quantity : kLayerQuantities) {
      std::vector<double> measured, predicted, nearest;
      for (const CheckedReading& row : checked) {
        if (row.quantity != quantity || row.reading->point.kind != model.kind) continue;
        measured.push_back(row.measured);
        predicted.push_back(row.predicted);
        nearest.push_back(row.nearest);
      }
      if (measured.empty()) continue;
      scores.push_back({model.kind, quantity, measured.size(), fit_quality(measured, predicted),
                        fit_quality(measured, nearest)});
    }
  }
  return scores;
}

std::string check_text(const LayerModelsReport& report, const TextPage& page) {
  if (report.check_file.empty()) return "";
  Table table;
  table.columns = {{"kind", "kind"},
                   {"quantity", "quantity"},
                   {"readings", "readings"},
                   {"mape_percent", "MAPE (%)", 2},
                   {"rmspe_percent", "RMSPE (%)", 2},
                   {"nearest_mode_mape_percent", "to the nearest mode (%)", 2}};
  for (const CheckScore& score : check_scores(report)) {
    table.rows.push_back({score.kind, std::string(name(score.quantity)), uint64_t{score.readings},
                          score.quality.mape_percent, score.quality.rmspe_percent,
                          score.nearest.mape_percent});
  }
  std::string text = sentence("\n{}: readings that no fit has seen", report.check_file);
  if (report.check_seen > 0) {
    text += fmt::format("; {} were fitted and are left out", report.check_seen);
  }
  return text + "\n\n" + aligned_text(table, page);
}

ordered_json report_quality(const FitQuality& quality) {
  return {{"mape_percent", quality.mape_percent}, {"rmspe_percent", quality.rmspe_percent}};
}

ordered_json kind_json(const LayerModelsReport& report, const KindModel& model) {
  ordered_json kind = {{"kind", model.kind}, {"readings", model.readings}};
  if (model.repeatability_percent) kind["repeatability_percent"] = *model.repeatability_percent;
  for (const LayerQuantity quantity : kLayerQuantities) {
    if (!model.of(quantity)) continue;
    const QuantityModel& fitted = *model.of(quantity);
    ordered_json json = {{"form", fitted.predictor->form()},
                         {"left_out", report_quality(fitted.left_out)},
                         {"factor", {fitted.factor.low, fitted.factor.high}}};
    if (fitted.nearest_mode_mape_percent) {
      json["nearest_mode_mape_percent"] = *fitted.nearest_mode_mape_percent;
    }
    if (fitted.in_proportion) json["in_proportion"] = report_quality(*fitted.in_proportion);
    for (const FormScore& score : fitted.scores) {
      json["forms"][score.form] = report_quality(score.left_out);
      if (score.cold) json["forms"][score.form]["cold"] = report_quality(*score.cold);
      if (score.by_network) {
        json["forms"][score.form]["by_network"] = report_quality(*score.by_network);
      }
    }
    json["jumps"] = ordered_json::array();
    for (const Jump& jump : find_jumps(report.readings, model.kind, quantity)) {
      json["jumps"].push_back({{"of", jump.of}, {"from", jump.from}, {"factor", jump.factor}});
    }
    json["modes"] = ordered_json::array();
    if (const auto open = open_modes(report.readings, model, quantity)) {
      for (const Mode& mode : open->an_operation) {
        json["modes"].push_back({{"an_operation", mode.value}, {"share", mode.share}});
      }
    }
    kind[name(quantity)] = std::move(json);
  }
  return kind;
}

}  // namespace

std::vector<std::string> workloads_of(const std::vector<PowerOutlier>& outliers,
                                      const std::vector<LayerReading>& readings) {
  std::vector<std::string> workloads;
  for (const PowerOutlier& outlier : outliers) {
    workloads.push_back(readings[outlier.reading].workload);
  }
  return workloads;
}

Table layer_models_scores(const LayerModelsReport& report) { return score_table(report); }

std::string layer_models_oddities(const LayerModelsReport& report) {
  return oddities_text(report) + outliers_text(report);
}

std::string layer_models_text(const LayerModelsReport& report, const TextPage& page) {
  return fmt::format(
      "{}: {} readings of layers; \"left out\" is predicted by a fit that never saw the workload "
      "(ten folds); accuracy is NeuralPower's, 100 % less RMSPE; * is taken\n\n{}{}{}",
      report.readings_file, report.readings.size(), aligned_text(score_table(report), page),
      layer_models_oddities(report), check_text(report, page));
}

ordered_json layer_models_json(const LayerModelsReport& report) {
  ordered_json json = {{"schema", "wattgrind/layer-calibration/1"},
                       {"readings", report.readings_file},
                       {"machine", report.models.machine},
                       {"date", report.models.date},
                       {"kinds", ordered_json::array()},
                       {"outliers", ordered_json::array()}};
  for (const KindModel& model : report.models.kinds) {
    json["kinds"].push_back(kind_json(report, model));
  }
  for (size_t i = 0; i < report.outliers.size(); ++i) {
    json["outliers"].push_back({{"workload", report.outlier_workloads[i]},
                                {"power_w", report.outliers[i].power_w},
                                {"median_w", report.outliers[i].median_w}});
  }
  json["outliers_left_out"] = report.outliers_left_out;
  if (report.check_file.empty()) return json;
  ordered_json scores = ordered_json::array();
  for (const CheckScore& score : check_scores(report)) {
    scores.push_back({{"kind", score.kind},
                      {"quantity", name(score.quantity)},
                      {"readings", score.readings},
                      {"errors", report_quality(score.quality)},
                      {"to_the_nearest_mode", report_quality(score.nearest)}});
  }
  json["check"] = {
      {"readings", report.check_file}, {"seen", report.check_seen}, {"scores", std::move(scores)}};
  return json;
}

Table layer_models_csv(const LayerModelsReport& report) {
  Table table;
  table.columns = {{"set", ""},      {"kind", ""},      {"workload", ""}, {"quantity", ""},
                   {"measured", ""}, {"predicted", ""}, {"caches", ""}};
  for (const KindModel& model : report.models.kinds) {
    for (const LayerQuantity quantity : kLayerQuantities) {
      if (!model.of(quantity)) continue;
      const std::vector<size_t> indices = readings_of(report.readings, model.kind, quantity);
      for (size_t i = 0; i < indices.size(); ++i) {
        const LayerReading& reading = report.readings[indices[i]];
        table.rows.push_back({std::string("left out"), model.kind, reading.workload,
                              std::string(name(quantity)), *reading.of(quantity),
                              model.of(quantity)->left_out_predictions[i],
                              std::string(reading.cold ? "cold" : "warm")});
      }
    }
  }
  for (const CheckedReading& row : checked_readings(report)) {
    table.rows.push_back({std::string("check"), row.reading->point.kind, row.reading->workload,
                          std::string(name(row.quantity)), row.measured, row.predicted,
                          std::string(row.reading->cold ? "cold" : "warm")});
  }
  return table;
}

}  // namespace wattgrind
