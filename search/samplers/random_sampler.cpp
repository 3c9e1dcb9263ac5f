#include "search/samplers/random_sampler.h"

#include "search/space/enumerate.h"

namespace wattgrind {

std::optional<Configuration> RandomSampler::ask(uint64_t number, std::span<const Trial>) {
  Random random(derive_seed(seed_, number));
  return draw_uniform(space_, random);
}

}  // namespace wattgrind
