// Earlier studies as a search takes them along (search/samplers/warm_start.h): in its definition,
// so that whoever works on it proposes the same.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "search/candidates/search_config.h"
#include "search/samplers/warm_start.h"
#include "search/study/trial_store.h"

namespace wattgrind {

// An element of a search file's `warm_start`: the complete trials of the store that are
// configurations of the space, 500 at most, evenly over their ranks. Parameters that the space does
// not have are left out, and those that it has beyond the store's get the middle of their domain.
// Throws Error(kInput) where no trial remains, or trials have several objectives.
nlohmann::ordered_json earlier_study(TrialStore& store, const Space& space);

// The reverse. Throws Error(kInput), begun by `where`, for a trial of another space.
PriorStudy read_earlier_study(const nlohmann::ordered_json& json, const Space& space,
                              std::string_view where);

// The sampler that the search asks.
std::unique_ptr<Sampler> search_sampler(const SearchConfig& config);

}  // namespace wattgrind
