#include "cli/pages/estimate_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/pages/estimate_charts.h"
#include "cli/pages/html_page.h"
#include "cli/reports/estimate_metrics.h"
#include "cli/reports/estimate_report.h"
#include "cli/reports/profile_table.h"
#include "cli/reports/roofline_report.h"
#include "estimator/charts/axis.h"

namespace wattgrind {
namespace {

// "time: 62.8 us, within a factor of 1.3; what it is" as a name, a value and a remark.
std::vector<HtmlPage::Figure> figures_of(const std::string& summary) {
  std::vector<HtmlPage::Figure> figures;
  std::string_view rest = summary;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view told = line.substr(colon + 2);
    const size_t end = std::min(told.find_first_of(",;:"), told.size());
    std::string_view remark = told.substr(end);
    remark.remove_prefix(std::min(remark.find_first_not_of(",;: "), remark.size()));
    figures.push_back({std::string(line.substr(0, colon)), std::string(told.substr(0, end)),
                       std::string(remark)});
  }
  return figures;
}

// The two lines of an estimate's heading.
std::pair<std::string, std::string> heading_lines(const Estimate& estimate) {
  const std::string heading = estimate_heading(estimate);
  const size_t end = heading.find('\n');
  std::string second = heading.substr(end + 1);
  while (!second.empty() && second.back() == '\n') second.pop_back();
  return {heading.substr(0, end), second};
}

void add_facts(const Estimate& estimate, HtmlPage& page) {
  const Machine& machine = estimate.machine;
  page.add_fact("Machine",
                fmt::format("{}: {}\n{}; instruction set {}", machine.name, machine.description,
                            caches_text(machine), traits(machine.isa).name));
  page.add_fact("Counted", heading_lines(estimate).second);
  if (const auto& calibration = machine.calibration) {
    page.add_fact("Prices", fmt::format("fitted to {} workloads of {}; every figure of the machine "
                                        "stands with its source at the end",
                                        calibration->workloads, calibration->readings));
  } else {
    page.add_fact("Prices",
                  "of the profile; every figure stands with its basis and source at the end");
  }
  page.add_fact("Not covered", estimate_notes(estimate));
}

void add_bars(const Estimate& estimate, const std::vector<DrawnMeasure>& measures, HtmlPage& page) {
  std::string bars;
  for (size_t m = 0; m < measures.size(); ++m) {
    bars += for_measure(m, measure_bars(estimate, measures[m]));
  }
  page.add_section("Layers", bars);
  if (const std::string tensors = tensor_bars(estimate); !tensors.empty()) {
    page.add_section("Tensors", tensors);
  }
}

void add_graph(const Estimate& estimate, const Network& network,
               const std::vector<DrawnMeasure>& measures, HtmlPage& page) {
  const std::optional<std::string> drawing = network_drawing(estimate, network, measures);
  page.add_section(
      "Graph", drawing
                   ? drawing_html(*drawing,
                                  "What runs, from top to bottom, with its share of the total; the "
                                  "darker (on dark ground, the brighter), the more.")
                   : paragraph_html(fmt::format("A graph of {} layers is too large to be drawn.",
                                                network.layers.size())));
}

// Layers that the slowest level gives something lie below its roof and the core's.
void add_roofline(const Roofline& roofline, HtmlPage& page) {
  std::string markup;
  const bool is_drawn = std::ranges::any_of(roofline.rows, [](const RooflineRow& row) {
    return row.operations_a_byte.back() && row.reached_per_s();
  });
  if (is_drawn) {
    markup =
        drawing_html(to_svg(roofline_plot(roofline), SvgUse::kInPage),
                     "What each layer computes for each byte, and how fast it is predicted to: "
                     "no layer can lie above the roofs.");
  }
  markup += details_html("What bounds each layer",
                         table_html(roofline_csv(roofline), "Each layer under its roofs"));
  page.add_section("Roofline", markup);
}

HtmlPage::Figure predicted_figure(std::string name, const PredictedQuantity& quantity,
                                  std::string_view unit) {
  return {std::move(name), shown_amount(quantity.value, unit),
          fmt::format("{} to {} in 95 of 100", shown_amount(quantity.low, unit),
                      shown_amount(quantity.high, unit))};
}

// What the models say of the whole network.
std::vector<HtmlPage::Figure> predicted_figures(const NetworkPrediction& prediction) {
  std::vector<HtmlPage::Figure> figures;
  if (prediction.time_s) {
    figures.push_back(predicted_figure("time by models", *prediction.time_s, "s"));
  }
  if (prediction.energy_j) {
    figures.push_back(predicted_figure("energy by models", *prediction.energy_j, "J"));
  }
  if (const auto power = prediction.power_w()) {
    figures.push_back({"power by models", shown_amount(*power, "W"), ""});
  }
  return figures;
}

void add_model_facts(const ModelEstimate& estimate, HtmlPage& page) {
  page.add_fact("Models", model_notes(estimate));
  if (const std::string most = bottleneck_text(estimate); !most.empty()) {
    page.add_fact("Bottlenecks", most);
  }
}

void add_tables(const Estimate& estimate, const ModelEstimate* models, HtmlPage& page) {
  const auto table = [&](Audience audience) {
    return models != nullptr ? model_estimate_table(*models, {}, audience)
                             : metrics_table(estimate, {}, audience);
  };
  page.add_section(
      "Table",
      table_html(table(Audience::kPeople), "What each layer does and costs", {.numbered = true}) +
          details_html("Every figure of every layer",
                       table_html(table(Audience::kPrograms), "Every figure of every layer",
                                  {.numbered = true, .six_digits = true})));
  page.add_section("Prices", table_html(profile_table(estimate.machine),
                                        "The machine's figures, how each was come by, and from "
                                        "where"));
}

}  // namespace

std::string estimate_page(const Estimate& estimate, const EstimateContext& context,
                          const PageOrigin& origin) {
  HtmlPage page(fmt::format("{} on {}", estimate.counts.network, estimate.machine.name),
                heading_lines(estimate).first, origin);
  add_facts(estimate, page);
  std::vector<HtmlPage::Figure> figures = figures_of(estimate_summary(estimate));
  std::vector<DrawnMeasure> measures = drawn_measures(estimate);
  if (context.models != nullptr) {
    add_model_facts(*context.models, page);
    std::ranges::copy(predicted_figures(context.models->prediction), std::back_inserter(figures));
    std::ranges::copy(predicted_measures(*context.models), std::back_inserter(measures));
  }
  page.add_figures(figures);
  std::vector<std::string> names;
  for (const DrawnMeasure& measure : measures) names.push_back(measure.name);
  page.add_measures(names);
  add_graph(estimate, context.network, measures, page);
  add_bars(estimate, measures, page);
  if (const std::string plot = cumulative_plot(estimate, measures); !plot.empty()) {
    page.add_section("Adding up", drawing_html(plot, "Where a line is steep, layers cost much."));
  }
  if (const std::string memory = memory_drawing(context.program, context.network.name);
      !memory.empty()) {
    page.add_section("Memory", drawing_html(memory,
                                            "Each buffer where it lies, for as long as it is used; "
                                            "parameters, inputs and most scratch memory lie beside "
                                            "them."));
  }
  if (context.roofline) add_roofline(*context.roofline, page);
  add_tables(estimate, context.models, page);
  return page.text();
}

}  // namespace wattgrind
