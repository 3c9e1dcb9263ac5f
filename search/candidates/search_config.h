// Search files: JSON text, as configs/schemas/search.json describes it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"
#include "search/candidates/candidate.h"
#include "search/candidates/candidate_costs.h"
#include "search/candidates/objective.h"
#include "search/data/data_source.h"
#include "search/samplers/sampler.h"
#include "search/samplers/warm_start.h"
#include "search/space/space.h"
#include "search/training/initializer.h"

namespace wattgrind {

struct SearchConfig {
  std::string name;
  CandidateForm form;
  Space space;
  DataRequest data;
  uint64_t epochs = 1;
  uint64_t repeats = 1;  // trainings of a candidate, each from weights of its own
  Initializer initializer = Initializer::kGlorotUniform;
  Machine machine;  // that trains and, where there is no target, infers
  std::optional<AcceleratorTarget> target;
  Objective objective;
  int64_t infer_batch = 1;
  // The candidate whose costs are 1; where it is absent, that is the first trial.
  std::optional<Candidate> reference;
  SamplerOptions sampler;
  std::vector<PriorStudy> priors;  // that proposals begin with
  uint64_t trials = 0;
  uint64_t seed = 0;
};

// The profiles that a search is of, where its study has them: the names in its file, which another
// host may not know, are not looked up then.
struct MachineProfiles {
  Machine machine;
  std::optional<Accelerator> accelerator;
};

// Both data sets' images are taken to be 28x28. Throws Error(kInput), naming `where` (the file's
// name) and the key, or the line of a syntax error; also for a space some of whose networks cannot
// be built, and for a limit that no network of it can keep, as far as that follows from sizes.
SearchConfig read_search_config(std::string_view text, std::string_view where,
                                const MachineProfiles* profiles = nullptr);

// The `objective` of a search file, as its schema has it. Throws Error(kInput), begun by `where`
// (the file's name and the key), where its parts contradict each other.
Objective read_objective(const nlohmann::ordered_json& json, std::string_view where);

// What a study's definition holds of its search file, as far as it has it.
struct SearchTerms {
  std::string topology, machine;  // empty where it does not tell
  Objective objective;
};

// Reads a definition's `config`. Throws Error(kInput), begun by `where` and the key.
SearchTerms read_search_terms(const nlohmann::ordered_json& config, std::string_view where);

}  // namespace wattgrind
