// Results that programs read, as tables that people read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// A CSV of ours as a table: these columns of it, where it has them, or all. Numbers are to the
// letter those of the file.
std::string html_table(std::string_view csv, std::string_view caption,
                       const std::vector<std::string>& columns);

}  // namespace wattgrind
