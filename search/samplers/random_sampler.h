// Random search: every trial drawn uniformly, each on its own (Bergstra and Bengio 2012). May
// propose a configuration again.
#pragma once

#include "search/samplers/sampler.h"

namespace wattgrind {

class RandomSampler : public Sampler {
 public:
  RandomSampler(Space space, uint64_t seed) : space_(std::move(space)), seed_(seed) {}

  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  Space space_;
  uint64_t seed_;
};

}  // namespace wattgrind
