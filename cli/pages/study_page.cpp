#include "cli/pages/study_page.h"

#include <fmt/format.h>

#include "cli/pages/html_page.h"
#include "cli/pages/study_charts.h"

namespace wattgrind {
namespace {

std::string best_words(const StudyReport& report) {
  if (!report.summary.best) return no_best_line(report);
  const size_t best = *report.summary.best;
  std::string text =
      fmt::format("trial {}, value {:.6f}: {}", best, report.records[best].trial.values.front(),
                  to_string(report.space, report.records[best].trial.configuration));
  if (const auto& network = report.results[best].network) text += "\n" + *network;
  if (const auto& winner = report.notes.winner; winner && winner->trial == best) {
    text += fmt::format("\naccuracy on the test images: {:.2f} %", 100 * winner->test_accuracy);
  }
  return text;
}

}  // namespace

std::string study_page(const StudyReport& report, const PageOrigin& origin) {
  HtmlPage page("Study " + report.definition.name,
                fmt::format("{} trials ({}), seed {}", report.records.size(),
                            count_states(report.records), report.definition.seed),
                origin);
  page.add_fact("Best", best_words(report));
  page.add_fact("Searched", fmt::format("{}{}", report.terms.topology,
                                        report.notes.data ? " on " + *report.notes.data : ""));
  page.add_fact("Machine", fmt::format("{}, which costs are priced on", report.terms.machine));
  page.add_fact("Costs",
                "inference is steady (caches warm), a training cold (caches empty) at its start; "
                "both are told as multiples of the reference's");
  page.add_fact("Not covered",
                "Values are of the trials that were made, with their noise; nothing is said of "
                "configurations that nobody tried.");
  const auto add = [&](std::string_view heading, const std::string& drawing) {
    if (!drawing.empty()) page.add_section(heading, drawing);
  };
  add("History", history_drawing(report));
  add("Pareto front", front_drawing(report, false) + front_drawing(report, true));
  add("Trials side by side", parallel_drawing(report));
  add("What mattered", importance_drawing(report));
  add("What if", what_if_drawing(report));
  page.add_section("Trials", table_html(study_csv(report), "Every trial", {.six_digits = true}));
  return page.text();
}

}  // namespace wattgrind
