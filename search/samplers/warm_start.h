// Starting a study with what earlier ones found out.
//
// Earlier studies only propose: their values, which may be of another machine, other data or
// another objective, never become this study's. The first trial, and every fourth until four have
// ended, is the best configuration of an earlier study that was not tried here. After that an
// earlier study is heard only while its order of the configurations agrees with what was found
// here, by Kendall's rank correlation and beyond chance, and then by every third trial. Studies
// that mislead therefore cost no more than their first proposals.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/samplers/sampler.h"
#include "search/space/unit_space.h"

namespace wattgrind {

// What an earlier study found, in the space of the one that is started.
struct PriorStudy {
  struct Finding {
    Configuration configuration;
    double value = 0;  // finite; lower is better
  };

  std::string name;
  std::vector<Finding> findings;
};

// How far the study's order of the configurations of `trials` (complete ones) agrees with their
// values: Kendall's tau, of a configuration that the study did not try by the mean of the three
// nearest that it did, less the deviation that tau has by chance. 0 at least.
double rank_agreement(const UnitSpace& space, const PriorStudy& prior,
                      std::span<const Trial* const> trials);

class WarmStartSampler : public Sampler {
 public:
  WarmStartSampler(std::unique_ptr<Sampler> proposals, Space space, std::vector<PriorStudy> priors);

  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  std::optional<Configuration> best_untried(const PriorStudy& prior,
                                            std::span<const Trial> history) const;

  std::unique_ptr<Sampler> proposals_;
  UnitSpace space_;
  std::vector<PriorStudy> priors_;  // findings by value
};

}  // namespace wattgrind
