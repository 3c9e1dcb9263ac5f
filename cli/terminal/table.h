// Tables: the same rows aligned for people and as comma-separated values for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  int decimals = 0;   // of measures, for people; CSV has six significant digits
  int rank = 0;       // 0: always shown; of the others the highest gives way first on a narrow page
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each with a cell for every column
  size_t footer_rows = 0;               // how many of the last rows stand below a rule: totals
};

enum class Emphasis { kNone, kBold };  // of the header

// How a terminal is told to begin and end it (ECMA-48, SGR).
constexpr std::string_view kBoldOn = "\x1b[1m", kBoldOff = "\x1b[0m";

// What a table is laid out for. From an emphasis alone it is as wide as need be.
struct TextPage {
  Emphasis emphasis = Emphasis::kNone;
  size_t columns = SIZE_MAX;  // of characters

  TextPage(Emphasis of_header, size_t width = SIZE_MAX) : emphasis(of_header), columns(width) {}
  operator Emphasis() const { return emphasis; }
};

// Columns two spaces apart; those with numbers are aligned to the right, with thousands
// separators. What is absent is "-". Lines end in "\n", none in spaces. Control characters of cells
// are escaped. Where the page is narrower than the table, columns give way by their rank until it
// fits or none of them may, and a line below says which.
std::string aligned_text(const Table& table, const TextPage& page);

// RFC 4180 with "\n"; what is absent is empty, counts are whole, measures have six significant
// digits.
std::string csv_text(const Table& table);

// "724,406,816"
std::string with_separators(uint64_t count);
// "1,234.50"; "inf" and "nan" as they are.
std::string with_separators(double measure, int decimals);

}  // namespace wattgrind
