#include "cli/reports/explain_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// Pairs that do less than this are in JSON and CSV alone.
constexpr double kLeastShownPair = 0.01;
constexpr size_t kMostShownChances = 5;

Response goal_response(const StudyReport& study, Goal goal) {
  Response response{std::string(goal_name(goal)), goal == Goal::kScore, {}};
  for (size_t i = 0; i < study.results.size(); ++i) {
    // A failure's score is a guess, and a paused trial's is not its last.
    const TrialState state = study.records[i].trial.state;
    const bool told =
        goal != Goal::kScore || state == TrialState::kComplete || state == TrialState::kInfeasible;
    response.values.push_back(told ? goal_result(study.results[i], goal) : std::nullopt);
  }
  return response;
}

// The value of Eq. 2.6.
Response value_response(const StudyReport& study) {
  Response response{"value", false, {}};
  for (const TrialRecord& record : study.records) {
    const Trial& trial = record.trial;
    const bool known = has_value(trial) && !trial.values.empty();
    response.values.push_back(known ? std::optional(trial.values[0]) : std::nullopt);
    response.variances.push_back(
        known && !trial.variances.empty() ? std::optional(trial.variances[0]) : std::nullopt);
  }
  return response;
}

std::vector<Response> responses_of(const StudyReport& study) {
  std::vector<Response> responses;
  std::vector<Goal> goals = study.terms.objective.goals;
  if (goals.empty()) responses.push_back(value_response(study));
  for (const Goal goal : {Goal::kScore, Goal::kTrainCost, Goal::kInferCost}) {
    if (std::find(goals.begin(), goals.end(), goal) == goals.end()) goals.push_back(goal);
  }
  for (const Goal goal : goals) responses.push_back(goal_response(study, goal));
  return responses;
}

const std::string& parameter_name(const ExplainReport& report, size_t parameter) {
  return report.study.space.parameters()[parameter].name;
}

std::string pair_name(const ExplainReport& report, const VarianceDecomposition::Pair& pair) {
  return fmt::format("{} x {}", parameter_name(report, pair.first),
                     parameter_name(report, pair.second));
}

// "width=8", and what else became active: what a configuration has that the winner has not.
std::string change_text(const ExplainReport& report, const WinnerChange& change) {
  const Configuration& winner =
      report.study.records[*report.study.summary.best].trial.configuration;
  std::string text;
  for (size_t i = 0; i < winner.size(); ++i) {
    if (!change.configuration[i] || change.configuration[i] == winner[i]) continue;
    const Json value = to_json(*change.configuration[i]);
    const std::string word = value.is_number_float() ? fmt::format("{:.4g}", value.get<double>())
                             : value.is_string()     ? value.get<std::string>()
                                                     : value.dump();
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", parameter_name(report, i), word);
  }
  return text;
}

// What is left of the variance when all rows are taken from it.
double more_than_two(const VarianceDecomposition& parts) {
  double left = 1;
  for (const double share : parts.main) left -= share;
  for (const auto& pair : parts.pairs) left -= pair.share;
  return parts.variance > 0 ? std::max(left, 0.0) : 0;
}

std::vector<Column> response_columns(const ExplainReport& report) {
  std::vector<Column> columns;
  for (const ResponseEffects& effects : report.explanation.effects) {
    const std::string& name = report.responses[effects.response].name;
    columns.push_back({name + "_percent", name + " (%)", 1});
  }
  return columns;
}

Table effects_table(const ExplainReport& report, double least_pair) {
  Table table;
  const std::vector<ResponseEffects>& effects = report.explanation.effects;
  table.columns = response_columns(report);
  table.columns.insert(table.columns.begin(), {"parameters", "parameters"});
  const auto add = [&](const std::string& name, auto share) {
    std::vector<Cell> row = {name};
    for (const ResponseEffects& each : effects) row.emplace_back(100 * share(each));
    table.rows.push_back(std::move(row));
  };
  for (size_t i = 0; i < report.study.space.size(); ++i) {
    add(parameter_name(report, i), [i](const ResponseEffects& each) { return each.parts.main[i]; });
  }
  for (size_t i = 0; i < effects[0].parts.pairs.size(); ++i) {
    const auto share = [i](const ResponseEffects& each) { return each.parts.pairs[i].share; };
    const bool shown = std::any_of(effects.begin(), effects.end(),
                                   [&](const auto& each) { return share(each) >= least_pair; });
    if (shown) add(pair_name(report, effects[0].parts.pairs[i]), share);
  }
  add("three and more", [](const ResponseEffects& each) { return more_than_two(each.parts); });
  add("told by the model", [](const ResponseEffects& each) { return each.told; });
  table.footer_rows = 1;
  return table;
}

std::vector<Column> change_columns(const ExplainReport& report) {
  std::vector<Column> columns;
  for (const Response& response : report.responses) {
    columns.push_back({response.name, response.name, 4});
    columns.push_back({response.name + "_deviation", "+-", 4, 1});
  }
  columns.push_back({"trial", "trial"});
  return columns;
}

void append_estimates(const ExplainReport& report, const WinnerChange& change,
                      std::vector<Cell>& row) {
  for (size_t i = 0; i < report.responses.size(); ++i) {
    const std::optional<ResponseModel::Estimate>& estimate = change.estimates[i];
    row.push_back(estimate ? Cell{estimate->mean} : Cell{});
    const bool expected = estimate && estimate->deviation > 0;
    row.push_back(expected ? Cell{estimate->deviation} : Cell{});
  }
  row.push_back(optional_cell(change.trial));
}

// The winner as if it was a change, with what it was found to be.
std::vector<Cell> winner_cells(const ExplainReport& report) {
  const size_t best = *report.study.summary.best;
  std::vector<Cell> row;
  for (const Response& response : report.responses) {
    row.push_back(optional_cell(response.values[best]));
    row.emplace_back();
  }
  row.emplace_back(uint64_t{best});
  return row;
}

Table improvements_table(const ExplainReport& report) {
  Table table;
  table.columns = change_columns(report);
  table.columns.insert(table.columns.begin(), {{"to_improve", "to improve"}, {"change", "change"}});
  for (size_t i = 0; i < report.responses.size(); ++i) {
    const std::optional<WinnerChange>& change = report.explanation.improvements[i];
    std::vector<Cell> row = {report.responses[i].name,
                             change ? change_text(report, *change) : "no such change is known"};
    if (change) {
      append_estimates(report, *change, row);
    } else {
      row.resize(table.columns.size());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table neighbours_table(const ExplainReport& report) {
  Table table;
  table.columns = change_columns(report);
  table.columns.insert(table.columns.begin(), {"neighbour", "neighbour"});
  for (const WinnerChange& each : report.explanation.neighbours) {
    std::vector<Cell> row = {change_text(report, each)};
    append_estimates(report, each, row);
    table.rows.push_back(std::move(row));
  }
  std::vector<Cell> row = winner_cells(report);
  row.insert(row.begin(), std::string("the winner"));
  table.rows.push_back(std::move(row));
  table.footer_rows = 1;
  return table;
}

std::string chances_text(const ExplainReport& report) {
  const std::vector<Explanation::Chance>& chances = report.explanation.chances;
  std::string text = fmt::format(
      "\nHow likely trials are the best of the {} best, noise left out\n", chances.size());
  for (size_t i = 0; i < std::min(chances.size(), kMostShownChances); ++i) {
    const uint64_t trial = chances[i].trial;
    text += sentence("  {:.1f} %  trial {}, {}{}\n", 100 * chances[i].chance, trial,
                     to_string(report.study.space, report.study.records[trial].trial.configuration),
                     trial == *report.study.summary.best ? ", the winner" : "");
  }
  if (chances[0].trial != *report.study.summary.best) {
    text += sentence(
        "The winner's value is likely a lucky one. Trial {} is likelier the best: a search with "
        "\"training\": {{\"repeats\": 3}} would tell\n",
        chances[0].trial);
  }
  return text;
}

Json change_json(const ExplainReport& report, const WinnerChange& change) {
  Json json = {{"parameter", parameter_name(report, change.parameter)},
               {"params", to_json(report.study.space, change.configuration)}};
  if (change.trial) json["trial"] = *change.trial;
  for (size_t i = 0; i < report.responses.size(); ++i) {
    const std::optional<ResponseModel::Estimate>& estimate = change.estimates[i];
    if (!estimate) continue;
    json[report.responses[i].name] = {{"mean", estimate->mean}, {"deviation", estimate->deviation}};
  }
  return json;
}

Json effects_json(const ExplainReport& report, const ResponseEffects& effects) {
  Json json = {{"trials", effects.findings},
               {"told_by_model", effects.told},
               {"mean", effects.parts.mean},
               {"variance", effects.parts.variance}};
  for (size_t i = 0; i < report.study.space.size(); ++i) {
    json["main"][parameter_name(report, i)] = effects.parts.main[i];
  }
  json["pairs"] = Json::array();
  for (const VarianceDecomposition::Pair& pair : effects.parts.pairs) {
    json["pairs"].push_back(
        {{"parameters", {parameter_name(report, pair.first), parameter_name(report, pair.second)}},
         {"share", pair.share}});
  }
  return json;
}

}  // namespace

ExplainReport make_explain_report(TrialStore& store) {
  StudyReport study = make_study_report(store);
  std::vector<Response> responses = responses_of(study);
  std::vector<Trial> trials;
  for (const TrialRecord& record : study.records) trials.push_back(record.trial);
  std::optional<Explanation> explanation;
  if (study.summary.best) {
    explanation = explain(study.space, trials, responses, *study.summary.best);
  }
  if (!explanation) {
    fail(ErrorKind::kFailed, "{}: holds {}, wanted at least {} complete ones for --explain",
         study.file, count_states(study.records), ResponseModel::kFewest);
  }
  return {std::move(study), std::move(responses), std::move(*explanation)};
}

std::string explain_text(const ExplainReport& report, const TextPage& page) {
  const size_t best = *report.study.summary.best;
  std::string text =
      sentence("{}: {} trials ({}); the winner is trial {}: {}\n", report.study.definition.name,
               report.study.records.size(), count_states(report.study.records), best,
               to_string(report.study.space, report.study.records[best].trial.configuration));
  text += fmt::format(
      "\nHow much of what varies over the whole space each parameter does alone, and each pair "
      "together\n{}(told by the model: of what trials differ by, what it tells from the others; "
      "believe little below 50)\n",
      aligned_text(effects_table(report, kLeastShownPair), page));
  text += fmt::format(
      "\nThe change of one parameter that would improve each at the least harm to the first\n{}",
      aligned_text(improvements_table(report), page));
  text +=
      fmt::format("\nThe winner's neighbours\n{}", aligned_text(neighbours_table(report), page));
  text += "(+- is a standard deviation of what the model expects; empty where a trial tried it)\n";
  return text + chances_text(report);
}

Json explain_json(const ExplainReport& report) {
  Json json;
  json["schema"] = "wattgrind/explanation/1";
  json["name"] = report.study.definition.name;
  json["winner"] = *report.study.summary.best;
  for (const ResponseEffects& effects : report.explanation.effects) {
    json["effects"][report.responses[effects.response].name] = effects_json(report, effects);
  }
  for (size_t i = 0; i < report.responses.size(); ++i) {
    const std::optional<WinnerChange>& change = report.explanation.improvements[i];
    json["improvements"][report.responses[i].name] = change ? change_json(report, *change) : Json();
  }
  json["neighbours"] = Json::array();
  for (const WinnerChange& each : report.explanation.neighbours) {
    json["neighbours"].push_back(change_json(report, each));
  }
  json["chances_of_best"] = Json::array();
  for (const Explanation::Chance& chance : report.explanation.chances) {
    json["chances_of_best"].push_back({{"trial", chance.trial}, {"chance", chance.chance}});
  }
  return json;
}

Table explain_csv(const ExplainReport& report) { return effects_table(report, 0); }

}  // namespace wattgrind
