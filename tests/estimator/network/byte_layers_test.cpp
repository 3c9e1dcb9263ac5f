// Layers on bytes in network files: what is read, written, refused and counted.
#include "estimator/network/byte_layers.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "estimator/network/network_file.h"
#include "estimator/network/operations.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

constexpr std::string_view kQuantize =
    R"({"kind": "quantize", "int8": {"scale": 0.5, "zero_point": 3}})";

std::string byte_network(std::string_view layers) {
  return fmt::format(
      "{{\"schema\": \"wattgrind/network/1\", \"name\": \"net\", \"input\": [3, 8, 8], "
      "\"layers\": [{}, {}]}}",
      kQuantize, layers);
}

std::string byte_error(std::string_view layers) {
  return error_text([&] { read_network(byte_network(layers), "net.json"); });
}

TEST(ByteLayers, FilesKeepScales) {
  const std::string text = byte_network(
      R"({"kind": "conv2d", "name": "c", "filters": 4, "kernel": [3, 3],
          "int8": {"scale": 0.0235, "zero_point": 200, "weight_bits": 7}},
         {"kind": "relu", "name": "r", "int8": {"scale": 0.25}},
         {"kind": "flatten", "name": "f", "int8": {"scale": 0.25}},
         {"kind": "dense", "name": "d", "units": 2, "int8": {}},
         {"kind": "dequantize", "name": "e", "inputs": ["r"], "as": {"scale": 1, "zero_point": 128}})");
  const Network network = read_network(text, "net.json");
  EXPECT_EQ(network.layers[1].int8, (Int8Layer{ByteScale{0.0235f, 200}, 7}));
  EXPECT_EQ(network.layers[1].input_bytes[0], (ByteScale{0.5f, 3}));
  EXPECT_EQ(network.layers[2].output_bytes(), (ByteScale{0.25f, 0}));
  EXPECT_EQ(network.layers[4].output_bytes(), std::nullopt);
  EXPECT_EQ(std::get<Dequantize>(network.layers[5].operation).as, (ByteScale{1, 128}));
  const std::string written = write_network(network);
  const Network again = read_network(written, "again.json");
  for (size_t i = 0; i < network.layers.size(); ++i) {
    EXPECT_EQ(network.layers[i].int8, again.layers[i].int8);
    EXPECT_EQ(network.layers[i].input_bytes, again.layers[i].input_bytes);
  }
  EXPECT_EQ(write_network(again), written);
}

TEST(ByteLayers, ScalesAreParametersByTheirSide) {
  const Network network = read_network(
      byte_network(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "int8": {"scale": 1}})"),
      "net.json");
  EXPECT_EQ(parameter_values(network.layers[1], ParameterRole::kScales), 4u);
  EXPECT_EQ(network.layers[1].parameters, 4u * 27 + 4);
}

TEST(ByteLayers, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(
      byte_error(R"({"kind": "softmax", "name": "s"})"),
      HasSubstr("layers[1].int8: layer s reads a map of bytes and does not compute on them"));
  EXPECT_THAT(byte_error(R"({"kind": "relu", "name": "r", "int8": {}})"), HasSubstr("scale"));
  EXPECT_THAT(byte_error(R"({"kind": "maxpool2d", "name": "p", "kernel": [2, 2],
                             "int8": {"scale": 0.25}})"),
              HasSubstr("layer p keeps its input's numbers: wanted the scale 0.5"));
  EXPECT_THAT(byte_error(R"({"kind": "dequantize"},
                            {"kind": "conv2d", "name": "c", "filters": 4, "kernel": [3, 3],
                             "int8": {"scale": 1}})"),
              HasSubstr("layer c reads a map of single precision: put a quantize layer before"));
  EXPECT_THAT(byte_error(R"({"kind": "quantize", "name": "q", "int8": {"scale": 1}})"),
              HasSubstr("layer q reads a map of bytes"));
  EXPECT_THAT(byte_error(R"({"kind": "relu", "int8": {"scale": -1}})"), HasSubstr("scale"));
  EXPECT_THAT(byte_error(R"({"kind": "relu", "int8": {"scale": 1, "zero_point": 256}})"),
              HasSubstr("zero_point"));
  EXPECT_THAT(byte_error(R"({"kind": "lrn", "int8": {"scale": 1}})"), HasSubstr("int8"));
}

TEST(ByteLayers, SumsFitThirtyTwoBits) {
  const auto dense_of = [](int64_t values) {
    return build_network("net", {values, 1, 1},
                         {{"q", Quantize{}, false, {}, Int8Layer{ByteScale{1, 0}, 8}},
                          {"d", Dense{1}, false, {}, Int8Layer{std::nullopt, 8}}},
                         "net");
  };
  EXPECT_NO_THROW(dense_of(65'000));
  EXPECT_THAT(error_text([&] { dense_of(66'000); }), HasSubstr("66000 products"));
}

TEST(ByteLayers, OperationsAreToldApart) {
  const Network network = read_network(
      byte_network(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "int8": {"scale": 0.25}},
                      {"kind": "relu", "int8": {"scale": 0.25}}, {"kind": "dequantize"})"),
      "net.json");
  EXPECT_EQ(other_operations(network.layers[0]), 3u * 192);
  EXPECT_EQ(other_byte_operations(network.layers[0]), 0u);
  EXPECT_EQ(byte_macs(network.layers[1]), 144u * 27);
  EXPECT_EQ(other_operations(network.layers[1]), 3u * 144);
  EXPECT_EQ(other_operations(network.layers[2]), 144u);
  EXPECT_EQ(other_byte_operations(network.layers[2]), 144u);
  EXPECT_EQ(other_operations(network.layers[3]), 2u * 144);
}

TEST(ByteLayers, MapsTakeAQuarter) {
  const Network network = read_network(
      byte_network(R"({"kind": "relu", "int8": {"scale": 0.5, "zero_point": 3}})"), "net.json");
  EXPECT_EQ(peak_activation_bytes(network), 192u * 4 + 192);
}

}  // namespace
}  // namespace wattgrind
