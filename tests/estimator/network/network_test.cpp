#include "estimator/network/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

Window2d window(int64_t kernel, int64_t stride = 1, int64_t padding = 0) {
  return {kernel, kernel, stride, stride, padding, padding, padding, padding};
}

Network build(FeatureShape input, const std::vector<LayerSpec>& specs) {
  return build_network("net", input, specs, "net.json");
}

Layer build_one(FeatureShape input, const Operation& operation, bool pad_same = false) {
  return build(input, {{"", operation, pad_same, {}}}).layers.front();
}

std::string error_of(FeatureShape input, const Operation& operation, bool pad_same = false) {
  return error_text([&] { build_one(input, operation, pad_same); });
}

TEST(Network, ConvolutionShapesFollowTheTextbookFormula) {
  // floor((n + 2p - k) / s) + 1, figures from AlexNet's and LeNet-5's papers.
  EXPECT_EQ(build_one({3, 227, 227}, Conv2d{96, window(11, 4), 1}).output_shape,
            (FeatureShape{96, 55, 55}));
  EXPECT_EQ(build_one({96, 27, 27}, Conv2d{256, window(5, 1, 2), 2}).output_shape,
            (FeatureShape{256, 27, 27}));
  EXPECT_EQ(build_one({6, 14, 14}, Conv2d{16, window(5), 1}).output_shape,
            (FeatureShape{16, 10, 10}));
  // A stride that does not divide leaves the last columns unread.
  EXPECT_EQ(build_one({1, 8, 9}, Conv2d{1, window(3, 4), 1}).output_shape, (FeatureShape{1, 2, 2}));
}

TEST(Network, ConvolutionCountsOneBiasAFilterAndDividesByGroups) {
  const Layer conv1 = build_one({3, 227, 227}, Conv2d{96, window(11, 4), 1});
  EXPECT_EQ(conv1.macs, 105'415'200u);
  EXPECT_EQ(conv1.parameters, 34'944u);
  const Layer conv2 = build_one({96, 27, 27}, Conv2d{256, window(5, 1, 2), 2});
  EXPECT_EQ(conv2.macs, 223'948'800u);
  EXPECT_EQ(conv2.parameters, 307'456u);
}

TEST(Network, DenseCountsOneBiasAUnit) {
  const Layer fc3 = build_one({400, 1, 1}, Dense{120});
  EXPECT_EQ(fc3.macs, 48'000u);
  EXPECT_EQ(fc3.parameters, 48'120u);
  EXPECT_EQ(fc3.output_shape, (FeatureShape{120, 1, 1}));
}

TEST(Network, SamePaddingPutsTheSurplusAtTheBottomAndRight) {
  const Layer even = build_one({1, 28, 28}, Conv2d{4, window(4), 1}, true);
  EXPECT_EQ(std::get<Conv2d>(even.operation).window, (Window2d{4, 4, 1, 1, 1, 1, 2, 2}));
  EXPECT_EQ(even.output_shape, (FeatureShape{4, 28, 28}));
  // ceil(n / stride) outputs; 5 outputs of stride 2 over 10 with kernel 3 need one row.
  const Layer strided = build_one({1, 10, 9}, MaxPool2d{window(3, 2)}, true);
  EXPECT_EQ(std::get<MaxPool2d>(strided.operation).window, (Window2d{3, 3, 2, 2, 0, 1, 1, 1}));
  EXPECT_EQ(strided.output_shape, (FeatureShape{1, 5, 5}));
  // A kernel larger than the input fits when padded.
  EXPECT_EQ(build_one({1, 2, 2}, Conv2d{1, window(7), 1}, true).output_shape,
            (FeatureShape{1, 2, 2}));
  // A stride longer than the kernel needs no padding.
  EXPECT_EQ(build_one({1, 9, 9}, AvgPool2d{window(1, 3)}, true).output_shape,
            (FeatureShape{1, 3, 3}));
}

TEST(Network, ShapesOfTheOtherLayers) {
  const FeatureShape map{16, 5, 4};
  EXPECT_EQ(build_one(map, Relu{}).output_shape, map);
  EXPECT_EQ(build_one(map, Lrn{}).output_shape, map);
  EXPECT_EQ(build_one(map, Dropout{}).output_shape, map);
  EXPECT_EQ(build_one(map, Flatten{}).output_shape, (FeatureShape{320, 1, 1}));
  EXPECT_EQ(build_one(map, GlobalAvgPool2d{}).output_shape, (FeatureShape{16, 1, 1}));
  EXPECT_EQ(build_one(map, AvgPool2d{window(2, 2)}).output_shape, (FeatureShape{16, 2, 2}));
  EXPECT_EQ(build_one({10, 1, 1}, Softmax{}).output_shape, (FeatureShape{10, 1, 1}));
}

TEST(Network, MakesNamesFromKindAndNumberAroundThoseTaken) {
  const Network net = build({4, 1, 1}, {{"", Relu{}, false, {}},
                                        {"relu_2", Dense{3}, false, {}},
                                        {"", Relu{}, false, {}},
                                        {"", Dense{2}, false, {}}});
  EXPECT_EQ(net.layers[0].name, "relu_1");
  EXPECT_EQ(net.layers[1].name, "relu_2");
  EXPECT_EQ(net.layers[2].name, "relu_3");
  EXPECT_EQ(net.layers[3].name, "dense_1");
}

TEST(Network, InputsNameEarlierLayersOrTheNetworksInput) {
  const Network net = build({4, 1, 1}, {{"a", Dense{3}, false, {}},
                                        {"b", Dense{5}, false, {"input"}},
                                        {"c", Dense{2}, false, {"a"}}});
  EXPECT_EQ(net.layers[0].input(), kNetworkInput);
  EXPECT_EQ(net.layers[1].input(), kNetworkInput);
  EXPECT_EQ(net.layers[1].input_shape(), (FeatureShape{4, 1, 1}));
  EXPECT_EQ(net.layers[2].input(), 0);
  EXPECT_EQ(net.layers[2].parameters, 8u);
  EXPECT_EQ(net.macs(), 12u + 20u + 6u);
  EXPECT_EQ(net.parameters(), 15u + 25u + 8u);
}

TEST(Network, RefusesInputsThatAreNotEarlierLayers) {
  EXPECT_EQ(error_text([] {
              build({4, 1, 1}, {{"a", Relu{}, false, {"b"}}, {"b", Relu{}, false, {}}});
            }),
            "net.json: layers[0].inputs: found \"b\", wanted the name of an earlier layer or of a "
            "network's input");
}

TEST(Network, OutputsAreThoseNamedOrThoseNobodyReads) {
  const std::vector<LayerSpec> fork = {{"a", Relu{}, false, {}},
                                       {"b", Clip{}, false, {"a"}},
                                       {"c", Relu{}, false, {"image"}},
                                       {"d", Relu{}, false, {"mask"}}};
  const NetworkSpec spec{"net", {{"image", {3, 8, 8}}, {"mask", {1, 4, 4}}}, fork, {}};
  const Network network = build_network(spec, "net.json");
  EXPECT_EQ(network.outputs, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(network.layers[3].inputs, std::vector<int>{network_input(1)});
  EXPECT_EQ(network.layers[3].output_shape, (FeatureShape{1, 4, 4}));
  NetworkSpec named = spec;
  named.outputs = {"d", "a"};
  EXPECT_EQ(build_network(named, "net.json").outputs, (std::vector<int>{3, 0}));
  const auto error_for = [&](std::vector<std::string> outputs) {
    named.outputs = std::move(outputs);
    return error_text([&] { build_network(named, "net.json"); });
  };
  EXPECT_EQ(error_for({"e"}), "net.json: outputs: found \"e\", wanted the name of a layer");
  EXPECT_EQ(error_for({"mask"}), "net.json: outputs: found \"mask\", wanted the name of a layer");
  EXPECT_EQ(error_for({"a", "a"}), "net.json: outputs: \"a\" is there twice");
}

TEST(Network, RefusesNamesOfInputsThatAreTakenOrIllFormed) {
  const auto error_for = [](std::string first, std::string second) {
    return error_text([&] {
      build_network({"net",
                     {{std::move(first), {1, 1, 1}}, {std::move(second), {1, 1, 1}}},
                     {{"a", Relu{}, false, {}}},
                     {}},
                    "net.json");
    });
  };
  EXPECT_EQ(error_for("x", "x"), "net.json: inputs: two are called \"x\": names must differ");
  EXPECT_THAT(error_for("x", "2"), HasSubstr("inputs: found the name \"2\", wanted a letter"));
  EXPECT_THAT(error_for("total", "x"), HasSubstr("inputs: found the name \"total\", wanted"));
  EXPECT_EQ(error_for("x", "a"),
            "net.json: layers[0].name: \"a\" is the network's own input: choose another");
}

// Maps of 4 x 4 x 4 values, 256 bytes each. While the last layer runs, its input, its output and
// the first map are alive: that one until the end, for it is an output.
TEST(Network, PeakMemoryIsWhatIsAliveAtOnce) {
  const FeatureShape shape{4, 4, 4};
  const std::vector<LayerSpec> chain(5, {"", Relu{}, false, {}});
  EXPECT_EQ(peak_activation_bytes(build(shape, chain)), 2u * 256);
  const NetworkSpec kept{"net", {{"input", shape}}, chain, {"relu_1", "relu_5"}};
  EXPECT_EQ(peak_activation_bytes(build_network(kept, "net.json")), 3u * 256);
}

TEST(Network, RefusesNamesThatAreTakenOrIllFormed) {
  using std::string_literals::operator""s;
  const auto error_for = [](std::string first, std::string second) {
    return error_text([&] {
      build({4, 1, 1},
            {{std::move(first), Relu{}, false, {}}, {std::move(second), Relu{}, false, {}}});
    });
  };
  EXPECT_EQ(error_for("a", "a"),
            "net.json: layers[1].name: \"a\" is the name of an earlier layer: names must differ");
  EXPECT_EQ(error_for("runtime", "a"),
            "net.json: layers[0].name: \"runtime\" is taken by the program: choose another");
  for (const std::string& name : {"1a"s, "a b"s, "a\nb"s, "ä"s, std::string(65, 'a')}) {
    EXPECT_NE(error_for("x", name).find("net.json: layers[1].name: found "), std::string::npos);
  }
  EXPECT_EQ(error_for("fire2/squeeze1x1", "fire2/expand-1_x.1"), "nothing thrown");
}

TEST(Network, RefusesKernelsLargerThanTheirPaddedInput) {
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(7), 1}),
            "net.json: layers[0].kernel: found 7x7, wanted at most the padded input, 5x5");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(7, 1, 1), 1}), "nothing thrown");
  EXPECT_EQ(error_of({1, 6, 6}, Conv2d{1, {3, 3, 1, 1, 0, 0, 0, 0, 3, 2}, 1}),
            "net.json: layers[0].kernel: found 3x3, dilated to 7x5, wanted at most the padded "
            "input, 6x6");
  EXPECT_EQ(error_of({1, 7, 6}, Conv2d{1, {3, 3, 1, 1, 0, 0, 0, 0, 3, 2}, 1}), "nothing thrown");
  EXPECT_EQ(error_of({1, 5, 2}, MaxPool2d{window(3)}),
            "net.json: layers[0].kernel: found 3x3, wanted at most the padded input, 5x2");
}

// As PyTorch and ONNX give them: 1 + (9 + 2 * 2 - 2 * (3 - 1) - 1) / 2.
TEST(Network, DilatedWindows) {
  Window2d dilated = window(3, 2, 2);
  dilated.dilation_height = 2;
  dilated.dilation_width = 3;
  const Layer layer = build_one({4, 9, 10}, Conv2d{8, dilated, 1});
  EXPECT_EQ(layer.output_shape, (FeatureShape{8, 5, 4}));
  EXPECT_EQ(layer.macs, 8u * 5 * 4 * 4 * 9);
  const Layer same = build_one({4, 9, 10}, Conv2d{8, dilated, 1}, true);
  EXPECT_EQ(same.output_shape, (FeatureShape{8, 5, 5}));
  EXPECT_EQ(std::get<Conv2d>(same.operation).window, (Window2d{3, 3, 2, 2, 2, 2, 2, 3, 2, 3}));
}

TEST(Network, RefusesZeroAndNegativeSizes) {
  EXPECT_EQ(error_of({1, 0, 5}, Relu{}),
            "net.json: input: found a size of 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{0, window(3), 1}),
            "net.json: layers[0].filters: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(0), 1}),
            "net.json: layers[0].kernel: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(3, 0), 1}),
            "net.json: layers[0].stride: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(3, 0), 1}, true),
            "net.json: layers[0].stride: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(3, 1, -1), 1}),
            "net.json: layers[0].padding: found -1, wanted 0 to 2147483647");
  EXPECT_EQ(error_of({1, 5, 5}, Conv2d{1, window(3), 0}),
            "net.json: layers[0].groups: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({5, 1, 1}, Clip{2, 2}),
            "net.json: layers[0].low: found 2 and a high of 2, wanted two finite numbers, low "
            "below high");
  EXPECT_EQ(
      error_of({5, 1, 1}, Clip{0, 1e300}),
      "net.json: layers[0].low: found 0 and a high of 1e+300, wanted two finite numbers, low below "
      "high");
  EXPECT_EQ(error_of({5, 1, 1}, Dense{-3}),
            "net.json: layers[0].units: found -3, wanted 1 to 2147483647");
  EXPECT_EQ(error_of({5, 1, 1}, Lrn{4, 1e-4, 0.75, 1}),
            "net.json: layers[0].size: found 4, wanted an odd number of channels");
  EXPECT_EQ(error_of({5, 1, 1}, Lrn{5, 1e-4, 0.75, 0}),
            "net.json: layers[0].k: found 0, wanted a number > 0");
  EXPECT_EQ(error_of({5, 1, 1}, Dropout{1.0}),
            "net.json: layers[0].rate: found 1, wanted 0 or more and less than 1");
}

TEST(Network, RefusesGroupsThatDoNotDivide) {
  EXPECT_EQ(error_of({3, 5, 5}, Conv2d{4, window(3), 2}),
            "net.json: layers[0].groups: found 2, wanted a divisor of 3 input channels and 4 "
            "filters");
}

TEST(Network, RefusesPoolingWindowsOfPaddingAlone) {
  EXPECT_EQ(error_of({3, 5, 5}, MaxPool2d{window(2, 2, 2)}),
            "net.json: layers[0].padding: found [2, 2, 2, 2], wanted less than the kernel, 2x2");
}

TEST(Network, RefusesFeatureMapsWhereVectorsAreWanted) {
  EXPECT_EQ(error_of({16, 5, 5}, Dense{10}),
            "net.json: layers[0]: dense found the feature map 16x5x5, wanted a vector: put a "
            "flatten layer before");
}

TEST(Network, RefusesWhatOverflowsOrDoesNotFitInMemory) {
  const int64_t large = kMaxSize;
  EXPECT_NE(error_of({large, large, large}, Relu{}).find("does not fit in memory"),
            std::string::npos);
  // 2^31 x 2^31 weights of a kernel 4x4 are 2^66.
  EXPECT_NE(error_of({large, 4, 4}, Conv2d{large, window(4), 1}).find("overflow 64 bits"),
            std::string::npos);
  // 2^31 x 2^20 weights fit 64 bits, not memory.
  EXPECT_NE(error_of({large, 1, 1}, Dense{1 << 20}).find("do not fit in memory"),
            std::string::npos);
  // A map of 2^31 x 2^31 from one value.
  EXPECT_NE(
      error_of({1, 1, 1}, Conv2d{1, window(1, 1, 1'000'000'000), 1}).find("do not fit in memory"),
      std::string::npos);
  EXPECT_NE(error_of({1, 1, 1}, Conv2d{1, window(INT64_MAX), 1}, true).find("kernel: found"),
            std::string::npos);
  EXPECT_NE(error_of({1 << 10, 1 << 14, 1 << 12}, Flatten{}).find("wanted at most 2147483647"),
            std::string::npos);
}

TEST(Network, RefusesWhatDoesNotFitInMemoryOnlyTogether) {
  // Each layer takes 256 GiB: the fourth is too much.
  const std::vector<LayerSpec> specs(5, LayerSpec{"", Dense{1 << 18}, false, {}});
  const std::string message = error_text([&] { build({1 << 18, 1, 1}, specs); });
  EXPECT_NE(message.find("net.json: layers[3]: "), std::string::npos) << message;
}

TEST(Network, RefusesNoLayers) {
  EXPECT_EQ(error_text([] {
              build({1, 1, 1}, {});
            }),
            "net.json: layers: found none, wanted at least one");
}

TEST(FeatureShape, Text) {
  EXPECT_EQ(to_string(FeatureShape{16, 5, 4}), "16x5x4");
  EXPECT_EQ(to_string(FeatureShape{120, 1, 1}), "120");
}

}  // namespace
}  // namespace wattgrind
