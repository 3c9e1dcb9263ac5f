// Concatenations whose parts are written in place: which are, and that values stay what they were.
#include <gtest/gtest.h>

#include <algorithm>

#include "estimator/catalog/network_source.h"
#include "kernels/program/engine_plan.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

Network graph(std::vector<LayerSpec> layers, std::vector<std::string> outputs = {}) {
  return build_network({"test", {{"x", {6, 9, 11}}}, std::move(layers), std::move(outputs)},
                       "test");
}

std::vector<std::string> slices_of(const Network& network) {
  const PlannedInference planned = plan_inference(network, Plan::kFused, Isa::kAvx2, 2);
  std::vector<std::string> names;
  for (size_t i = 0; i < planned.network.layers.size(); ++i) {
    const PlannedMap& map = planned.program.maps.outputs[i];
    if (map.storage != Storage::kSlice) continue;
    names.push_back(planned.network.layers[i].name + " at " + std::to_string(map.first_channel));
  }
  return names;
}

bool has_step(const Network& network, const std::string& name) {
  const PlannedInference planned = plan_inference(network, Plan::kFused, Isa::kAvx2, 2);
  return std::ranges::any_of(planned.program.steps,
                             [&](const Step& step) { return step.symbol == name; });
}

// Two convolutions and what reads them: one with padding, whose halo is the whole's.
Network whole_joined() {
  return graph({{"a", same_conv(16, 3), false, {"x"}},
                {"ra", Relu{}},
                {"b", same_conv(24, 1), false, {"x"}},
                {"join", Concat{}, false, {"ra", "b"}},
                {"c", same_conv(12, 3)},
                {"pool", MaxPool2d{{2, 2, 2, 2}}, false, {"join"}}},
               {"c", "pool"});
}

// A part with surplus lanes, one that a pool makes, and one that is an output are copied.
Network partly_joined() {
  return graph({{"a", same_conv(16, 3), false, {"x"}},
                {"b", same_conv(13, 3), false, {"x"}},
                {"p", MaxPool2d{{3, 3, 1, 1, 1, 1, 1, 1}}, false, {"x"}},
                {"o", same_conv(8, 1), false, {"x"}},
                {"join", Concat{}, false, {"b", "a", "p", "o"}},
                {"c", same_conv(5, 3)}},
               {"c", "o"});
}

// A convolution reads a part beside the concatenation; another reads what it joins with.
Network read_besides() {
  return graph({{"a", same_conv(16, 3), false, {"x"}},
                {"d", same_conv(8, 3), false, {"a"}},
                {"b", same_conv(8, 1), false, {"a"}},
                {"join", Concat{}, false, {"a", "b"}},
                {"c", same_conv(5, 3)}},
               {"c", "d"});
}

TEST(Slices, AreWhatConvolutionsWriteInPlace) {
  EXPECT_EQ(slices_of(whole_joined()), (std::vector<std::string>{"a+ra at 0", "b at 16"}));
  EXPECT_FALSE(has_step(whole_joined(), "join")) << "there is nothing left to copy";
  EXPECT_EQ(slices_of(partly_joined()), (std::vector<std::string>{"a at 13"}));
  EXPECT_TRUE(has_step(partly_joined(), "join"));
}

TEST(Slices, NoKernelReadsAndWritesOneMap) {
  EXPECT_EQ(slices_of(read_besides()), (std::vector<std::string>{"b at 16"}));
}

TEST(Slices, AreOfTheFusedPlanAlone) {
  const PlannedInference planned = plan_inference(whole_joined(), Plan::kLayers, Isa::kAvx2, 2);
  for (const PlannedMap& map : planned.program.maps.outputs) {
    EXPECT_NE(map.storage, Storage::kSlice);
  }
}

TEST(Slices, ComputeWhatCopiesDo) {
  check_network(whole_joined(), 3, "all in place");
  check_network(partly_joined(), 2, "some in place");
  check_network(read_besides(), 2, "read besides");
  for (const char* words : {"im2col", "winograd2"}) {
    check_network(whole_joined(), 2, {Plan::kFused, algorithm_request(words)}, words);
  }
}

Slice channels(int64_t start, int64_t size, int64_t step = 1) {
  return {MapAxis::kChannels, start, size, step};
}

// A block as ShuffleNet V2 has it: half of the channels pass by, the other half is convolved, with
// padding; the input is split too, and a part of a part is read.
Network split() {
  return graph({{"first", channels(1, 4), false, {"x"}},
                {"a", same_conv(26, 3), false, {"first"}},
                {"left", channels(0, 13), false, {"a"}},
                {"right", channels(13, 13), false, {"a"}},
                {"inner", channels(2, 9), false, {"right"}},
                {"b", same_conv(16, 3), false, {"inner"}},
                {"c", same_conv(8, 1), false, {"right"}},
                {"join", Concat{}, false, {"left", "b", "c"}},
                {"d", same_conv(5, 3)}});
}

TEST(Splits, AreReadInPlace) {
  for (const char* name : {"first", "left", "inner", "right"}) {
    // Where another slice reads it, it is copied once.
    EXPECT_EQ(has_step(split(), name), std::string(name) == "right") << name;
  }
  check_network(split(), 3, "split");
  check_network(split(), 2, {Plan::kFused, algorithm_request("im2col")}, "split, im2col");
  check_network(split(), 2, {Plan::kFused, algorithm_request("b=winograd2")}, "split, winograd2",
                30);
}

// The layouts of views of later channels end behind the map; no other buffer lies there.
TEST(Splits, EndWithinTheirBuffers) {
  const PlannedInference planned = plan_inference(split(), Plan::kFused, Isa::kAvx2, 2);
  for (const Step& step : planned.program.steps) {
    for (size_t i = 0; i < step.buffers.size(); ++i) {
      EXPECT_LE(step.nest.buffers[i].bytes, planned.program.buffers[step.buffers[i]].bytes)
          << step.symbol << ", buffer " << i;
    }
  }
}

// What reads a pixel's padding channels too, an output, and channels apart are copied.
TEST(Splits, AreCopiedForReadersOfWholePixels) {
  const auto is_copied = [](const Operation& slice, const Operation& reader,
                            std::vector<std::string> outputs) {
    return has_step(graph({{"a", same_conv(24, 1), false, {"x"}},
                           {"part", slice},
                           {"reader", reader},
                           {"left", channels(0, 4), false, {"a"}},
                           {"other", same_conv(3, 1)}},
                          std::move(outputs)),
                    "part");
  };
  EXPECT_FALSE(is_copied(channels(8, 8), same_conv(8, 3), {"reader", "other"}));
  EXPECT_TRUE(is_copied(channels(8, 8), same_conv(8, 3), {"reader", "other", "part"}));
  EXPECT_TRUE(is_copied(channels(8, 8), Relu{}, {"reader", "other"}));
  EXPECT_TRUE(is_copied(channels(8, 8), same_conv(8, 3, 8), {"reader", "other"}));
  EXPECT_TRUE(is_copied(channels(1, 8, 2), same_conv(8, 3), {"reader", "other"}));
  EXPECT_TRUE(is_copied(Slice{MapAxis::kHeight, 1, 4, 1}, same_conv(8, 3), {"reader", "other"}));
}

// GoogLeNet's blocks join four convolutions each: nothing is copied.
TEST(Slices, EndTheCopiesOfInceptionBlocks) {
  const Network network = find_network("googlenet");
  const PlannedInference planned = plan_inference(network, Plan::kFused, Isa::kAvx2, 1);
  for (const Step& step : planned.program.steps) {
    EXPECT_FALSE(std::holds_alternative<Concat>(
        planned.network.layers[static_cast<size_t>(step.layer)].operation))
        << step.symbol;
  }
}

// The whole plan, as it prints: fused kernels, their algorithms and why, places of maps.
TEST(Slices, StandInThePlan) {
  const PlannedInference planned = plan_inference(
      whole_joined(), {Plan::kFused, algorithm_request("a=winograd2")}, Isa::kAvx2, 1);
  EXPECT_EQ(to_text(planned), R"(plan of test, batch 1, avx2 kernels

kernels
   0 a+ra:halo
   1 a+ra: winograd2 (asked for)
   2 b: direct (direct 1782)
   3 c: direct (direct 71280)
   4 pool

maps: offset, bytes, name, kernels that use them
       33472      24736 join.output: 0 to 4
       33472      24736 a+ra.output: 1
       58240      15360 a+ra.scratch: 1
       73600      31744 a+ra.scratch2: 1
      105344        512 a+ra.scratch3: 1
       33536      24672 b.output: 2
       58240       6336 c.output: 3
       64576       3200 pool.output: 4

bytes: parameters 29984, inputs 3456, maps 72384, scratch 0
maps share memory: 72384 are alive at once
)");
}

}  // namespace
}  // namespace wattgrind
