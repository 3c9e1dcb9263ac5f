// Algorithms that are asked for: the words, whom they apply to, and that networks compute the same.
#include "kernels/program/algorithm_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/catalog/network_source.h"
#include "kernels/program/engine_plan.h"
#include "tests/error_text.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

using enum ConvAlgorithm;

// Two branches with a sum, kernels of 1, 3 and 5, and a map that tiles do not divide.
Network branches() {
  return build_network({"test",
                        {{"x", {5, 19, 22}}},
                        {{"a", same_conv(12, 3)},
                         {"relu", Relu{}},
                         {"b", same_conv(12, 5, 2)},
                         {"point", same_conv(20, 1)},
                         {"c", same_conv(20, 3)},
                         {"d", same_conv(20, 3), false, {"point"}},
                         {"sum", Binary{}, false, {"c", "d"}},
                         {"clip", Clip{-1, 1}},
                         {"pool", MaxPool2d{{2, 2, 2, 2}}},
                         {"e", same_conv(9, 3)}},
                        {}},
                       "test");
}

TEST(AlgorithmRequest, ReadsItsWords) {
  EXPECT_TRUE(algorithm_request("").empty());
  EXPECT_EQ(algorithm_request("winograd4").everywhere, std::vector{kWinograd4});
  EXPECT_EQ(algorithm_request("fft").everywhere, (std::vector{kFft8, kFft16}));
  const AlgorithmRequest both = algorithm_request("im2col,conv2=direct,a=b=winograd2");
  EXPECT_EQ(both.everywhere, std::vector{kIm2col});
  EXPECT_EQ(both.layers.at("conv2").algorithms, std::vector{kDirect});
  EXPECT_EQ(both.layers.at("a=b").algorithms, std::vector{kWinograd2}) << "a name may have a sign";
}

TEST(AlgorithmRequest, RefusesOtherWords) {
  EXPECT_THAT(error_text([] { algorithm_request("gemm"); }, ErrorKind::kUsage),
              testing::StartsWith("\"gemm\" is no algorithm: take direct, trimmed"));
  EXPECT_THAT(error_text([] { algorithm_request("conv1=tap_columns"); }, ErrorKind::kUsage),
              testing::StartsWith("\"tap_columns\" is no algorithm"));
  EXPECT_THAT(error_text([] { algorithm_request("direct,im2col"); }, ErrorKind::kUsage),
              testing::StartsWith("\"im2col\": one algorithm for all layers is there already"));
  EXPECT_EQ(error_text([] { algorithm_request("a=direct,a=im2col"); }, ErrorKind::kUsage),
            "layer \"a\" is there twice");
}

std::string refusal(const std::string& words) {
  return error_text(
      [&] {
        plan_inference(branches(), {Plan::kFused, algorithm_request(words)}, Isa::kAvx2, 1);
      },
      ErrorKind::kUsage);
}

TEST(AlgorithmRequest, NamesTheLayerThatItDoesNotFit) {
  EXPECT_EQ(refusal("nowhere=direct"), "network test has no layer \"nowhere\"");
  EXPECT_EQ(refusal("relu=direct"), "layer \"relu\" is computed by the kernel of \"a\"");
  EXPECT_EQ(refusal("pool=direct"), "layer \"pool\" is maxpool2d, which has one algorithm only");
  EXPECT_THAT(refusal("b=winograd4"),
              testing::StartsWith("layer \"b\": winograd4 does not apply to it: take direct, "));
  EXPECT_EQ(refusal("dots"), "dots applies to no layer of network test");
}

TEST(AlgorithmRequest, IsForWhereItApplies) {
  const PlannedInference planned = plan_inference(
      branches(), {Plan::kFused, algorithm_request("winograd2,c=winograd4")}, Isa::kAvx2, 1);
  std::vector<std::string> found;
  for (const Step& step : planned.program.steps) {
    if (step.choice) found.push_back(step.symbol + " " + std::string(name(step.choice->algorithm)));
  }
  EXPECT_EQ(found,
            (std::vector<std::string>{"a+relu winograd2", "b direct", "point direct", "c winograd4",
                                      "d+sum+clip winograd2", "e winograd2"}));
}

TEST(AlgorithmRequest, NetworksComputeTheSameByAll) {
  for (const char* words :
       {"trimmed", "im2col", "pointwise", "winograd2", "winograd4", "fft8", "fft16"}) {
    for (const Plan plan : {Plan::kLayers, Plan::kFused}) {
      // F(4x4) is ten to thirty times as far off as direct sums (tiled_error_test.cpp).
      const double slack = std::string_view(words) == "winograd4" ? 30 : 1;
      check_network(branches(), 2, {plan, algorithm_request(words)}, words, slack);
    }
    if (testing::Test::HasFailure()) return;
  }
}

// Scratch memory lies where maps lie that are not alive.
TEST(AlgorithmRequest, ScratchMemoryIsShared) {
  const auto bytes = [](const char* words) {
    return program_bytes(plan_inference(find_network("squeezenet"),
                                        {Plan::kFused, algorithm_request(words)}, Isa::kAvx2, 1));
  };
  EXPECT_EQ(bytes("direct").scratch, bytes("winograd4").scratch);
  EXPECT_EQ(bytes("direct").inputs, bytes("winograd4").inputs);
  EXPECT_GT(bytes("winograd4").parameters, bytes("winograd2").parameters);
  const PlannedInference planned = plan_inference(
      find_network("squeezenet"), {Plan::kFused, algorithm_request("winograd4")}, Isa::kAvx2, 1);
  EXPECT_LE(static_cast<double>(planned.memory.bytes),
            1.02 * static_cast<double>(planned.memory.lower_bound));
}

}  // namespace
}  // namespace wattgrind
