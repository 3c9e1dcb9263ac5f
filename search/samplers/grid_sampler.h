// Grid search: every configuration once, in an order shuffled by the seed, so that a study stopped
// early has seen all of the space thinly rather than a corner of it. Trial `number` is the
// number-th point of the grid whatever the history; absent beyond the last.
#pragma once

#include "search/samplers/sampler.h"

namespace wattgrind {

class GridSampler : public Sampler {
 public:
  // Floats are cut to `points` values. Throws Error(kInput) when the grid exceeds 2^62 points.
  GridSampler(const Space& space, uint64_t seed, int points);

  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  Space grid_;
  uint64_t seed_;
  uint64_t points_in_all_ = 0;
};

}  // namespace wattgrind
