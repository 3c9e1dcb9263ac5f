#include "estimator/models/layer_point.h"

#include <gmock/gmock.h>

#include "estimator/network/network_file.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;

Network network_of(const std::string& input, const std::string& layers) {
  return read_network(R"({"schema": "wattgrind/network/1", "name": "n", "input": )" + input +
                          R"(, "layers": [)" + layers + "]}",
                      "test");
}

TEST(LayerPoint, AConvolutionHasNeuralPowersFeatures) {
  const Network network = network_of(
      "[3, 32, 32]",
      R"({"kind": "conv2d", "filters": 8, "kernel": [5, 5], "stride": [2, 2], "padding": [2, 2]})");
  const LayerPoint point = layer_point(network.layers[0], 4);
  EXPECT_EQ(point.kind, "conv2d");
  EXPECT_THAT(point.sizes, ElementsAre(4, 3, 32, 5, 2, 2, 8, 16));
  EXPECT_EQ(point.amounts.operations, 4.0 * 8 * 16 * 16 * 3 * 25);
  EXPECT_EQ(point.amounts.input_elements, 4.0 * 3 * 32 * 32);
  EXPECT_EQ(point.amounts.output_elements, 4.0 * 8 * 16 * 16);
  EXPECT_EQ(point.amounts.parameters, 8.0 * 3 * 25 + 8);
  EXPECT_EQ(point.size("kernel"), 5);
  EXPECT_EQ(point.size("units"), 0);
}

TEST(LayerPoint, KindsThatDifferAreToldApart) {
  const Network network = network_of("[4, 8, 8]", R"(
      {"kind": "conv2d", "filters": 4, "groups": 4, "kernel": [3, 3]},
      {"kind": "activation", "function": "tanh"}, {"kind": "maxpool2d", "kernel": [2, 2]},
      {"kind": "flatten"}, {"kind": "dense", "units": 10})");
  EXPECT_EQ(layer_model_kind(network.layers[0]), "depthwise_conv2d");
  EXPECT_EQ(layer_model_kind(network.layers[1]), "tanh");
  EXPECT_THAT(layer_point(network.layers[1], 2).sizes, ElementsAre(2, 4 * 6 * 6));
  EXPECT_THAT(layer_point(network.layers[2], 1).sizes, ElementsAre(1, 4, 6, 2, 2, 0, 3));
  EXPECT_THAT(layer_point(network.layers[4], 3).sizes, ElementsAre(3, 36, 10));
  EXPECT_TRUE(is_free(network.layers[3]));
  EXPECT_FALSE(is_free(network.layers[4]));
}

}  // namespace
}  // namespace wattgrind
