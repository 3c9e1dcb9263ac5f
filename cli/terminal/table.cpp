#include "cli/terminal/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

// Characters, not bytes: UTF-8 continuation bytes are 10xxxxxx.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_number(const Cell& cell) {
  return std::holds_alternative<uint64_t>(cell) || std::holds_alternative<double>(cell);
}

std::string text_for_people(const Cell& cell, int decimals) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* count = std::get_if<uint64_t>(&cell)) return with_separators(*count);
  if (const auto* measure = std::get_if<double>(&cell)) return with_separators(*measure, decimals);
  return "-";
}

std::string text_for_programs(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return csv_field(*text);
  if (const auto* count = std::get_if<uint64_t>(&cell)) return fmt::format("{}", *count);
  if (const auto* measure = std::get_if<double>(&cell)) return fmt::format("{}", *measure);
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

std::string with_separators(uint64_t count) { return separated(fmt::format("{}", count)); }

std::string with_separators(double measure, int decimals) {
  std::string text = fmt::format("{:.{}f}", measure, decimals);
  // What rounds to zero has no sign.
  if (text.front() == '-' && text.find_first_of("123456789in") == std::string::npos)
    text.erase(0, 1);
  return separated(text);
}

std::string aligned_text(const Table& table, Emphasis emphasis) {
  const size_t columns = table.columns.size();
  std::vector<std::vector<std::string>> lines(1);
  std::vector<bool> to_the_right(columns, false);
  for (const Column& column : table.columns) lines.front().push_back(column.title);
  for (const std::vector<Cell>& row : table.rows) {
    CHECK(row.size() == columns, "{} cells in {} columns", row.size(), columns);
    std::vector<std::string>& line = lines.emplace_back();
    for (size_t i = 0; i < columns; ++i) {
      line.push_back(text_for_people(row[i], table.columns[i].decimals));
      if (is_number(row[i])) to_the_right[i] = true;
    }
  }
  std::vector<size_t> widths(columns, 0);
  for (const std::vector<std::string>& line : lines) {
    for (size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line = aligned_line(lines[i], widths, to_the_right);
    if (table.footer_rows > 0 && i == lines.size() - table.footer_rows) {
      size_t total = 2 * (columns - 1);
      for (const size_t column : widths) total += column;
      text += std::string(total, '-') + "\n";
    }
    const bool bold = i == 0 && emphasis == Emphasis::kBold;
    text += bold ? fmt::format("\x1b[1m{}\x1b[0m\n", line) : line + "\n";
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
