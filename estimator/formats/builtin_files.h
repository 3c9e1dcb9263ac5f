// The files of configs/, embedded when the program is built, so that it works from any folder.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace wattgrind {

// Returns the text of configs/FOLDER/NAME.json; absent where there is none. FOLDER is
// "accelerators", "machines", "networks", "schemas", "searches" or "sweeps".
std::optional<std::string_view> builtin_text(std::string_view folder, std::string_view name);

// Returns the names in a folder, in alphabetical order.
std::vector<std::string_view> builtin_names(std::string_view folder);

}  // namespace wattgrind
