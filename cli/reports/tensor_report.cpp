#include "cli/reports/tensor_report.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/reports/estimate_metrics.h"
#include "cli/reports/estimate_report.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The tensors of all rows, in the order of their first appearance, what moved nothing left out.
std::vector<std::string> tensors_of(const Estimate& estimate) {
  std::vector<std::string> result;
  for (const PricedRow& row : estimate.rows) {
    for (const PricedTensor& tensor : row.tensors) {
      if (energy_of(tensor.energy, EnergyScope::kEvents).total > 0 &&
          std::ranges::find(result, tensor.tensor) == result.end()) {
        result.push_back(tensor.tensor);
      }
    }
  }
  return result;
}

}  // namespace

Table tensor_table(const Estimate& estimate, bool with_total) {
  const std::vector<std::string> tensors = tensors_of(estimate);
  if (tensors.empty()) {
    fail(ErrorKind::kUsage, "--by tensor: {} does not tell tensors apart; take --counts simulate",
         estimate.counts.origin.source);
  }
  const bool picojoules = estimate.pricing.unit == EnergyUnit::kPicojoules;
  const double unit = picojoules ? kPicojoulesAMicrojoule : 1;
  const std::string suffix = picojoules ? "_uj" : "_mac";
  const std::string title = picojoules ? " (uJ)" : " (MACs)";
  Table table;
  table.columns.push_back({"layer", "layer"});
  std::vector<std::string> columns = tensors;
  columns.emplace_back("arithmetic");
  using Part = std::optional<double> EnergyParts::*;
  std::vector<Part> parts_beside;
  const EnergyParts whole = energy_of(estimate.total.energy, estimate.pricing.scope);
  const auto add_part = [&](const char* name, Part part) {
    if (!(whole.*part)) return;
    columns.emplace_back(name);
    parts_beside.push_back(part);
  };
  add_part("static", &EnergyParts::static_energy);
  if (estimate.pricing.scope != EnergyScope::kEvents) {
    add_part("instructions", &EnergyParts::instructions);
  }
  if (estimate.pricing.scope >= EnergyScope::kRunning) add_part("awake", &EnergyParts::awake);
  columns.emplace_back("total");
  for (const std::string& column : columns) {
    table.columns.push_back({column + suffix, column + title, picojoules ? 3 : 0});
  }
  const auto append = [&](const PricedRow& row) {
    std::vector<Cell> cells = {row.row.name};
    for (const std::string& wanted : tensors) {
      const auto at = std::ranges::find(row.tensors, wanted, &PricedTensor::tensor);
      std::optional<double> energy;
      if (at != row.tensors.end())
        energy = energy_of(at->energy, EnergyScope::kEvents).total / unit;
      cells.push_back(optional_cell(energy));
    }
    const EnergyParts parts = energy_of(row.energy, estimate.pricing.scope);
    cells.emplace_back(parts.compute / unit);
    for (const Part part : parts_beside) cells.emplace_back((parts.*part).value() / unit);
    cells.emplace_back(parts.total / unit);
    table.rows.push_back(std::move(cells));
  };
  for (const PricedRow& row : estimate.rows) append(row);
  if (with_total) {
    append(estimate.total);
    table.footer_rows = 1;
  }
  return table;
}

std::string tensor_text(const Estimate& estimate, Emphasis emphasis) {
  return estimate_heading(estimate) + aligned_text(tensor_table(estimate, true), emphasis) +
         estimate_notes(estimate);
}

}  // namespace wattgrind
