// Shapes, work and files of layers whose operands are both maps.
#include <gtest/gtest.h>

#include <string>

#include "estimator/network/network_file.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

Network product(FeatureShape a, FeatureShape b, bool transpose_b) {
  return build_network(
      {"net", {{"a", a}, {"b", b}}, {{"y", MatMul{transpose_b}, false, {"a", "b"}}}, {}},
      "net.json");
}

std::string product_error(FeatureShape a, FeatureShape b, bool transpose_b) {
  return error_text([&] { product(a, b, transpose_b); });
}

// Attention of BERT's base size: 12 heads of 64 features, 128 tokens.
TEST(MatMul, ShapesAndWorkOfAttention) {
  const Network scores = product({64, 12, 128}, {64, 12, 128}, true);
  EXPECT_EQ(scores.layers[0].output_shape, (FeatureShape{128, 12, 128}));
  EXPECT_EQ(scores.layers[0].macs, 12u * 128 * 128 * 64);
  EXPECT_EQ(scores.layers[0].parameters, 0u);
  const Network values = product({128, 12, 128}, {64, 12, 128}, false);
  EXPECT_EQ(values.layers[0].output_shape, (FeatureShape{64, 12, 128}));
  EXPECT_EQ(product({8, 3, 5}, {7, 1, 8}, false).layers[0].output_shape, (FeatureShape{7, 3, 5}));
}

TEST(MatMul, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(product_error({8, 3, 5}, {7, 3, 9}, false),
            "net.json: layers[0].inputs: found 8x3x5 and 7x3x9, wanted the second's width to be 8");
  EXPECT_EQ(
      product_error({8, 3, 5}, {7, 3, 9}, true),
      "net.json: layers[0].inputs: found 8x3x5 and 7x3x9, wanted the second's channels to be 8");
  EXPECT_EQ(product_error({8, 3, 5}, {7, 2, 8}, false),
            "net.json: layers[0].inputs: found 8x3x5 and 7x2x8, wanted the second's height to be 3 "
            "or 1");
}

TEST(MatMul, IsWrittenAndRead) {
  for (const bool transpose_b : {false, true}) {
    const std::string text = write_network(product({8, 3, 8}, {8, 1, 8}, transpose_b));
    EXPECT_EQ(text.find("transpose_b") != std::string::npos, transpose_b);
    EXPECT_EQ(write_network(read_network(text, "again")), text);
  }
}

}  // namespace
}  // namespace wattgrind
