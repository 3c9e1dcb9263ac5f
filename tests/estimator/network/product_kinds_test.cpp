// Shapes, work and files of matrix products, embeddings and transposed convolutions.
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

Layer one(FeatureShape input, const Operation& operation, bool pad_same = false) {
  return build_network("net", input, {{.operation = operation, .pad_same = pad_same}}, "net.json")
      .layers[0];
}

std::string one_error(FeatureShape input, const Operation& operation) {
  return error_text([&] { one(input, operation); });
}

// DCGAN's second layer: 1024 x 4 x 4 becomes 512 x 8 x 8 by a kernel of 4, as PyTorch builds it.
TEST(ConvTranspose2d, ShapesAndWork) {
  const Window2d doubles{4, 4, 2, 2, 1, 1, 1, 1};
  const Layer layer = one({1024, 4, 4}, ConvTranspose2d{512, doubles, 1, false});
  EXPECT_EQ(layer.output_shape, (FeatureShape{512, 8, 8}));
  EXPECT_EQ(layer.parameters, 1024u * 512 * 16);
  EXPECT_EQ(layer.macs, 1024u * 512 * 16 * 4 * 4);
  // (5 - 1) * 3 + 2 * (3 - 1) + 1 - 2 + 2 by (7 - 1) * 3 + 1 * (2 - 1) + 1 - 0 + 0.
  const ConvTranspose2d uneven{6, {3, 2, 3, 3, 1, 0, 1, 0, 2, 1}, 2, true, 2, 0};
  EXPECT_EQ(one({4, 5, 7}, uneven).output_shape, (FeatureShape{6, 17, 20}));
  EXPECT_EQ(one({4, 5, 7}, uneven).parameters, 4u * 3 * 6 + 6);
}

TEST(ConvTranspose2d, SamePaddingGivesStrideTimesTheInput) {
  const Layer layer = one({4, 5, 7}, ConvTranspose2d{6, {5, 4, 2, 3}}, true);
  EXPECT_EQ(layer.output_shape, (FeatureShape{6, 10, 21}));
  EXPECT_EQ(std::get<ConvTranspose2d>(layer.operation).window, (Window2d{5, 4, 2, 3, 1, 0, 2, 1}));
}

TEST(ConvTranspose2d, RefusesWhatDoesNotFit) {
  EXPECT_EQ(one_error({4, 2, 2}, ConvTranspose2d{6, {1, 1, 1, 1, 1, 1, 1, 1}}),
            "net.json: layers[0].padding: found an output of 0x0, wanted sizes from 1 to "
            "2147483647");
  EXPECT_EQ(one_error({4, 2, 2}, ConvTranspose2d{6, {3, 3, 2, 2}, 1, true, 0, 2}),
            "net.json: layers[0].output_padding: found 2, wanted 0 to 1, less than stride or "
            "dilation");
  EXPECT_EQ(one_error({4, 2, 2}, ConvTranspose2d{6, {3, 3}, 4}),
            "net.json: layers[0].groups: found 4, wanted a divisor of 4 input channels and 6 "
            "filters");
  EXPECT_EQ(one_error({4, 2, 2}, ConvTranspose2d{6, {3, 3, 0, 1}}),
            "net.json: layers[0].stride: found 0, wanted 1 to 2147483647");
}

TEST(Embedding, ShapesAndParameters) {
  const Layer layer = one({1, 1, 128}, Embedding{30522, 768});
  EXPECT_EQ(layer.output_shape, (FeatureShape{768, 1, 128}));
  EXPECT_EQ(layer.parameters, 30522u * 768);
  EXPECT_EQ(layer.macs, 0u);
  EXPECT_EQ(one_error({2, 1, 8}, Embedding{10, 4}),
            "net.json: layers[0]: embedding found the feature map 2x1x8, wanted one channel of "
            "indices");
  EXPECT_EQ(one_error({1, 1, 8}, Embedding{16'777'217, 1}),
            "net.json: layers[0].rows: found 16777217, wanted at most 16777216");
  EXPECT_EQ(one_error({1, 1, 8}, Embedding{0, 1}),
            "net.json: layers[0].rows: found 0, wanted 1 to 2147483647");
}

TEST(ProductKinds, AreWrittenAndRead) {
  const ConvTranspose2d uneven{6, {3, 2, 3, 3, 1, 0, 1, 0, 2, 1}, 2, false, 2, 0};
  const Network network = build_network(
      "net", {1, 5, 7}, {{.operation = Embedding{9, 4}}, {.operation = uneven}}, "net.json");
  const std::string text = write_network(network);
  EXPECT_EQ(write_network(read_network(text, "again")), text);
  const Network again = read_network(text, "again");
  const auto& read = std::get<ConvTranspose2d>(again.layers[1].operation);
  EXPECT_EQ(read.window, uneven.window);
  EXPECT_EQ(read.groups, 2);
  EXPECT_FALSE(read.bias);
  EXPECT_EQ(read.output_padding_height, 2);
  EXPECT_EQ(std::get<Embedding>(again.layers[0].operation).rows, 9);
}

}  // namespace
}  // namespace wattgrind
