// Finding limits that nothing can meet before a search spends its trials on them.
#pragma once

#include <string_view>

#include "search/candidates/search_config.h"

namespace wattgrind {

// Throws Error(kInput), naming `where` and the key, for a limit below what `smallest`, the
// candidate with the lowest value of every parameter, must cost: its parameters, its
// multiply-accumulates and their energy, and the cycles of loading the parameters once a pass.
// Spaces pass unchecked where that candidate need not be the smallest network: those with choices
// among sizes, conditions or pooling.
void check_limits(const SearchConfig& config, const Candidate& smallest, std::string_view where);

}  // namespace wattgrind
