#include <fmt/format.h>

#include <algorithm>

#include "cli/pages/html_page.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {
namespace {

bool is_number(const Cell& cell) {
  return std::holds_alternative<uint64_t>(cell) || std::holds_alternative<double>(cell);
}

// A column is of numbers where a row has one in it.
std::vector<bool> number_columns(const Table& table) {
  std::vector<bool> result(table.columns.size());
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) result[i] = result[i] || is_number(row[i]);
  }
  return result;
}

std::string cell_markup(const Cell& cell, const Column& column, const TableLook& look) {
  if (const auto* text = std::get_if<std::string>(&cell)) return escaped_markup(*text);
  if (const auto* count = std::get_if<uint64_t>(&cell)) return with_separators(*count);
  if (const auto* measure = std::get_if<double>(&cell)) {
    return fmt::format("<data value={}>{}</data>", *measure,
                       look.six_digits ? fmt::format("{:.6g}", *measure)
                                       : with_separators(*measure, column.decimals));
  }
  return "\u2013";
}

// Texts have a class, not numbers, of which there are more.
std::string row_markup(const Table& table, const std::vector<Cell>& row,
                       const std::vector<bool>& numbers, const TableLook& look,
                       const std::string& attribute) {
  std::string html = "<tr" + attribute + ">";
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string cell = cell_markup(row[i], table.columns[i], look);
    html += i == 0       ? fmt::format("<th scope=row>{}</th>", cell)
            : numbers[i] ? fmt::format("<td>{}</td>", cell)
                         : fmt::format("<td class=t>{}</td>", cell);
  }
  return html + "</tr>\n";
}

}  // namespace

std::string table_html(const Table& table, std::string_view caption, TableLook look) {
  const std::vector<bool> numbers = number_columns(table);
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">\n<table>\n"
      "<caption>{0}</caption>\n<thead><tr>",
      escaped_markup(caption));
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    html += fmt::format("<th scope=\"col\" data-key=\"{}\"{}>{}</th>", escaped_markup(column.key),
                        numbers[i] ? " class=n" : "",
                        escaped_markup(column.title.empty() ? column.key : column.title));
  }
  html += "</tr></thead>\n<tbody>\n";
  const size_t body = table.rows.size() - table.footer_rows;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    if (i == body) html += "</tbody>\n<tfoot>\n";
    const std::string attribute =
        look.numbered && i < body ? fmt::format(" data-row=\"{}\"", i) : "";
    html += row_markup(table, table.rows[i], numbers, look, attribute);
  }
  return html + (table.footer_rows > 0 ? "</tfoot>" : "</tbody>") + "\n</table>\n</div>\n";
}

}  // namespace wattgrind
