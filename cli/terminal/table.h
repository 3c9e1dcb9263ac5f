// Tables, whose rows are written either aligned, for people, or as comma-separated values, for
// programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wattgrind {

// A cell holds nothing (where a count is absent), a text, a count or a measure.
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
  int decimals = 0;   // how many people see of a measure; CSV has six significant digits
  // A column of rank 0 is always shown. Of the others the highest rank gives way first on a narrow
  // page.
  int rank = 0;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each with a cell for every column
  size_t footer_rows = 0;               // how many of the last rows stand below a rule: totals
};

enum class Emphasis { kNone, kBold };  // how the header looks

// These tell a terminal to begin and end bold text (ECMA-48, SGR).
constexpr std::string_view kBoldOn = "\x1b[1m", kBoldOff = "\x1b[0m";

// The page that a table is laid out for. One made from an emphasis alone is as wide as need be.
struct TextPage {
  Emphasis emphasis = Emphasis::kNone;
  size_t columns = SIZE_MAX;  // how many characters a line may have

  TextPage(Emphasis of_header, size_t width = SIZE_MAX) : emphasis(of_header), columns(width) {}
  operator Emphasis() const { return emphasis; }
};

// Columns are two spaces apart; those with numbers are aligned to the right, with thousands
// separators. What is absent is "-". Lines end in "\n", and none in spaces. Control characters of
// cells are escaped. Where the page is narrower than the table, columns give way by their rank
// until it fits or none of them may, and a line below says which.
std::string aligned_text(const Table& table, const TextPage& page);

// The table by RFC 4180, but with "\n" at the end of lines. What is absent is empty, counts are
// whole, and measures have six significant digits.
std::string csv_text(const Table& table);

// A cell as people read it: printable, with thousands separators, "-" for what is absent.
std::string text_for_people(const Cell& cell, int decimals);

// A count with thousands separators: "724,406,816".
std::string with_separators(uint64_t count);
// A measure with thousands separators: "1,234.50". "inf" and "nan" stay as they are.
std::string with_separators(double measure, int decimals);

}  // namespace wattgrind
