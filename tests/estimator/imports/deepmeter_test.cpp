#include "estimator/imports/deepmeter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "estimator/formats/json_text.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

Network read(std::string_view entries) {
  return read_deepmeter(parse_ordered_json(fmt::format("[{}]", entries), "net.json"), "net",
                        "net.json");
}

std::string error_of(std::string_view entries) {
  return error_text([&] { read(entries); });
}

std::string plain(std::string_view module) {
  return fmt::format(R"({{"type": "layer", "torch_module": "{}"}})", module);
}

std::string conv(int inputs, int outputs, int kernel, std::string_view more = "") {
  return fmt::format(
      R"({{"type": "layer", "torch_module": "nn.Conv2d", "in_channels": {}, "out_channels": {},
          "kernel_size": [{}, {}], "stride": [1, 1], "padding": [0, 0]{}}})",
      inputs, outputs, kernel, kernel, more);
}

std::string linear(int inputs, int outputs) {
  return fmt::format(
      R"({{"type": "layer", "torch_module": "nn.Linear", "in_features": {}, "out_features": {}}})",
      inputs, outputs);
}

constexpr std::string_view kPool =
    R"({"type": "layer", "torch_module": "nn.MaxPool2d", "kernel_size": [2, 2], "stride": [2, 2]})";

// LeNet-5 over 32x32, as DeepMeter measures it: 61,706 parameters and 416,520 multiply-accumulates,
// as the built-in lenet5 has over 28x28 with padding.
TEST(DeepMeter, ReadsLeNet5) {
  const std::string relu = plain("nn.ReLU");
  const Network network = read(
      fmt::format("{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}", conv(1, 6, 5), relu, kPool,
                  conv(6, 16, 5), relu, kPool, R"({"type": "reshape", "reshape_dim": [1, 400]})",
                  linear(400, 120), relu, linear(120, 84), relu, linear(84, 10)));
  EXPECT_EQ(network.input(), (FeatureShape{1, 32, 32}));
  EXPECT_EQ(network.layers.size(), 12u);
  EXPECT_EQ(network.parameters(), 61'706u);
  EXPECT_EQ(network.macs(), 416'520u);
  EXPECT_EQ(network.layers.back().output_shape, (FeatureShape{10, 1, 1}));
}

TEST(DeepMeter, LinearReadsAMapAsAVector) {
  const Network network = read(linear(1024, 10));
  ASSERT_EQ(network.layers.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<Flatten>(network.layers[0].operation));
}

TEST(DeepMeter, TheFirstReshapeMakesTheInput) {
  const Network network = read(conv(3, 8, 3, R"(, "reshape_dim": [10000, 3, 64, 48])"));
  EXPECT_EQ(network.input(), (FeatureShape{3, 64, 48}));
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{8, 62, 46}));
}

TEST(DeepMeter, OtherReshapesResizeAndRepeat) {
  const Network network =
      read(plain("ReLU") + R"(, {"type": "reshape", "reshape_dim": [1, 3, 16, 16]})");
  ASSERT_EQ(network.layers.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<Resize>(network.layers[1].operation));
  EXPECT_EQ(network.layers[2].output_shape, (FeatureShape{3, 16, 16}));
}

TEST(DeepMeter, AveragesCountPadding) {
  const Network network =
      read(R"({"type": "layer", "torch_module": "nn.AvgPool2d", "kernel_size": 3, "padding": 1})");
  const auto& pool = std::get<AvgPool2d>(network.layers[0].operation);
  EXPECT_TRUE(pool.count_padding);
  EXPECT_EQ(pool.window.stride_height, 3);
}

TEST(DeepMeter, UnsupportedModulesAreAllNamed) {
  EXPECT_EQ(error_of(plain("nn.LSTM") + ", " + plain("nn.ReLU") + ", " + plain("nn.Bilinear")),
            "net.json: 2 of 3 modules are not supported: \"LSTM\" ([0]), \"Bilinear\" ([2])");
}

TEST(DeepMeter, Mistakes) {
  EXPECT_EQ(error_of(conv(3, 8, 3)),
            "net.json: [0]: in_channels: found 3, wanted 1, which reach it");
  EXPECT_EQ(error_of(linear(400, 10)),
            "net.json: [0]: in_features: found 400, wanted 1024, which reach it");
  EXPECT_EQ(error_of(R"({"type": "layer"})"), "net.json: [0]: the key \"torch_module\" is missing");
  EXPECT_EQ(error_of(R"({"type": "loss"})"),
            "net.json: [0]: type: found \"loss\", wanted \"layer\" or \"reshape\"");
  EXPECT_EQ(error_of(R"({"type": "layer", "torch_module": "nn.ReLU", "slope": 1})"),
            "net.json: [0]: found the key \"slope\", which \"nn.ReLU\" does not have");
  EXPECT_EQ(error_of(plain("nn.ReLU") + R"(, {"type": "reshape", "reshape_dim": [1, 7]})"),
            "net.json: [1]: reshape_dim: found [1, 7], which 1x32x32 cannot become");
  EXPECT_EQ(error_of(R"({"type": "reshape", "reshape_dim": [1, -3, 4, 4]})"),
            "net.json: [0]: reshape_dim: found -3, wanted 1 to 2147483647");
  EXPECT_EQ(error_of(""), "net.json: inputs: found none, wanted at least one");
}

}  // namespace
}  // namespace wattgrind
