#include "cli/reports/verify_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "cli/terminal/sentence.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

// One compared number of a row.
struct Comparison {
  uint64_t counted = 0;
  uint64_t predicted = 0;

  double difference() const {
    return static_cast<double>(predicted) - static_cast<double>(counted);
  }
  std::optional<double> percent() const {
    if (counted == 0) return std::nullopt;
    return 100 * difference() / static_cast<double>(counted);
  }
};

// Instructions, references, then each level's misses.
std::vector<Comparison> compare(const EventCounts& counted, const EventCounts& predicted) {
  std::vector<Comparison> result = {
      {counted.executed_instructions.value(), predicted.executed_instructions.value()},
      {counted.refs.total(), predicted.refs.total()}};
  for (size_t i = 0; i < counted.levels.size(); ++i) {
    result.push_back({counted.levels[i].misses, predicted.levels[i].misses});
  }
  return result;
}

std::vector<std::string> titles(const Machine& machine) {
  std::vector<std::string> result = {"instructions", "references"};
  for (const CacheLevel& level : machine.levels) result.push_back(level.name + " misses");
  return result;
}

std::string key_of(std::string title) {
  std::ranges::transform(title, title.begin(), [](unsigned char c) {
    return c == ' ' ? '_' : static_cast<char>(std::tolower(c));
  });
  return title;
}

struct ComparedRow {
  std::string name;
  std::vector<Comparison> comparisons;
};

// Predicted rows are the counted ones without `runtime`, in the same order.
std::vector<ComparedRow> compared_rows(const Verification& verification) {
  std::vector<ComparedRow> rows;
  for (size_t i = 0; i < verification.predicted.rows.size(); ++i) {
    const CountedRow& counted = verification.counted.rows[i];
    rows.push_back({counted.name, compare(counted.counts, verification.predicted.rows[i].counts)});
  }
  return rows;
}

ComparedRow total_of(const std::vector<ComparedRow>& rows) {
  ComparedRow total{"total", std::vector<Comparison>(rows[0].comparisons.size())};
  for (const ComparedRow& row : rows) {
    for (size_t i = 0; i < row.comparisons.size(); ++i) {
      total.comparisons[i].counted += row.comparisons[i].counted;
      total.comparisons[i].predicted += row.comparisons[i].predicted;
    }
  }
  return total;
}

std::vector<Cell> cells(const ComparedRow& row) {
  std::vector<Cell> result = {row.name};
  for (const Comparison& comparison : row.comparisons) {
    result.emplace_back(comparison.counted);
    result.emplace_back(comparison.difference());
    result.push_back(optional_cell(comparison.percent()));
  }
  return result;
}

}  // namespace

Table verification_table(const Verification& verification, bool with_total) {
  Table table;
  table.columns.push_back({"layer", "layer"});
  for (const std::string& title : titles(verification.machine)) {
    const std::string key = key_of(title);
    table.columns.push_back({key, title});
    table.columns.push_back({key + "_difference", "+-"});
    table.columns.push_back({key + "_percent", "%", 3});
  }
  const std::vector<ComparedRow> rows = compared_rows(verification);
  for (const ComparedRow& row : rows) table.rows.push_back(cells(row));
  if (with_total) {
    table.rows.push_back(cells(total_of(rows)));
    table.footer_rows = 1;
  }
  return table;
}

std::string verification_text(const Verification& verification, Emphasis emphasis) {
  const NetworkCounts& counted = verification.counted;
  return sentence(
             "{}, batch {}, {}, on {}, {} kernels: what cachegrind {} counts, and how far --counts "
             "{} "
             "after its model is from it\n\n",
             counted.network, counted.batch, counted.steady ? "steady" : "cold",
             verification.machine.name, traits(counted.origin.isa).name,
             counted.origin.version.value_or(""), verification.predicted.origin.source) +
         aligned_text(verification_table(verification, true), emphasis);
}

ordered_json verification_json(const Verification& verification) {
  ordered_json json;
  json["schema"] = "wattgrind/verification/1";
  json["network"] = {{"name", verification.counted.network}, {"batch", verification.counted.batch}};
  json["machine"] = verification.machine.name;
  json["isa"] = traits(verification.counted.origin.isa).name;
  const std::vector<std::string> names = titles(verification.machine);
  const std::string& source = verification.predicted.origin.source;
  const auto row_json = [&](const ComparedRow& row) {
    ordered_json result = {{"name", row.name}};
    for (size_t i = 0; i < names.size(); ++i) {
      result[key_of(names[i])] = {{"cachegrind", row.comparisons[i].counted},
                                  {source, row.comparisons[i].predicted}};
    }
    return result;
  };
  const std::vector<ComparedRow> rows = compared_rows(verification);
  for (const ComparedRow& row : rows) json["layers"].push_back(row_json(row));
  json["total"] = row_json(total_of(rows));
  return json;
}

}  // namespace wattgrind
