#include "estimator/network/quantization.h"

#include <gmock/gmock.h>

#include <cmath>

#include "estimator/network/layer_kind.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

std::vector<std::string> layer_words(const Network& network) {
  std::vector<std::string> words;
  for (const Layer& layer : network.layers) {
    words.push_back(std::string(kind_name(layer.operation)) + (layer.int8 ? "*" : ""));
  }
  return words;
}

MapRanges ranges_of(const Network& network, const ValueRange& all) {
  return {std::vector(network.inputs.size(), all), std::vector(network.layers.size(), all)};
}

TEST(Quantization, ScalesHoldTheRangeAndZero) {
  EXPECT_EQ(byte_scale({0, 2.55f}).zero_point, 0);
  EXPECT_FLOAT_EQ(byte_scale({0, 2.55f}).scale, 0.01f);
  const ByteScale both = byte_scale({-1, 3});
  EXPECT_EQ(both.zero_point, 64);  // 63.75
  EXPECT_FLOAT_EQ(both.scale, 4.0f / 255);
  EXPECT_EQ(byte_scale({1, 3}), byte_scale({0, 3}));  // zero is always held
  EXPECT_EQ(byte_scale({-3, -1}).zero_point, 255);
  EXPECT_GT(byte_scale({0, 0}).scale, 0);
}

TEST(Quantization, LayersThatCanComputeOnBytes) {
  const Network network = build_network("net", {3, 8, 8},
                                        {{"c", Conv2d{4}},
                                         {"b", BatchNorm{}},
                                         {"r", Relu{}},
                                         {"p", MaxPool2d{{2, 2, 2, 2}}},
                                         {"f", Flatten{}},
                                         {"drop", Dropout{}},
                                         {"d", Dense{5}},
                                         {"s", Softmax{}}},
                                        "net");
  const NetworkValues folded = folded_for_bytes(network, {});
  const QuantizedNetwork result = quantized(folded, ranges_of(folded.network, {-1, 1}), 7);
  EXPECT_THAT(layer_words(result.on_bytes.network),
              testing::ElementsAre("quantize*", "conv2d*", "relu*", "maxpool2d*", "flatten*",
                                   "dense*", "softmax"));
  EXPECT_EQ(result.on_bytes.network.layers[1].int8->weight_bits, 7);
  EXPECT_EQ(result.on_bytes.network.layers[5].int8->output, std::nullopt);
  EXPECT_EQ(result.outputs.at("s"), "s");
}

// What leaves the bytes passes through one dequantize layer, whoever reads it.
TEST(Quantization, MapsAreConvertedOnce) {
  const Network network = build_network({"net",
                                         {{"input", {3, 8, 8}}},
                                         {{"a", Conv2d{3}},
                                          {"b", Conv2d{3}, false, {"a"}},
                                          {"l", Lrn{}, false, {"a"}},
                                          {"t", Activation{UnaryFunction::kTanh}, false, {"a"}},
                                          {"sum", Binary{}, false, {"b", "l"}}},
                                         {"sum", "t"}},
                                        "net");
  const NetworkValues folded = folded_for_bytes(network, {});
  const QuantizedNetwork result = quantized(folded, ranges_of(folded.network, {-1, 1}), 8);
  EXPECT_THAT(layer_words(result.on_bytes.network),
              testing::ElementsAre("quantize*", "conv2d*", "conv2d*", "dequantize", "lrn",
                                   "activation", "binary"));
}

TEST(Quantization, WeightsAndBiasesBecomeNumbers) {
  const Network network = build_network("net", {2, 1, 1}, {{"d", Dense{2}}}, "net");
  const std::vector<LayerParameters> parameters = {
      {{1.27f, -0.635f, 0.5f, 0.25f}, {0.1f, -0.2f}, {}}};
  const NetworkValues folded = folded_for_bytes(network, parameters);
  const QuantizedNetwork result = quantized(folded, ranges_of(folded.network, {0, 2.55f}), 8);
  const LayerParameters& held = result.on_bytes.parameters[1];
  EXPECT_THAT(held.weights, testing::ElementsAre(127, -64, 127, 64));
  ASSERT_EQ(held.scales.size(), 2u);
  EXPECT_FLOAT_EQ(held.scales[0], 0.01f);
  EXPECT_FLOAT_EQ(held.scales[1], 0.5f / 127);
  EXPECT_EQ(held.bias[0], 1000);                                        // 0.1 / (0.01 * 0.01)
  EXPECT_EQ(held.bias[1], std::nearbyint(-0.2f / (0.01 * 0.5 / 127)));  // -5080
  const QuantizedNetwork narrow = quantized(folded, ranges_of(folded.network, {0, 2.55f}), 7);
  EXPECT_THAT(narrow.on_bytes.parameters[1].weights, testing::ElementsAre(64, -32, 64, 32));
}

TEST(Quantization, BatchNormalizationGoesIntoWeights) {
  const Network network =
      build_network("net", {1, 1, 1},
                    {{"d", Conv2d{1, {}, 1, false}}, {"b", BatchNorm{0}}, {"r", Relu{}}}, "net");
  const NetworkValues folded = folded_for_bytes(network, {{{2}, {}, {}}, {{3}, {5}, {7, 4}}, {}});
  ASSERT_EQ(folded.network.layers.size(), 2u);
  EXPECT_THAT(folded.parameters[0].weights, testing::ElementsAre(3));  // 2 * 3 / sqrt(4)
  EXPECT_THAT(folded.parameters[0].bias, testing::ElementsAre(5 - 7 * 1.5f));
}

TEST(Quantization, RefusesWhatItCannot) {
  const Network relu = build_network("net", {1, 1, 1}, {{"r", Relu{}}}, "net");
  EXPECT_THAT(error_text([&] {
                quantized({relu, {}}, ranges_of(relu, {0, 1}), 8);
              }),
              HasSubstr("no convolution or dense layer"));
  const Network bytes = build_network("net", {1, 1, 1},
                                      {{"q", Quantize{}, false, {}, Int8Layer{ByteScale{1, 0}, 8}},
                                       {"d", Dense{1}, false, {}, Int8Layer{std::nullopt, 8}}},
                                      "net");
  EXPECT_THAT(error_text([&] {
                quantized({bytes, {}}, ranges_of(bytes, {0, 1}), 8);
              }),
              HasSubstr("computes on bytes"));
}

}  // namespace
}  // namespace wattgrind
