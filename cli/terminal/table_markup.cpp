#include "cli/terminal/table_markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"

namespace wattgrind {
namespace {

bool holds_numbers(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return std::holds_alternative<uint64_t>(row[column]) ||
           std::holds_alternative<double>(row[column]);
  });
}

std::string markup_title(const Column& column) {
  return printable(column.title.empty() ? column.key : column.title);
}

// A backslash makes any punctuation of ASCII a letter like others (CommonMark, 2.4); GitHub's cells
// end at a bar even within code.
std::string in_markdown(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]<>#|~&";
  std::string result;
  for (const char c : text) {
    if (kMarkup.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string latex_character(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '<':
      return "\\textless{}";
    case '>':
      return "\\textgreater{}";
    case '|':
      return "\\textbar{}";
    case '"':
      return "\\textquotedbl{}";
    case '&':
    case '%':
    case '$':
    case '#':
    case '_':
    case '{':
    case '}':
      return std::string("\\") + c;
    default:
      return std::string(1, c);
  }
}

std::string in_latex(std::string_view text) {
  std::string result;
  for (const char c : text) result += latex_character(c);
  return result;
}

}  // namespace

std::string markdown_text(const Table& table) {
  std::string text = "|";
  for (const Column& column : table.columns) {
    text += fmt::format(" {} |", in_markdown(markup_title(column)));
  }
  text += "\n|";
  for (size_t i = 0; i < table.columns.size(); ++i) {
    text += holds_numbers(table, i) ? " ---: |" : " --- |";
  }
  text += "\n";
  const size_t body = table.rows.size() - table.footer_rows;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    text += "|";
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const std::string cell =
          in_markdown(text_for_people(table.rows[r][i], table.columns[i].decimals));
      text += r < body ? fmt::format(" {} |", cell) : fmt::format(" **{}** |", cell);
    }
    text += "\n";
  }
  return text;
}

std::string latex_text(const Table& table) {
  std::string alignment;
  std::string titles;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    alignment += holds_numbers(table, i) ? 'r' : 'l';
    titles += (i == 0 ? "" : " & ") + in_latex(markup_title(table.columns[i]));
  }
  std::string text = fmt::format(
      "% wants \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{}}}\n\\toprule\n{} \\\\\n\\midrule\n",
      alignment, titles);
  const size_t body = table.rows.size() - table.footer_rows;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    if (r == body) text += "\\midrule\n";
    for (size_t i = 0; i < table.columns.size(); ++i) {
      text += (i == 0 ? "" : " & ") +
              in_latex(text_for_people(table.rows[r][i], table.columns[i].decimals));
    }
    text += " \\\\\n";
  }
  return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace wattgrind
