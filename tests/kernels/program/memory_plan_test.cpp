// Buffers that share memory: never two at once in one place, and no more than has to be.
#include "kernels/program/memory_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "estimator/catalog/network_source.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {
namespace {

bool live_together(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

void expect_sound(const std::vector<Lifetime>& buffers, const MemoryPlan& plan,
                  const std::string& what) {
  ASSERT_EQ(plan.offsets.size(), buffers.size()) << what;
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0u) << what;
    EXPECT_LE(plan.offsets[i] + buffers[i].bytes, plan.bytes) << what;
    for (size_t j = 0; j < i; ++j) {
      if (!live_together(buffers[i], buffers[j])) continue;
      const bool apart = plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                         plan.offsets[j] + buffers[j].bytes <= plan.offsets[i];
      EXPECT_TRUE(apart) << what << ": buffers " << j << " and " << i;
    }
  }
  EXPECT_GE(plan.bytes, plan.lower_bound) << what;
}

// What is alive when each step runs, added up.
uint64_t most_alive(const std::vector<Lifetime>& buffers) {
  uint64_t most = 0;
  for (uint64_t step = 0; step < 100; ++step) {
    uint64_t alive = 0;
    for (const Lifetime& buffer : buffers) {
      if (buffer.first <= step && step <= buffer.last) alive += (buffer.bytes + 63) / 64 * 64;
    }
    most = std::max(most, alive);
  }
  return most;
}

TEST(MemoryPlan, NothingNeedsNothing) { EXPECT_EQ(plan_memory({}).bytes, 0u); }

TEST(MemoryPlan, AChainTakesTwoOfItsMaps) {
  const std::vector<Lifetime> chain = {{640, 0, 1}, {640, 1, 2}, {640, 2, 3}, {640, 3, 4}};
  const MemoryPlan plan = plan_memory(chain);
  expect_sound(chain, plan, "chain");
  EXPECT_EQ(plan.bytes, 1280u);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
}

TEST(MemoryPlan, RandomLifetimesNeverOverlap) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> buffers;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t first = random() % 60;
      buffers.push_back({1 + random() % 5000, first, first + random() % 20});
    }
    const MemoryPlan plan = plan_memory(buffers);
    expect_sound(buffers, plan, fmt::format("round {}", round));
    EXPECT_EQ(plan.lower_bound, most_alive(buffers));
  }
}

// The example of Figure 2 in Pisarchyk and Lee, "Efficient memory management for deep neural net
// inference" (2020), is of this kind: sizes and lifetimes that the largest-first order does not
// solve. Of all orders the best is found by trying each.
TEST(MemoryPlan, OfFewBuffersEveryOrderIsTried) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 30; ++round) {
    std::vector<Lifetime> buffers;
    for (int i = 0; i < 6; ++i) {
      const uint64_t first = random() % 6;
      buffers.push_back({64 * (1 + random() % 9), first, first + random() % 3});
    }
    // The least of all placements on a grid of lines, by brute force over orders at lowest places.
    std::vector<size_t> order = {0, 1, 2, 3, 4, 5};
    uint64_t least = UINT64_MAX;
    do {
      std::vector<uint64_t> at(6, UINT64_MAX);
      uint64_t end = 0;
      for (const size_t i : order) {
        uint64_t offset = 0;
        for (bool moved = true; moved;) {
          moved = false;
          for (size_t j = 0; j < 6; ++j) {
            if (at[j] == UINT64_MAX || !live_together(buffers[i], buffers[j])) continue;
            if (offset < at[j] + buffers[j].bytes && at[j] < offset + buffers[i].bytes) {
              offset = at[j] + buffers[j].bytes;
              moved = true;
            }
          }
        }
        at[i] = offset;
        end = std::max(end, offset + buffers[i].bytes);
      }
      least = std::min(least, end);
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_LE(plan_memory(buffers).bytes, least) << "round " << round;
  }
}

// Every network of the collection, within 2 % of what is alive at once.
TEST(MemoryPlan, NetworksTakeHardlyMoreThanIsAlive) {
  for (const char* name : {"alexnet", "vgg16", "squeezenet", "googlenet", "resnet18", "resnet50",
                           "mobilenet_v1", "mobilenet_v2", "densenet121", "shufflenet", "resnet8",
                           "ds_cnn", "deep_autoencoder", "bert_tiny", "vit_tiny", "lenet5"}) {
    const PlannedInference planned =
        plan_inference(find_network(name), Plan::kFused, Isa::kAvx2, 1);
    EXPECT_LE(static_cast<double>(planned.memory.bytes),
              1.02 * static_cast<double>(planned.memory.lower_bound))
        << name;
  }
}

TEST(EnginePlan, SharesMapsAndKeepsParametersApart) {
  const PlannedInference planned =
      plan_inference(find_network("lenet5"), Plan::kFused, Isa::kAvx2, 1);
  EXPECT_EQ(planned.network.layers.at(0).name, "conv1+relu1+pool1");
  const ProgramBytes fused = program_bytes(planned);
  const ProgramBytes apart =
      program_bytes(plan_inference(find_network("lenet5"), Plan::kLayers, Isa::kAvx2, 1));
  EXPECT_EQ(fused.parameters, apart.parameters);
  EXPECT_LT(fused.maps, apart.maps);
  EXPECT_EQ(fused.scratch, apart.scratch);
}

}  // namespace
}  // namespace wattgrind
