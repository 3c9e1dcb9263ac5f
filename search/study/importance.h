// Which parameters mattered in a study.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

struct ParameterImportance {
  std::string name;
  double share = 0;  // of all importance: 0 to 1, summing to 1
};

// PED-ANOVA (Watanabe, Bansal and Hutter 2023): for each parameter on its own, the Pearson
// divergence between the distribution of its values among the best trials and among all, where it
// is active. A value that good and bad trials share tells nothing; one that only good trials have
// tells much. The best trials are the tenth of the complete ones that have the lowest first value,
// and at least three.
//
// Parameters come in the space's order. The list is empty with fewer than 10 complete trials, or
// where no parameter matters.
std::vector<ParameterImportance> parameter_importance(const Space& space,
                                                      std::span<const Trial> history);

}  // namespace wattgrind
