// Tables: the same rows aligned for people and as comma-separated values for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace wattgrind {

// Nothing (a count that is absent), a text, a count or a measure.
using Cell = std::variant<std::monostate, std::string, uint64_t, double>;

template <typename Number>
Cell optional_cell(const std::optional<Number>& number) {
  Cell cell;
  if (number) cell = *number;
  return cell;
}

struct Column {
  std::string key;    // the header of the CSV column, with its unit: "latency_cycles"
  std::string title;  // the header for people: "latency (cycles)"
  int decimals = 0;   // of measures, for people; CSV has every digit
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each with a cell for every column
  size_t footer_rows = 0;               // how many of the last rows stand below a rule: totals
};

enum class Emphasis { kNone, kBold };  // of the header

// Columns two spaces apart; those with numbers are aligned to the right, with thousands
// separators. What is absent is "-". Lines end in "\n", none in spaces.
std::string aligned_text(const Table& table, Emphasis emphasis);

// RFC 4180 with "\n"; what is absent is empty.
std::string csv_text(const Table& table);

// "724,406,816"
std::string with_separators(uint64_t count);
// "1,234.50"; "inf" and "nan" as they are.
std::string with_separators(double measure, int decimals);

}  // namespace wattgrind
