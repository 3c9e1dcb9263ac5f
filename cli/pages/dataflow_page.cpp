#include "cli/pages/dataflow_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/pages/drawn_bars.h"
#include "cli/pages/html_page.h"
#include "estimator/charts/bar_chart.h"

namespace wattgrind {
namespace {

// Bars of all mapped layers by parts of their energy.
std::string mapped_bars(const DataflowEstimate& estimate, const std::string& title,
                        const std::vector<std::string>& parts,
                        const std::function<std::vector<double>(const DataflowEnergy&)>& amounts) {
  const bool picojoules = estimate.unit == AcceleratorUnit::kPicojoules;
  constexpr double kJoulesAPicojoule = 1e-12;
  BarChart chart{title, "energy", picojoules ? "J" : "MAC", parts, {}};
  for (const DataflowLayer& layer : estimate.layers) {
    if (!layer.mapped) continue;
    Bar bar{layer.task.name, amounts(layer.energy), static_cast<int>(chart.bars.size())};
    if (picojoules) {
      for (double& amount : bar.parts) amount *= kJoulesAPicojoule;
    }
    chart.bars.push_back(std::move(bar));
  }
  if (chart.bars.empty()) return "";
  const std::string others = keep_largest_bars(chart);
  return drawing_html(to_svg(chart, SvgUse::kInPage), "Energy of each mapped layer." + others);
}

std::vector<std::string> words_of(std::span<const std::string_view> names, bool has_idle) {
  std::vector<std::string> words(names.begin(), names.end());
  for (std::string& word : words) std::ranges::replace(word, '_', ' ');
  words.emplace_back("computation");
  if (has_idle) words.emplace_back("idle");
  return words;
}

}  // namespace

std::string dataflow_page(const DataflowEstimate& estimate, const PageOrigin& origin) {
  const Accelerator& accelerator = estimate.accelerator;
  HtmlPage page(fmt::format("{} on {}", estimate.network, accelerator.name),
                fmt::format("{} {}, dataflow {}: {}", estimate.images,
                            estimate.images == 1 ? "image" : "images", estimate.dataflow,
                            estimate.description),
                origin);
  page.add_fact("Accelerator",
                fmt::format("{}: {:g} x {:g} elements with {:g} B each, buffer {:g} KiB",
                            accelerator.name, accelerator.rows.value, accelerator.columns.value,
                            accelerator.register_bytes(), accelerator.buffer_bytes.value / 1024));
  std::string left_out;
  if (const auto unmapped = unmapped_layers(estimate); !unmapped.empty()) {
    left_out = "not mapped, and in no figure: " + unmapped_text(unmapped);
  }
  for (const std::string& note : accelerator.notes) left_out += "\n" + note;
  page.add_fact("Not covered", left_out);
  const bool has_idle = estimate.energy.idle > 0;
  const auto by_level = [has_idle](const DataflowEnergy& energy) {
    std::vector<double> amounts;
    for (size_t level = 0; level < kStorageLevels; ++level) {
      amounts.push_back(energy.level(static_cast<StorageLevel>(level)));
    }
    amounts.push_back(energy.compute);
    if (has_idle) amounts.push_back(energy.idle);
    return amounts;
  };
  const auto by_kind = [has_idle](const DataflowEnergy& energy) {
    std::vector<double> amounts;
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      amounts.push_back(energy.kind(static_cast<DataKind>(kind)));
    }
    amounts.push_back(energy.compute);
    if (has_idle) amounts.push_back(energy.idle);
    return amounts;
  };
  const std::string levels = mapped_bars(estimate, estimate.network + ": energy by level",
                                         words_of(kStorageLevelNames, has_idle), by_level);
  if (!levels.empty()) {
    page.add_section("Levels", levels);
    page.add_section("Tensors", mapped_bars(estimate, estimate.network + ": energy by tensor",
                                            words_of(kDataKindNames, has_idle), by_kind));
  }
  page.add_section(
      "Table", table_html(dataflow_table(estimate, true), "The mapped layers", {.numbered = true}));
  return page.text();
}

}  // namespace wattgrind
