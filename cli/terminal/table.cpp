#include "cli/terminal/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

// Counts characters, not bytes: in UTF-8 the bytes that continue a character are 10xxxxxx.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_number(const Cell& cell) {
  return std::holds_alternative<uint64_t>(cell) || std::holds_alternative<double>(cell);
}

std::string text_for_programs(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return csv_field(*text);
  if (const auto* count = std::get_if<uint64_t>(&cell)) return fmt::format("{}", *count);
  if (const auto* measure = std::get_if<double>(&cell)) return fmt::format("{:.6g}", *measure);
  return "";
}

std::string aligned_line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                         const std::vector<bool>& to_the_right) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - width(cells[i]), ' ');
    line += i == 0 ? "" : "  ";
    line += to_the_right[i] ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// A table as people read it, the header first.
struct TextLines {
  std::vector<std::vector<std::string>> cells;
  std::vector<size_t> widths;
  std::vector<bool> to_the_right;
};

TextLines text_lines(const Table& table) {
  const size_t columns = table.columns.size();
  TextLines lines{{{}}, std::vector<size_t>(columns, 0), std::vector<bool>(columns, false)};
  for (const Column& column : table.columns) lines.cells.front().push_back(column.title);
  for (const std::vector<Cell>& row : table.rows) {
    CHECK(row.size() == columns, "{} cells in {} columns", row.size(), columns);
    std::vector<std::string>& line = lines.cells.emplace_back();
    for (size_t i = 0; i < columns; ++i) {
      line.push_back(text_for_people(row[i], table.columns[i].decimals));
      if (is_number(row[i])) lines.to_the_right[i] = true;
    }
  }
  for (const std::vector<std::string>& line : lines.cells) {
    for (size_t i = 0; i < columns; ++i) {
      lines.widths[i] = std::max(lines.widths[i], width(line[i]));
    }
  }
  return lines;
}

size_t total_width(const TextLines& lines) {
  size_t total = 2 * (lines.widths.size() - 1);
  for (const size_t column : lines.widths) total += column;
  return total;
}

// The column of the highest rank above 0, and the last of those if there are several.
std::optional<size_t> first_to_go(const std::vector<Column>& columns) {
  std::optional<size_t> found;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].rank > 0 && (!found || columns[i].rank >= columns[*found].rank)) found = i;
  }
  return found;
}

void drop_column(Table& table, size_t column) {
  const auto at = static_cast<ptrdiff_t>(column);
  table.columns.erase(table.columns.begin() + at);
  for (std::vector<Cell>& row : table.rows) row.erase(row.begin() + at);
}

// Inserts a comma before every third digit that is followed by digits only.
std::string separated(std::string digits) {
  const size_t first = digits.starts_with('-') ? 1 : 0;
  size_t end = std::min(digits.find('.'), digits.size());
  while (end > first + 3) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

}  // namespace

std::string text_for_people(const Cell& cell, int decimals) {
  if (const auto* text = std::get_if<std::string>(&cell)) return printable(*text);
  if (const auto* count = std::get_if<uint64_t>(&cell)) return with_separators(*count);
  if (const auto* measure = std::get_if<double>(&cell)) return with_separators(*measure, decimals);
  return "-";
}

std::string with_separators(uint64_t count) { return separated(fmt::format("{}", count)); }

std::string with_separators(double measure, int decimals) {
  std::string text = fmt::format("{:.{}f}", measure, decimals);
  // A measure that rounds to zero is written without a sign.
  if (text.front() == '-' && text.find_first_of("123456789in") == std::string::npos)
    text.erase(0, 1);
  return separated(text);
}

std::string aligned_text(const Table& table, const TextPage& page) {
  Table shown = table;
  TextLines lines = text_lines(shown);
  std::vector<std::string> dropped;
  while (total_width(lines) > page.columns) {
    const std::optional<size_t> last = first_to_go(shown.columns);
    if (!last) break;
    dropped.push_back(shown.columns[*last].title);
    drop_column(shown, *last);
    lines = text_lines(shown);
  }
  std::string text;
  for (size_t i = 0; i < lines.cells.size(); ++i) {
    const std::string line = aligned_line(lines.cells[i], lines.widths, lines.to_the_right);
    if (table.footer_rows > 0 && i == lines.cells.size() - table.footer_rows) {
      text += std::string(total_width(lines), '-') + "\n";
    }
    const bool bold = i == 0 && page.emphasis == Emphasis::kBold;
    text += bold ? fmt::format("{}{}{}\n", kBoldOn, line, kBoldOff) : line + "\n";
  }
  if (!dropped.empty()) {
    text += fmt::format("not shown in {} columns: {} (--format csv has all)\n", page.columns,
                        fmt::join(dropped, ", "));
  }
  return text;
}

std::string csv_text(const Table& table) {
  std::vector<std::string> fields;
  for (const Column& column : table.columns) fields.push_back(csv_field(column.key));
  std::string text = fmt::format("{}\n", fmt::join(fields, ","));
  for (const std::vector<Cell>& row : table.rows) {
    fields.clear();
    for (const Cell& cell : row) fields.push_back(text_for_programs(cell));
    text += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return text;
}

}  // namespace wattgrind
