// Why a study's winner is good: what its parameters do, what could be changed, and how sure the
// choice is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/explain/response_model.h"
#include "search/explain/variance_decomposition.h"
#include "search/space/trial.h"

namespace wattgrind {

// Something that trials tell: the value, the score, a cost.
struct Response {
  std::string name;
  bool larger_is_better = false;
  std::vector<std::optional<double>> values;          // by trial; absent where it does not tell
  std::vector<std::optional<double>> variances = {};  // likewise; empty: of none
};

struct ResponseEffects {
  size_t response = 0;
  size_t findings = 0;  // trials that tell it
  double told = 0;      // ResponseModel::told()
  VarianceDecomposition parts;
};

// A configuration that differs from the winner's in one parameter (and in those that are active
// only then), and what it would come to.
struct WinnerChange {
  size_t parameter = 0;
  Configuration configuration;
  std::optional<uint64_t> trial;  // that had it: then deviations are 0
  // Of each response; absent where too few trials tell it.
  std::vector<std::optional<ResponseModel::Estimate>> estimates;
};

struct Explanation {
  std::vector<ResponseEffects> effects;  // of the responses that enough trials tell
  // One step of each parameter up and down, or the other options of a choice.
  std::vector<WinnerChange> neighbours;
  // For each response the change of one parameter that is expected to improve it, by more than the
  // deviation of that, at the least harm to the first response; of the first, the best change.
  // Absent where there is none.
  std::vector<std::optional<WinnerChange>> improvements;
  // How likely each of the best trials (16 at most) is to have the best first response of them,
  // noise left out, the likeliest first.
  struct Chance {
    uint64_t trial = 0;
    double chance = 0;
  };
  std::vector<Chance> chances;
};

// `trials` by number, without gaps; responses are theirs, the first being what the search is for,
// and `winner` the best trial. Absent where fewer than ResponseModel::kFewest trials tell the first
// response.
std::optional<Explanation> explain(const Space& space, std::span<const Trial> trials,
                                   std::span<const Response> responses, uint64_t winner);

}  // namespace wattgrind
