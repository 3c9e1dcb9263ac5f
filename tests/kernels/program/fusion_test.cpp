// Layers that one kernel computes: which they are, and that they compute what they did apart.
#include "kernels/program/fusion.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "estimator/catalog/network_source.h"
#include "kernels/program/program.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

std::vector<std::string> fused_names(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : fuse_layers(network, Isa::kAvx2, 1).network.layers) {
    names.push_back(layer.name);
  }
  return names;
}

Network graph(const FeatureShape& input, std::vector<LayerSpec> layers,
              std::vector<std::string> outputs = {}) {
  return build_network({"test", {{"x", input}}, std::move(layers), std::move(outputs)}, "test");
}

// Of a block's two convolutions the later one takes over the sum.
TEST(Fusion, AConvolutionTakesOverWhatComesBehindIt) {
  EXPECT_EQ(
      fused_names(graph({8, 6, 6}, {{"a", same_conv(8, 3)},
                                    {"bn", BatchNorm{}},
                                    {"relu", Relu{}},
                                    {"b", same_conv(8, 3)},
                                    {"sum", Binary{}, false, {"b", "relu"}},
                                    {"clip", Clip{0, 6}},
                                    {"pool", MaxPool2d{{2, 2, 2, 2}}},
                                    {"flat", Flatten{}},
                                    {"fc", Dense{10}},
                                    {"tanh", Activation{UnaryFunction::kTanh}},
                                    {"prob", Softmax{}}})),
      (std::vector<std::string>{"a+bn+relu", "b+sum+clip", "pool", "flat", "fc+tanh", "prob"}));
}

// Attention: a product of two maps, a factor, softmax; and a second product.
Network attention(bool with_factor, bool with_softmax, bool transpose) {
  std::vector<LayerSpec> layers = {{"q", same_conv(20, 1), false, {"x"}},
                                   {"k", same_conv(20, 1), false, {"x"}}};
  // Rows of pixels are heads: 7 of them, of 21 pixels each.
  MatMul scores;
  scores.transpose_b = transpose;
  layers.push_back({"scores", scores, false, {"q", "k"}});
  Binary factor;
  factor.function = BinaryFunction::kMultiply;
  factor.scalar = 0.25;
  if (with_factor) layers.push_back({"scaled", factor});
  if (with_softmax) layers.push_back({"weights", Softmax{}});
  layers.push_back({"drop", Dropout{0.1}});
  if (transpose) layers.push_back({"mixed", MatMul{}, false, {"drop", "k"}});
  return graph({5, 7, 21}, std::move(layers));
}

TEST(Fusion, AProductTakesOverAFactorAndSoftmax) {
  EXPECT_EQ(fused_names(attention(true, true, true)),
            (std::vector<std::string>{"q", "k", "scores+scaled+weights+drop", "mixed"}));
  EXPECT_EQ(fused_names(attention(false, true, true)),
            (std::vector<std::string>{"q", "k", "scores+weights+drop", "mixed"}));
  EXPECT_EQ(fused_names(attention(true, false, true)),
            (std::vector<std::string>{"q", "k", "scores+scaled+drop", "mixed"}));
  for (const bool with_factor : {false, true}) {
    for (const bool with_softmax : {false, true}) {
      check_network(attention(with_factor, with_softmax, true), 2, "attention");
      if (HasFailure()) return;
    }
  }
}

TEST(Fusion, AProductTakesOverNoSecondFactorAndNoOtherSoftmax) {
  Binary factor;
  factor.function = BinaryFunction::kMultiply;
  factor.scalar = 3;
  MatMul scores;
  scores.transpose_b = true;
  EXPECT_EQ(fused_names(graph({8, 3, 5}, {{"scores", scores, false, {"x", "x"}},
                                          {"one", factor},
                                          {"two", factor},
                                          {"weights", Softmax{}}})),
            (std::vector<std::string>{"scores+one", "two", "weights"}));
  EXPECT_EQ(fused_names(graph({8, 3, 5}, {{"scores", scores, false, {"x", "x"}},
                                          {"across", Softmax{{.width = true}}}})),
            (std::vector<std::string>{"scores", "across"}));
}

TEST(Fusion, WhatSomebodyElseReadsStaysAMap) {
  // The relu reads what the sum reads too.
  EXPECT_EQ(fused_names(graph({8, 6, 6}, {{"a", same_conv(8, 3)},
                                          {"relu", Relu{}},
                                          {"sum", Binary{}, false, {"a", "relu"}}})),
            (std::vector<std::string>{"a", "relu", "sum"}));
  EXPECT_EQ(
      fused_names(graph({8, 6, 6}, {{"a", same_conv(8, 3)}, {"relu", Relu{}}}, {"a", "relu"})),
      (std::vector<std::string>{"a", "relu"}));
}

TEST(Fusion, BatchNormalisationBehindAFunctionIsNoPartOfTheWeights) {
  EXPECT_EQ(
      fused_names(graph(
          {8, 6, 6},
          {{"a", same_conv(8, 3)}, {"relu", Relu{}}, {"bn", BatchNorm{}}, {"relu2", Relu{}}})),
      (std::vector<std::string>{"a+relu", "bn", "relu2"}));
}

// Rows of padding are there for maxima alone, and windows leave no row out.
TEST(Fusion, AConvolutionPoolsItsMapWhereRowsAllow) {
  const auto is_fused = [](const Operation& pool) {
    return fused_names(graph({3, 9, 9}, {{"a", same_conv(8, 3)}, {"relu", Relu{}}, {"pool", pool}}))
               .size() == 1;
  };
  EXPECT_TRUE(is_fused(MaxPool2d{window(2, 2, 0)}));
  EXPECT_TRUE(is_fused(MaxPool2d{window(3, 2, 1)}));
  EXPECT_TRUE(is_fused(MaxPool2d{window(2, 2, 0), true}));
  EXPECT_TRUE(is_fused(AvgPool2d{window(3, 1, 0)}));
  EXPECT_FALSE(is_fused(AvgPool2d{window(3, 2, 1)}));
  EXPECT_FALSE(is_fused(AvgPool2d{window(2, 2, 0), true}));
  EXPECT_FALSE(is_fused(MaxPool2d{window(2, 3, 0)}));
  EXPECT_FALSE(is_fused(MaxPool2d{window(2, 2, 1)}));
  EXPECT_FALSE(is_fused(GlobalAvgPool2d{}));
  // The pooled map is another's size: nothing follows, and sums of maps stay whole.
  EXPECT_EQ(fused_names(graph({3, 8, 8}, {{"a", same_conv(8, 3)},
                                          {"pool", MaxPool2d{window(2, 2, 0)}},
                                          {"relu", Relu{}},
                                          {"b", same_conv(8, 1)},
                                          {"sum", Binary{}, false, {"b", "relu"}},
                                          {"pool2", MaxPool2d{window(2, 2, 0)}}})),
            (std::vector<std::string>{"a+pool", "relu", "b+sum", "pool2"}));
  EXPECT_EQ(fused_names(graph({8, 8, 8},
                              {{"a", same_conv(8, 3, 8)}, {"pool", MaxPool2d{window(2, 2, 0)}}})),
            (std::vector<std::string>{"a", "pool"}));
}

// Values of padding channels have to stay zero.
TEST(Fusion, FunctionsThatDoNotKeepZeroStayLayers) {
  EXPECT_EQ(fused_names(graph({8, 6, 6}, {{"a", same_conv(5, 3)},
                                          {"sigmoid", Activation{UnaryFunction::kSigmoid}}})),
            (std::vector<std::string>{"a", "sigmoid"}));
}

TEST(Fusion, OperationsAndParametersAreThoseOfTheLayers) {
  for (const char* name : {"resnet18", "mobilenet_v2", "squeezenet"}) {
    const Network network = find_network(name);
    const FusedNetwork fused = fuse_layers(network, Isa::kAvx512, 1);
    EXPECT_EQ(fused.network.macs(), network.macs()) << name;
    EXPECT_EQ(fused.network.parameters(), network.parameters()) << name;
    std::vector<int> parts;
    for (const std::vector<int>& group : fused.parts) {
      parts.insert(parts.end(), group.begin(), group.end());
    }
    std::ranges::sort(parts);
    ASSERT_EQ(parts.size(), network.layers.size()) << name;
    for (size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(parts[i], static_cast<int>(i)) << name;
  }
}

// Fewer values are read and written than by a kernel a layer.
TEST(Fusion, SparesPassesOverMemory) {
  const Network network = find_network("resnet18");
  const auto references = [](const Program& program) {
    uint64_t sum = 0;
    for (const Step& step : program.steps) sum += step.references.reads + step.references.writes;
    return sum;
  };
  const FusedNetwork fused = fuse_layers(network, Isa::kAvx2, 1);
  EXPECT_LT(references(lower_network(fused.network, Isa::kAvx2, 1)),
            references(lower_network(network, Isa::kAvx2, 1)));
}

// A convolution of every kind of kernel: direct with its reduction whole and cut, along channels,
// columns and rows; planar; depthwise; grouped.
// Takes the hints out of a nest; returns how many there were.
int take_hints(std::vector<Statement>& body) {
  int hints = 0;
  for (Statement& statement : body) {
    if (Loop* loop = std::get_if<Loop>(&statement.node)) {
      hints += take_hints(loop->body);
    } else {
      int64_t& ahead = std::get<Instruction>(statement.node).ahead_bytes;
      hints += ahead > 0 ? 1 : 0;
      ahead = 0;
    }
  }
  return hints;
}

// Kernels of the fused plan ask for weights ahead of their turn where L2 does not hold them; they
// differ from those of plan `layers` in nothing else.
TEST(FusedKernels, AskForLargeWeightsAhead) {
  const struct {
    Network network;
    int64_t batch;
    bool asks;
  } cases[] = {{graph({512, 1, 1}, {{"a", Dense{2048}}}), 64, true},
               {graph({512, 1, 1}, {{"a", Dense{2048}}}), 1, false},
               {graph({512, 1, 1}, {{"a", Dense{64}}}), 64, false},
               {graph({512, 9, 9}, {{"a", same_conv(600, 1)}}), 1, true},
               {graph({16, 9, 9}, {{"a", same_conv(600, 1)}}), 1, false}};
  for (const auto& [network, batch, asks] : cases) {
    const LoopNest plain =
        plan_inference(network, Plan::kLayers, Isa::kAvx2, batch).program.steps.front().nest;
    LoopNest fused =
        plan_inference(network, Plan::kFused, Isa::kAvx2, batch).program.steps.front().nest;
    EXPECT_EQ(take_hints(fused.body) > 0, asks) << to_text(fused);
    EXPECT_EQ(fused, plain);
  }
}

TEST(FusedKernels, EveryAlgorithmDoesWhatTheLayersDo) {
  const struct {
    FeatureShape input;
    Conv2d conv;
  } cases[] = {
      {{3, 9, 11}, same_conv(16, 3)},    {{70, 5, 6}, same_conv(33, 3)},
      {{600, 3, 4}, same_conv(24, 1)},   {{300, 4, 4}, same_conv(16, 3)},
      {{9, 12, 40}, same_conv(2, 5)},    {{24, 7, 5}, same_conv(24, 3, 24)},
      {{16, 6, 6}, same_conv(32, 3, 4)}, {{37, 8, 8}, same_conv(37, 1)},
  };
  for (const auto& [input, convolution] : cases) {
    const std::string what =
        fmt::format("{} filters of {}x{} in {} groups on {}", convolution.filters,
                    convolution.window.kernel_height, convolution.window.kernel_width,
                    convolution.groups, to_string(input));
    for (const Operation& function :
         {Operation(Relu{}), Operation(Clip{-0.5, 6}), Operation(Activation{UnaryFunction::kSwish}),
          Operation(Activation{UnaryFunction::kLeakyRelu, 0.1})}) {
      check_network(graph(input, {{"a", convolution}, {"bn", BatchNorm{}}, {"f", function}}), 2,
                    what);
    }
    check_network(graph(input, {{"left", same_conv(convolution.filters, 1)},
                                {"a", convolution, false, {"x"}},
                                {"bn", BatchNorm{}},
                                {"sum", Binary{}, false, {"left", "bn"}},
                                {"relu", Relu{}},
                                {"next", same_conv(5, 3)}}),
                  2, what + ", added to another map");
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Maps that L2 holds, several images at once or one; and maps that are cut into strips, of equal
// heights or not, with rows that are kept from one to the next.
TEST(FusedKernels, PoolingByStripsDoesWhatTheLayersDo) {
  const Operation pools[] = {MaxPool2d{window(2, 2, 0)},      MaxPool2d{window(3, 2, 0)},
                             MaxPool2d{window(3, 2, 1)},      MaxPool2d{window(3, 1, 1)},
                             AvgPool2d{window(2, 2, 0)},      AvgPool2d{window(3, 2, 0)},
                             MaxPool2d{window(3, 2, 0), true}};
  for (const FeatureShape& input : {FeatureShape{3, 9, 12}, {5, 46, 160}}) {
    for (const Operation& pool : pools) {
      const Network network = graph(input, {{"a", same_conv(37, 3)},
                                            {"relu", Activation{UnaryFunction::kTanh}},
                                            {"pool", pool},
                                            {"next", same_conv(2, 3)}});
      const std::string what = fmt::format("{} of {}", kind_name(pool), to_string(input));
      ASSERT_EQ(fuse_layers(network, Isa::kAvx2, 3).network.layers.size(), 2u) << what;
      check_network(network, 3, what);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// By every algorithm that can be asked for.
TEST(FusedKernels, EveryAlgorithmPools) {
  const struct {
    Conv2d conv;
    std::vector<ConvAlgorithm> algorithms;
  } cases[] = {{same_conv(24, 3),
                {ConvAlgorithm::kDirect, ConvAlgorithm::kTrimmed, ConvAlgorithm::kIm2col,
                 ConvAlgorithm::kWinograd2, ConvAlgorithm::kWinograd4}},
               {same_conv(3, 5), {ConvAlgorithm::kFft8, ConvAlgorithm::kFft16}},
               {same_conv(70, 1), {ConvAlgorithm::kPointwise}},
               {same_conv(24, 3, 4), {ConvAlgorithm::kDirect, ConvAlgorithm::kWinograd2}}};
  for (const auto& [conv, algorithms] : cases) {
    for (const ConvAlgorithm algorithm : algorithms) {
      const Network network = graph({8, 41, 190}, {{"a", conv},
                                                   {"relu", Relu{}},
                                                   {"pool", MaxPool2d{window(3, 2, 0)}},
                                                   {"next", same_conv(2, 3)}});
      AlgorithmRequest request;
      request.layers["a"].algorithms = {algorithm};
      check_network(network, 2, PlanRequest(Plan::kFused, request),
                    fmt::format("{} of {} filters", name(algorithm), conv.filters), 30);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  // Planes are taken unasked, where lanes are many.
  const Network planar =
      graph({8, 41, 190}, {{"a", same_conv(2, 5)}, {"pool", MaxPool2d{window(3, 2, 0)}}});
  const PlannedInference planned = plan_inference(planar, Plan::kFused, Isa::kAvx2, 2);
  ASSERT_EQ(planned.program.steps.back().choice->algorithm, ConvAlgorithm::kPlanar);
  check_network(planar, 2, "planar");
}

TEST(FusedKernels, DenseLayersDoWhatTheLayersDo) {
  for (const FeatureShape& input : {FeatureShape{20, 1, 1}, {3000, 1, 1}, {6, 4, 5}}) {
    for (const int64_t units : {2, 10, 64}) {
      check_network(graph(input, {{"flat", Flatten{}},
                                  {"fc", Dense{units}},
                                  {"gelu", Activation{UnaryFunction::kGelu}},
                                  {"next", Dense{7}},
                                  {"relu", Relu{}}}),
                    5, fmt::format("{} units on {}", units, to_string(input)));
    }
  }
}

// Residual and depthwise blocks of odd sizes, their functions and their sums drawn at random.
Network random_blocks(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t end) { return static_cast<int64_t>(random() % end); };
  std::vector<LayerSpec> layers;
  int64_t channels = 1 + below(20);
  const FeatureShape input{1 + below(9), 5 + below(8), 5 + below(8)};
  layers.push_back({"stem", same_conv(channels, 3)});
  std::string last = "stem";
  for (int64_t block = 0; block < 3; ++block) {
    const auto add = [&](const std::string& name, const Operation& operation) {
      layers.push_back({fmt::format("{}{}", name, block), operation, false, {last}});
      last = layers.back().name;
    };
    const std::string shortcut = last;
    if (below(2) == 0) {
      add("depthwise", same_conv(channels, 3, channels));
      if (below(2) == 0) add("bn", BatchNorm{});
    }
    add("conv", same_conv(channels, 1 + 2 * below(2)));
    if (below(2) == 0) add("norm", BatchNorm{});
    if (below(3) == 0) add("early", Relu{});
    if (below(3) > 0) {
      layers.push_back({fmt::format("sum{}", block), Binary{}, false,
                        below(2) == 0 ? std::vector{shortcut, last} : std::vector{last, shortcut}});
      last = layers.back().name;
    }
    if (below(3) > 0) add("relu", Relu{});
    if (below(3) == 0) {
      channels = 1 + below(30);
      add("widen", same_conv(channels, 1));
    }
  }
  layers.push_back({"flat", Flatten{}, false, {last}});
  layers.push_back({"fc", Dense{3}});
  return graph(input, std::move(layers));
}

TEST(FusedKernels, RandomBlocksDoWhatTheLayersDo) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    check_network(random_blocks(seed), 1 + static_cast<int64_t>(seed % 3),
                  fmt::format("blocks of seed {}", seed));
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace wattgrind
