// Tables as they go into issues and papers.
#pragma once

#include <string>

#include "cli/terminal/table.h"

namespace wattgrind {

// A table of GitHub's Markdown: numbers to the right with thousands separators, the totals in bold.
// What Markdown or HTML would take for markup is escaped.
std::string markdown_text(const Table& table);

// A tabular with the rules of the package booktabs, the totals below one of them. What TeX would
// take for a command is escaped.
std::string latex_text(const Table& table);

}  // namespace wattgrind
