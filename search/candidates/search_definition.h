// A search as its study keeps it, so that whoever has the study can work on it without the search
// file.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "search/candidates/search_config.h"
#include "search/study/study_definition.h"

namespace wattgrind {

// The definition is what decides which trials there are and what comes out of them; neither their
// number nor prose belongs to it. `json` is the search file that `config` was read from. The
// profiles of machine and accelerator go in whole, for their names or files may stand for others
// tomorrow, and elsewhere.
StudyDefinition define_search(const SearchConfig& config, nlohmann::ordered_json json);

// The search that the definition tells, with the profiles that stand in it, whatever machines this
// host knows. Throws Error(kInput), begun by `where`, for a definition that was not made by
// define_search(), or is damaged.
SearchConfig read_defined_search(const StudyDefinition& definition, uint64_t trials,
                                 std::string_view where);

}  // namespace wattgrind
