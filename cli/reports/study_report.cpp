#include "cli/reports/study_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"
#include "estimator/network/short_form.h"
#include "search/study/stored_row.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// The table of the front shows at most so many rows.
constexpr size_t kMostRows = 20;

// How costs of the unit that was searched in are shown; all units are in JSON and CSV.
struct CostForm {
  std::optional<double> CandidateResult::*train;
  std::optional<double> CandidateResult::*infer;
  std::optional<double> Winner::*cold_infer;
  std::string_view key;   // of columns: "train_energy_uj"
  std::string_view word;  // "uJ"
  double unit = 1;        // what is shown is the cost divided by it
  int train_decimals = 0, infer_decimals = 0;
};

constexpr CostForm kCyclesForm = {&CandidateResult::train_cycles, &CandidateResult::infer_cycles,
                                  &Winner::cold_infer_cycles, "cycles", "cycles"};
constexpr CostForm kEnergyForm = {&CandidateResult::train_energy_pj,
                                  &CandidateResult::infer_energy_pj,
                                  &Winner::cold_infer_energy_pj,
                                  "energy_uj",
                                  "uJ",
                                  1e6,
                                  1,
                                  4};
constexpr CostForm kTimeForm = {&CandidateResult::train_time_s,
                                &CandidateResult::infer_time_s,
                                &Winner::cold_infer_time_s,
                                "time_us",
                                "us",
                                1e-6,
                                1,
                                4};

Cell scaled_cell(const std::optional<double>& number, double unit) {
  return number ? Cell{*number / unit} : Cell{};
}

std::string architecture(const StudyReport& report, size_t trial) {
  return to_string(report.space, report.records[trial].trial.configuration);
}

const CostForm& cost_form(const StudyReport& report) {
  switch (report.terms.objective.unit) {
    case CostUnit::kCycles:
      return kCyclesForm;
    case CostUnit::kPicojoules:
    case CostUnit::kEnergyRunning:
      return kEnergyForm;
    case CostUnit::kTime:
      return kTimeForm;
  }
  CHECK(false, "cost unit {}", static_cast<int>(report.terms.objective.unit));
}

std::vector<Column> cost_columns(const StudyReport& report) {
  std::vector<Column> columns = {{"score_percent", "score (%)", 2},
                                 {"train_cost", "train cost", 4},
                                 {"infer_cost", "infer cost", 4}};
  const CostForm& form = cost_form(report);
  columns.push_back({fmt::format("train_{}", form.key), fmt::format("train ({})", form.word),
                     form.train_decimals, 1});
  columns.push_back({fmt::format("infer_{}", form.key), fmt::format("infer ({})", form.word),
                     form.infer_decimals, 2});
  return columns;
}

std::vector<Cell> cost_cells(const StudyReport& report, const CandidateResult& result) {
  const CostForm& form = cost_form(report);
  return {scaled_cell(result.score, 0.01), optional_cell(result.train_cost),
          optional_cell(result.infer_cost), scaled_cell(result.*form.train, form.unit),
          scaled_cell(result.*form.infer, form.unit)};
}

std::vector<Cell> trial_cells(const StudyReport& report, size_t trial) {
  const TrialRecord& record = report.records[trial];
  std::vector<Cell> cells = {uint64_t{trial}, architecture(report, trial)};
  if (report.terms.objective.goals.empty()) {
    cells.push_back(record.trial.values.empty() ? Cell{} : Cell{record.trial.values[0]});
  }
  for (Cell& cell : cost_cells(report, report.results[trial])) cells.push_back(std::move(cell));
  return cells;
}

std::vector<Column> trial_columns(const StudyReport& report) {
  std::vector<Column> columns = {{"trial", "trial"}, {"architecture", "architecture"}};
  // Where there are several objectives, the columns of the score and the costs show them.
  if (report.terms.objective.goals.empty()) columns.push_back({"value", "value", 4});
  for (Column& column : cost_columns(report)) columns.push_back(std::move(column));
  return columns;
}

Table front_table(const StudyReport& report) {
  Table table;
  table.columns = trial_columns(report);
  const std::vector<size_t>& front = report.summary.front;
  for (size_t i = 0; i < std::min(front.size(), kMostRows); ++i) {
    table.rows.push_back(trial_cells(report, front[i]));
  }
  if (const auto& reference = report.notes.reference) {
    std::vector<Cell> row = {
        std::string("reference"),
        fmt::format("{} batch {}", reference->network.value_or(""), reference->batch.value_or(0))};
    if (report.terms.objective.goals.empty()) row.emplace_back();
    for (Cell& cell : cost_cells(report, *reference)) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
    table.footer_rows = 1;
  }
  return table;
}

Table trials_table(const StudyReport& report) {
  Table table;
  table.columns = trial_columns(report);
  table.columns.insert(table.columns.begin() + 1, {"state", "state"});
  for (size_t i = 0; i < report.records.size(); ++i) {
    std::vector<Cell> row = trial_cells(report, i);
    row.insert(row.begin() + 1, std::string(trial_state_word(report.records[i])));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table importance_table(const StudyReport& report) {
  Table table;
  table.columns = {{"parameter", "parameter"}, {"share_percent", "share (%)", 1}};
  for (const ParameterImportance& importance : report.summary.importances) {
    table.rows.push_back({importance.name, 100 * importance.share});
  }
  return table;
}

std::string heading(const StudyReport& report) {
  std::string text =
      sentence("{}: {} trials ({}), seed {}\n", report.definition.name, report.records.size(),
               count_states(report.records), report.definition.seed);
  if (report.notes.data) {
    text += sentence("{} on {}, costs on {}\n", report.terms.topology, *report.notes.data,
                     report.terms.machine);
  }
  text += "inference is steady (caches warm), a training cold (caches empty) at its start\n";
  return text;
}

// "trial 3, layers=1 width=2, 20 % beyond in all".
std::string nearest_trial(const StudyReport& report, size_t nearest) {
  return fmt::format("trial {}, {}, {:.3g} % beyond in all", nearest, architecture(report, nearest),
                     100 * report.records[nearest].trial.violation.value());
}

std::vector<std::string> exceeded_limits(const StudyReport& report, size_t trial) {
  return report.results[trial].exceeded.value_or(std::vector<std::string>());
}

// What one inference costs once the caches are warm, and what the first costs. Empty where either
// is not known.
std::string cold_beside_steady(const StudyReport& report, const CandidateResult& result,
                               const Winner& winner) {
  const CostForm& form = cost_form(report);
  const std::optional<double>& steady = result.*form.infer;
  const std::optional<double>& cold = winner.*form.cold_infer;
  if (!steady || !cold) return "";
  const auto amount = [&form](double cost) {
    return fmt::format("{} {}", with_separators(cost / form.unit, form.infer_decimals), form.word);
  };
  return fmt::format("  inference of one image: {} steady, {} cold (from empty caches)\n",
                     amount(*steady), amount(*cold));
}

std::string no_best_text(const StudyReport& report) {
  const std::optional<size_t> nearest = report.summary.nearest;
  if (!nearest) return "\nNo trial is complete.\n";
  std::string text =
      sentence("\nNo trial keeps the limits. Nearest: {}\n", nearest_trial(report, *nearest));
  for (const std::string& limit : exceeded_limits(report, *nearest)) {
    text += sentence("  {}\n", limit);
  }
  return text;
}

// "97.20 % (95 % interval 96.1 to 98.3)"
std::string percent_text(const MeanEstimate& estimate) {
  std::string text = fmt::format("{:.2f} %", 100 * estimate.mean);
  if (const auto& half = estimate.half_width) {
    text +=
        fmt::format(" (95 % interval {:.1f} to {:.1f})", 100 * std::max(0.0, estimate.mean - *half),
                    100 * std::min(1.0, estimate.mean + *half));
  }
  return text;
}

std::string winner_text(const Winner& winner) {
  if (winner.anew.empty()) {
    return fmt::format("  accuracy on the test images: {:.2f} %\n", 100 * winner.test_accuracy);
  }
  return fmt::format(
      "  trained anew {} times, from weights that no trial had:\n"
      "    score {}\n    accuracy on the test images {}\n",
      winner.anew.size(), percent_text(fresh_score(winner.anew)),
      percent_text(test_accuracy(winner.anew)));
}

Json estimate_json(const MeanEstimate& estimate) {
  Json json = {{"mean", estimate.mean}};
  if (const auto& half = estimate.half_width) {
    json["interval_95"] = {estimate.mean - *half, estimate.mean + *half};
  }
  return json;
}

std::string best_text(const StudyReport& report) {
  if (!report.summary.best) return no_best_text(report);
  const size_t best = *report.summary.best;
  const TrialRecord& record = report.records[best];
  const CandidateResult& result = report.results[best];
  const std::vector<Goal>& goals = report.terms.objective.goals;
  std::string text =
      goals.empty() ? fmt::format("\nbest: trial {}, value {:.6f}\n", best, record.trial.values[0])
                    : fmt::format("\nbest in the first of its objectives: trial {}, {} {:.6f}\n",
                                  best, goal_name(goals[0]), goal_result(result, goals[0]).value());
  text += sentence("  {}\n", architecture(report, best));
  if (result.network) text += sentence("  {}\n", *result.network);
  if (const auto& winner = report.notes.winner; winner && winner->trial == best) {
    text += winner_text(*winner);
    text += cold_beside_steady(report, result, *winner);
  }
  return text;
}

Json trial_json(const StudyReport& report, const TrialRecord& record) {
  Json json = {{"trial", record.trial.number},
               {"state", trial_state_word(record)},
               {"params", to_json(report.space, record.trial.configuration)}};
  if (!record.trial.values.empty()) json["values"] = record.trial.values;
  if (record.trial.violation) json["violation"] = *record.trial.violation;
  if (!record.trial.curve.empty()) json["curve"] = record.trial.curve;
  if (!record.result.is_null()) json["result"] = record.result;
  if (!record.worker.empty()) json["worker"] = record.worker;
  if (record.ended_unix_s) {
    json["started_unix_s"] = record.started_unix_s;
    json["ended_unix_s"] = *record.ended_unix_s;
  }
  return json;
}

// The numbers and words of results that CSV has a column for, in their order there.
constexpr std::array kResultColumns = {
    ResultField::kNetwork,     ResultField::kBatch,       ResultField::kParameters,
    ResultField::kMacs,        ResultField::kTrainCycles, ResultField::kTrainEnergy,
    ResultField::kInferCycles, ResultField::kInferEnergy, ResultField::kTrainCost,
    ResultField::kInferCost,   ResultField::kScore,       ResultField::kLoss,
    ResultField::kLearning};

Cell value_cell(const Value& value) {
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<int64_t>(&value); integer && *integer >= 0) {
    return static_cast<uint64_t>(*integer);
  }
  return to_json(value).dump();
}

}  // namespace

StudyReport make_study_report(TrialStore& store) {
  StudyReport report{store.title(), store.definition(), store.space()};
  report.terms =
      read_search_terms(report.definition.config, store.note_place("definition") + ".config");
  report.records = store.records();
  report.results = read_results(report.records, report.terms.objective, store.place());
  report.summary = summarise(report.space, report.records, report.results);
  report.notes = read_notes(store);
  return report;
}

std::optional<Network> best_network(const StudyReport& report) {
  if (!report.summary.best) return std::nullopt;
  const size_t best = *report.summary.best;
  const std::optional<std::string>& network = report.results[best].network;
  if (!network) return std::nullopt;
  return within(damaged_row(report.file, "trials", best) + ": result.network",
                [&] { return read_short_form(*network); });
}

std::string no_best_line(const StudyReport& report) {
  CHECK(!report.summary.best, "trial {} is the best", *report.summary.best);
  const std::optional<size_t> nearest = report.summary.nearest;
  if (!nearest) return fmt::format("none of {} trials is complete", report.records.size());
  return fmt::format("none of {} trials keeps the limits; nearest: {}: {}", report.records.size(),
                     nearest_trial(report, *nearest),
                     fmt::join(exceeded_limits(report, *nearest), "; "));
}

std::string study_text(const StudyReport& report, bool trials, const TextPage& page) {
  std::string text = heading(report) + best_text(report);
  if (!report.summary.front.empty()) {
    text += fmt::format(
        "\nPareto front of score against training and inference cost (steady, of one image)\n{}",
        aligned_text(front_table(report), page));
    if (report.summary.front.size() > kMostRows) {
      text +=
          fmt::format("{} more are in --format json.\n", report.summary.front.size() - kMostRows);
    }
  }
  if (!report.summary.importances.empty()) {
    text += fmt::format("\nWhat told the best tenth of the trials from the rest\n{}",
                        aligned_text(importance_table(report), page));
  }
  if (trials) text += "\n" + aligned_text(trials_table(report), page);
  return text;
}

Json study_json(const StudyReport& report) {
  Json json;
  json["schema"] = "wattgrind/study/1";
  json["name"] = report.definition.name;
  json["seed"] = report.definition.seed;
  json["config"] = report.definition.config;
  if (report.notes.data) json["data"] = *report.notes.data;
  if (report.summary.best) {
    json["best"] = trial_json(report, report.records[*report.summary.best]);
    if (const auto& winner = report.notes.winner; winner && winner->trial == *report.summary.best) {
      json["best"]["test_accuracy"] = winner->test_accuracy;
      if (!winner->anew.empty()) {
        json["best"]["anew"] = {{"trainings", winner->anew.size()},
                                {"score", estimate_json(fresh_score(winner->anew))},
                                {"test_accuracy", estimate_json(test_accuracy(winner->anew))}};
      }
      if (winner->cold_infer_cycles) json["best"]["cold_infer_cycles"] = *winner->cold_infer_cycles;
      if (winner->cold_infer_energy_pj) {
        json["best"]["cold_infer_energy_pj"] = *winner->cold_infer_energy_pj;
      }
      if (winner->cold_infer_time_s) json["best"]["cold_infer_time_s"] = *winner->cold_infer_time_s;
    }
  }
  if (const auto nearest = report.summary.nearest) {
    json["nearest"] = trial_json(report, report.records[*nearest]);
  }
  if (report.notes.reference) json["reference"] = write_reference(*report.notes.reference);
  json["front"] = report.summary.front;
  json["importance"] = Json::object();
  for (const ParameterImportance& importance : report.summary.importances) {
    json["importance"][importance.name] = importance.share;
  }
  json["trials"] = Json::array();
  for (const TrialRecord& record : report.records) {
    json["trials"].push_back(trial_json(report, record));
  }
  return json;
}

Table study_csv(const StudyReport& report) {
  Table table;
  table.columns = {{"trial", ""}, {"state", ""}};
  for (const Parameter& parameter : report.space.parameters()) {
    table.columns.push_back({parameter.name, ""});
  }
  std::vector<std::string> names = value_names(report.terms.objective);
  if (!report.terms.objective.goals.empty()) {
    for (std::string& name : names) name = "value_" + name;
  }
  for (const std::string& name : names) table.columns.push_back({name, ""});
  table.columns.push_back({"violation", ""});
  std::vector<ResultField> fields;
  for (const ResultField field : kResultColumns) {
    if (!report.space.find(field_key(field))) fields.push_back(field);
  }
  for (const ResultField field : fields) {
    table.columns.push_back({std::string(field_key(field)), ""});
  }
  table.columns.push_back({"duration_s", ""});
  for (const TrialRecord& record : report.records) {
    std::vector<Cell>& row = table.rows.emplace_back();
    row = {record.trial.number, std::string(trial_state_word(record))};
    for (const auto& value : record.trial.configuration) {
      row.push_back(value ? value_cell(*value) : Cell{});
    }
    for (size_t i = 0; i < names.size(); ++i) {
      row.push_back(i < record.trial.values.size() ? Cell{record.trial.values[i]} : Cell{});
    }
    row.push_back(optional_cell(record.trial.violation));
    for (const ResultField field : fields) {
      row.push_back(field_value(report.results[record.trial.number], field));
    }
    row.push_back(record.ended_unix_s ? Cell{*record.ended_unix_s - record.started_unix_s}
                                      : Cell{});
  }
  return table;
}

}  // namespace wattgrind
