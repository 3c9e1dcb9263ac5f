#include "cli/serve/html_table.h"

#include <fmt/format.h>

#include <optional>

#include "estimator/charts/svg_parts.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

std::vector<size_t> shown_columns(const CsvTable& table, const std::vector<std::string>& wanted) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < table.columns.size() && wanted.empty(); ++i) shown.push_back(i);
  for (const std::string& name : wanted) {
    if (const std::optional<size_t> column = table.find_column(name)) shown.push_back(*column);
  }
  return shown;
}

}  // namespace

std::string html_table(std::string_view csv, std::string_view caption,
                       const std::vector<std::string>& columns) {
  const CsvTable table = parse_csv(csv, "result.csv");
  const std::vector<size_t> shown = shown_columns(table, columns);
  std::string text = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table "
      "class=\"sortable\"><caption>{0}</caption><thead><tr>",
      escaped_markup(caption));
  for (const size_t column : shown) {
    text += fmt::format("<th>{}</th>", escaped_markup(table.columns[column]));
  }
  text += "</tr></thead><tbody>\n";
  for (const CsvRow& row : table.rows) {
    text += "<tr>";
    for (size_t i = 0; i < shown.size(); ++i) {
      const std::string cell = escaped_markup(row.fields[shown[i]]);
      text += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", cell)
                     : fmt::format("<td>{}</td>", cell);
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace wattgrind
