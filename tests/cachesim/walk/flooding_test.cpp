// Long segments over lines used once (walk/flooding-inl.h), as dense layers make them, against the
// lists.
#include <gtest/gtest.h>

#include "tests/cachesim/walk/compare_countings.h"

namespace wattgrind {
namespace {

// A loop over several rows of weights, an input, and now and then what a flood must keep off: rows
// that meet, writes, inputs that come behind the weights.
AccessProgram next_dense(RandomProgram& random) {
  AccessProgram program;
  program.name = "dense";
  const uint64_t trips = 150 + random.below(700);
  const uint64_t columns = 1 + random.below(7);
  const uint64_t blocks = 1 + random.below(3);
  const uint64_t gaps[] = {trips * 64,
                           trips * 64 + 4096,
                           8192 * ((trips + 127) / 128) * 1,
                           16384 * ((trips + 255) / 256),
                           trips * 64 + 64 * random.below(64),
                           64 * (trips - random.below(2))};
  const uint64_t gap = gaps[random.below(6)];
  const uint64_t input_strides[] = {4, 4, 4, 16, 0, 32};
  const uint64_t input_stride = input_strides[random.below(6)];
  program.loop_count = 2;
  program.buffers = {
      {"weights", TensorRole::kWeights, 0x100000, columns * gap * blocks + trips * 64},
      {"input", TensorRole::kInput, 0x80000, 32 * trips + 4096},
      {"output", TensorRole::kOutput, 0x60000, 4096}};
  AccessLoop inner{1, "value", trips, {}};
  std::vector<Access> accesses;
  for (uint64_t n = random.below(3); n > 0; --n) {
    Access input{1, static_cast<int64_t>(n * 4 + 64 * random.below(40)), {}, 4, false};
    if (input_stride != 0) {
      input.strides.push_back({1, static_cast<int64_t>(input_stride)});
    }
    accesses.push_back(input);
  }
  for (uint64_t i = 0; i < columns; ++i) {
    Access weights{0, static_cast<int64_t>(i * gap), {{1, 64}}, 32, false};
    if (blocks > 1) {
      weights.strides.insert(weights.strides.begin(), {0, static_cast<int64_t>(columns * gap)});
    }
    accesses.push_back(weights);
    if (random.below(2) == 0) {
      weights.offset_bytes += 32;
      accesses.push_back(weights);
    }
  }
  if (random.below(8) == 0) {
    std::swap(accesses.front(), accesses.back());
  }
  if (random.below(8) == 0) {
    accesses.push_back({2, 0, {}, 32, true});
  }
  for (const Access& access : accesses) {
    inner.body.emplace_back().node.emplace<Access>(access);
  }
  AccessLoop outer{0, "block", blocks, {}};
  outer.body.emplace_back().node.emplace<AccessLoop>(std::move(inner));
  outer.body.emplace_back().node.emplace<Access>(Access{2, 64, {}, 32, true});
  program.body.emplace_back().node.emplace<AccessLoop>(std::move(outer));
  return program;
}

TEST(Flooding, CountsWhatTheListsCount) {
  std::vector<HierarchyConfig> hierarchies = small_hierarchies();
  using enum CacheModel;
  const LevelConfig l1 = level("L1", 2048, 8);  // four sets
  hierarchies.push_back({kCachegrind, {l1, level("L2", 16384, 4)}});
  hierarchies.push_back({kCachegrind, {l1, level("L2", 8192, 4), level("L3", 3 * 16384, 12)}});
  hierarchies.push_back({kCachegrind, {level("L1", 3072, 8), level("L2", 24 * 1024, 4)}});
  hierarchies.push_back({kMachine, {l1, level("L2", 16384, 4)}});
  const Compared compared = compare_with_oracle(
      hierarchies, [](const HierarchyConfig& config) { return make_collapsed_walker(config); },
      next_dense, 900, 400);
  EXPECT_EQ(compared.programs, 1200u);
}

}  // namespace
}  // namespace wattgrind
