#include "search/samplers/grid_sampler.h"

#include <bit>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

constexpr uint64_t kMostPoints = uint64_t{1} << 62;

// A pseudo-random permutation of 0 .. count - 1 without a table: a four-round Feistel network on
// the next even number of bits (Luby and Rackoff 1988), walked until it lands inside (Black and
// Rogaway 2002); at most four steps on average.
uint64_t permute(uint64_t index, uint64_t count, uint64_t seed) {
  const int half = (std::bit_width(count - 1) + 1) / 2;
  const uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < 4; ++round) {
      const uint64_t mixed = derive_seed(derive_seed(seed, round), right) & mask;
      const uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    index = (left << half) | right;
  } while (index >= count);
  return index;
}

}  // namespace

GridSampler::GridSampler(const Space& space, uint64_t seed, int points)
    : grid_(discretised(space, points)), seed_(seed) {
  const std::optional<uint64_t> count = count_configurations(grid_);
  if (!count || *count > kMostPoints) {
    fail(ErrorKind::kInput,
         "sampler \"grid\": the space has more than 2^62 points, wanted a smaller space or the "
         "sampler \"random\"");
  }
  points_in_all_ = *count;
}

std::optional<Configuration> GridSampler::ask(uint64_t number, std::span<const Trial>) {
  if (number >= points_in_all_) return std::nullopt;
  return configuration_at(grid_, permute(number, points_in_all_, seed_));
}

}  // namespace wattgrind
