#include "cli/pages/study_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "cli/pages/html_page.h"
#include "estimator/charts/bar_chart.h"
#include "estimator/charts/heat_map.h"
#include "estimator/charts/parallel_chart.h"
#include "estimator/charts/svg_plot.h"

namespace wattgrind {
namespace {

std::vector<size_t> complete_trials(const StudyReport& report) {
  std::vector<size_t> trials;
  for (size_t i = 0; i < report.records.size(); ++i) {
    if (has_value(report.records[i].trial)) trials.push_back(i);
  }
  return trials;
}

double value_of(const StudyReport& report, size_t trial) {
  return report.records[trial].trial.values.front();
}

std::string value_word(const StudyReport& report) {
  return value_names(report.terms.objective).front();
}

std::string trial_label(const StudyReport& report, size_t trial) {
  return fmt::format("trial {}: {}; {} {:.6g}", trial,
                     to_string(report.space, report.records[trial].trial.configuration),
                     value_word(report), value_of(report, trial));
}

// A number of a space; absent for words and truth values.
std::optional<double> number_of(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  return std::nullopt;
}

std::string word_of(const Value& value) {
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  return to_json(value).dump();
}

// An axis of a parameter, and the place of a trial's value on it.
struct ParameterScale {
  ParallelAxis axis;

  std::optional<double> place(const std::optional<Value>& value) const {
    if (!value) return std::nullopt;
    if (axis.words.empty()) return number_of(*value);
    const auto found = std::ranges::find(axis.words, word_of(*value));
    if (found == axis.words.end()) return std::nullopt;
    return static_cast<double>(found - axis.words.begin());
  }
};

ParameterScale scale_of(const Parameter& parameter) {
  ParameterScale scale{{parameter.name}};
  if (const auto* choice = std::get_if<Choice>(&parameter.domain)) {
    for (const Value& option : choice->options) scale.axis.words.push_back(word_of(option));
    return scale;
  }
  const auto* integers = std::get_if<IntRange>(&parameter.domain);
  const bool log = integers != nullptr ? integers->log : std::get<FloatRange>(parameter.domain).log;
  scale.axis.scale = log ? AxisScale::kLog : AxisScale::kLinear;
  return scale;
}

// The two parameters that mattered most; where that is not known, the first two.
std::vector<size_t> leading_parameters(const StudyReport& report) {
  std::vector<ParameterImportance> importances = report.summary.importances;
  std::ranges::stable_sort(importances, std::greater<>(), &ParameterImportance::share);
  std::vector<size_t> parameters;
  for (const ParameterImportance& importance : importances) {
    if (const auto found = report.space.find(importance.name)) parameters.push_back(*found);
  }
  if (parameters.size() < 2) {
    parameters.clear();
    for (size_t i = 0; i < report.space.size(); ++i) parameters.push_back(i);
  }
  parameters.resize(std::min<size_t>(2, parameters.size()));
  return parameters;
}

// The rows or columns of a what-if: the values themselves or, of many numbers, ranges of them.
class ValueBins {
 public:
  ValueBins(const StudyReport& report, size_t parameter, const std::vector<size_t>& trials)
      : parameter_(parameter) {
    constexpr size_t kMostBins = 12;
    std::map<double, std::string> numbers;
    for (const size_t trial : trials) {
      const auto& value = report.records[trial].trial.configuration[parameter];
      if (!value) continue;
      if (const auto number = number_of(*value)) {
        numbers.emplace(*number, fmt::format("{:g}", *number));
      } else if (std::ranges::find(labels_, word_of(*value)) == labels_.end()) {
        labels_.push_back(word_of(*value));
      }
    }
    if (numbers.empty()) return;
    std::vector<double> values;
    for (const auto& [number, label] : numbers) values.push_back(number);
    const size_t bins = std::min(kMostBins, values.size());
    for (size_t bin = 0; bin < bins; ++bin) {
      const double first = values[bin * values.size() / bins];
      const double last = values[(bin + 1) * values.size() / bins - 1];
      ends_.push_back(last);
      labels_.push_back(first == last ? fmt::format("{:g}", first)
                                      : fmt::format("{:.3g} to {:.3g}", first, last));
    }
  }

  const std::vector<std::string>& labels() const { return labels_; }
  std::optional<size_t> of(const Trial& trial) const {
    const auto& value = trial.configuration[parameter_];
    if (!value) return std::nullopt;
    if (const auto number = number_of(*value); number && !ends_.empty()) {
      const auto bin = std::ranges::lower_bound(ends_, *number) - ends_.begin();
      return labels_.size() - ends_.size() + static_cast<size_t>(bin);  // words come first
    }
    return static_cast<size_t>(std::ranges::find(labels_, word_of(*value)) - labels_.begin());
  }

 private:
  size_t parameter_;
  std::vector<std::string> labels_;
  std::vector<double> ends_;  // of ranges of numbers, the last included
};

AxisScale cost_scale(const std::vector<PlotSeries>& series) {
  double low = std::numeric_limits<double>::max(), high = 0;
  for (const PlotSeries& each : series) {
    for (const PlotPoint& point : each.points) {
      low = std::min(low, point.x);
      high = std::max(high, point.x);
    }
  }
  constexpr double kWide = 30;
  return low > 0 && high > kWide * low ? AxisScale::kLog : AxisScale::kLinear;
}

}  // namespace

std::string history_drawing(const StudyReport& report) {
  const std::vector<size_t> trials = complete_trials(report);
  if (trials.empty()) return "";
  ScatterPlot plot{report.definition.name + ": values in the order of trials", "trial",
                   value_word(report)};
  plot.height = 380;
  PlotSeries each{"complete trials", {}}, best{"the least so far", {}, PlotStyle::kSteps};
  double least = std::numeric_limits<double>::max();
  for (const size_t trial : trials) {
    const double value = value_of(report, trial);
    least = std::min(least, value);
    each.points.push_back({static_cast<double>(trial), value, trial_label(report, trial)});
    best.points.push_back({static_cast<double>(trial), least});
  }
  plot.series = {std::move(each), std::move(best)};
  return drawing_html(
      to_svg(plot, SvgUse::kInPage),
      fmt::format("Values are minimised. {} of {} trials are complete; others have no point.",
                  trials.size(), report.records.size()));
}

std::string front_drawing(const StudyReport& report, bool training) {
  PlotSeries others{"other complete trials", {}}, front{"on the front", {}};
  for (const size_t trial : complete_trials(report)) {
    const CandidateResult& result = report.results[trial];
    const std::optional<double>& cost = training ? result.train_cost : result.infer_cost;
    if (!cost || !result.score) continue;
    const bool is_on_front =
        std::ranges::find(report.summary.front, trial) != report.summary.front.end();
    (is_on_front ? front : others)
        .points.push_back({*cost, 100 * *result.score, trial_label(report, trial)});
  }
  if (front.points.empty()) return "";
  const std::string cost = training ? "training cost" : "inference cost";
  ScatterPlot plot{report.definition.name + ": score against " + cost,
                   cost + " (of the reference's)", "score (%)"};
  plot.height = 400;
  plot.series = {std::move(others), std::move(front)};
  plot.x_scale = cost_scale(plot.series);
  return drawing_html(to_svg(plot, SvgUse::kInPage),
                      "On the front are trials that no other beats in score and both costs.");
}

std::string parallel_drawing(const StudyReport& report) {
  std::vector<size_t> trials = complete_trials(report);
  if (trials.size() < 2) return "";
  constexpr size_t kMostLines = 400, kMostParameters = 9;
  std::ranges::stable_sort(trials, {}, [&](size_t i) { return value_of(report, i); });
  const size_t complete = trials.size();
  trials.resize(std::min(kMostLines, trials.size()));
  ParallelChart chart{report.definition.name + ": what trials were like", {}, {}, ""};
  for (size_t rank = 0; rank < trials.size(); ++rank) {
    chart.lines.push_back({{},
                           -static_cast<double>(rank),
                           trial_label(report, trials[rank]),
                           report.summary.best == trials[rank]});
  }
  // An axis that no trial has a value of is left out.
  const auto add = [&](const ParallelAxis& axis, const auto& place) {
    std::vector<std::optional<double>> places;
    for (const size_t trial : trials) places.push_back(place(trial));
    if (std::ranges::none_of(places, [](const auto& at) { return at.has_value(); })) return;
    chart.axes.push_back(axis);
    for (size_t i = 0; i < places.size(); ++i) chart.lines[i].values.push_back(places[i]);
  };
  for (size_t p = 0; p < std::min(kMostParameters, report.space.size()); ++p) {
    const ParameterScale scale = scale_of(report.space.parameters()[p]);
    add(scale.axis,
        [&](size_t trial) { return scale.place(report.records[trial].trial.configuration[p]); });
  }
  const auto of_result = [&](const std::optional<double> CandidateResult::*member, double factor) {
    return [&report, member, factor](size_t trial) -> std::optional<double> {
      const std::optional<double>& figure = report.results[trial].*member;
      return figure ? std::optional(*figure * factor) : std::nullopt;
    };
  };
  add({"train cost"}, of_result(&CandidateResult::train_cost, 1));
  add({"infer cost"}, of_result(&CandidateResult::infer_cost, 1));
  add({"score (%)"}, of_result(&CandidateResult::score, 100));
  add({value_word(report)}, [&](size_t trial) { return std::optional(value_of(report, trial)); });
  if (chart.axes.size() < 2) return "";
  chart.shade_name = "colours go by the value, from the worst, pale, to the best, thick";
  return drawing_html(
      to_svg(chart, SvgUse::kInPage),
      fmt::format("A line is a trial: {} of {} that are complete{}.", trials.size(), complete,
                  report.space.size() > kMostParameters
                      ? fmt::format("; parameters are the first {} of {}", kMostParameters,
                                    report.space.size())
                      : ""));
}

std::string importance_drawing(const StudyReport& report) {
  if (report.summary.importances.empty()) return "";
  BarChart chart{report.definition.name + ": what mattered", "share", "%", {"share"}, {}};
  for (const ParameterImportance& importance : report.summary.importances) {
    chart.bars.push_back({importance.name, {100 * importance.share}});
  }
  return drawing_html(to_svg(chart, SvgUse::kInPage),
                      "What told the best tenth of the trials from the rest (PED-ANOVA).");
}

std::string what_if_drawing(const StudyReport& report) {
  const std::vector<size_t> trials = complete_trials(report);
  const std::vector<size_t> parameters = leading_parameters(report);
  if (trials.empty() || parameters.size() < 2) return "";
  const ValueBins columns(report, parameters[0], trials), rows(report, parameters[1], trials);
  if (columns.labels().empty() || rows.labels().empty()) return "";
  const auto name = [&](size_t i) { return report.space.parameters()[parameters[i]].name; };
  HeatMap map{fmt::format("{}: the least {} by {} and {}", report.definition.name,
                          value_word(report), name(0), name(1)),
              name(0),
              name(1),
              columns.labels(),
              rows.labels(),
              {},
              value_word(report),
              ""};
  map.values.assign(rows.labels().size(),
                    std::vector<std::optional<double>>(columns.labels().size()));
  bool any = false;
  for (const size_t trial : trials) {
    const auto column = columns.of(report.records[trial].trial);
    const auto row = rows.of(report.records[trial].trial);
    if (!column || !row) continue;
    std::optional<double>& cell = map.values[*row][*column];
    cell = std::min(cell.value_or(std::numeric_limits<double>::max()), value_of(report, trial));
    any = true;
  }
  if (!any) return "";
  return drawing_html(to_svg(map, SvgUse::kInPage),
                      "The least value of the trials with both, whatever else they had; where a "
                      "cell is missing, nobody tried.");
}

}  // namespace wattgrind
