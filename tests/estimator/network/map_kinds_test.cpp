// Layers that move, join, resize and fold maps: shapes, files, operations and what they refuse.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "estimator/network/network_file.h"
#include "estimator/network/operations.h"
#include "estimator/network/rearrangement.h"
#include "estimator/network/resize_runs.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;

Layer layer_of(const Operation& operation, FeatureShape input) {
  return build_network("net", input, {{.operation = operation}}, "net.json").layers.at(0);
}

FeatureShape shape_of(const Operation& operation, FeatureShape input) {
  return layer_of(operation, input).output_shape;
}

std::string error_of(const Operation& operation, FeatureShape input) {
  return error_text([&] { layer_of(operation, input); });
}

TEST(MapKinds, Shapes) {
  const FeatureShape map{12, 5, 7};
  EXPECT_EQ(shape_of(Slice{kH, 4, 3, -2}, map), (FeatureShape{12, 3, 7}));
  EXPECT_EQ(shape_of(Transpose{{kW, kC, kH}}, map), (FeatureShape{7, 12, 5}));
  EXPECT_EQ(shape_of(ChannelShuffle{3}, map), map);
  EXPECT_EQ(shape_of(DepthToSpace{2}, map), (FeatureShape{3, 10, 14}));
  EXPECT_EQ(shape_of(SpaceToDepth{2}, {3, 4, 6}), (FeatureShape{12, 2, 3}));
  EXPECT_EQ(shape_of(Reshape{{7, 60, 1}}, map), (FeatureShape{7, 60, 1}));
  EXPECT_EQ(shape_of(Rearrange{0, 0, 0, {{2, kC, 6}, {3, kW, 1}}, {}, {{5, kH, 0}}}, map),
            (FeatureShape{6, 1, 5}));
  EXPECT_EQ(shape_of(Pad{PadMode::kConstant, {1, 0, 2}, {0, 3, 4}}, map),
            (FeatureShape{13, 8, 13}));
  EXPECT_EQ(shape_of(Resize{ResizeMode::kLinear, 10, 3}, map), (FeatureShape{12, 10, 3}));
  EXPECT_EQ(shape_of(Reduce{ReduceFunction::kMax, {.channels = true, .width = true}}, map),
            (FeatureShape{1, 5, 1}));
  EXPECT_EQ(shape_of(Softmax{{.width = true}}, map), map);
}

// floor and ceil of (n + pads - span) / stride, plus 1; ONNX's example of a last window that would
// start in the padding: 2 values padded to 4, kernel 3, stride 2 -> 1 in floor mode, and in ceil
// mode 2, of which the second starts at the map's last value.
TEST(MapKinds, PoolingInCeilModeAndWithGaps) {
  const auto rows = [](const Window2d& w, bool ceil_mode, int64_t height) {
    return shape_of(MaxPool2d{w, ceil_mode}, {1, height, 1}).height;
  };
  EXPECT_EQ(rows({3, 1, 2, 1}, false, 6), 2);
  EXPECT_EQ(rows({3, 1, 2, 1}, true, 6), 3);
  EXPECT_EQ(rows({3, 1, 2, 1}, true, 7), 3);
  EXPECT_EQ(rows({3, 1, 2, 1, 1, 0, 1}, true, 2), 2);
  EXPECT_EQ(rows({2, 1, 3, 1, 0, 0, 1}, true, 3), 1) << "the second would start in the padding";
  EXPECT_EQ(rows({3, 1, 1, 1, 0, 0, 0, 0, 2, 1}, false, 7), 3);
  EXPECT_EQ(error_of(MaxPool2d{{2, 1, 1, 1, 1, 0, 1, 0, 2, 1}}, {1, 1, 1}),
            "net.json: layers[0].dilation: found 2x1, by which a window sees padding alone");
}

TEST(MapKinds, RefuseWhatDoesNotFit) {
  const FeatureShape map{12, 5, 7};
  EXPECT_EQ(error_of(Slice{kH, 3, 3, 1}, map),
            "net.json: layers[0]: it reads beyond the height of its input, 12x5x7");
  EXPECT_EQ(error_of(Slice{kW, 1, 3, -1}, map),
            "net.json: layers[0]: it reads beyond the width of its input, 12x5x7");
  EXPECT_EQ(error_of(Rearrange{0, 0, 0, {{kMaxSize, kC, 0}, {2, kC, 0}}}, map),
            "net.json: layers[0].channels: its extents multiply to more than 2147483647");
  EXPECT_EQ(error_of(Transpose{{kC, kC, kW}}, map),
            "net.json: layers[0].order: an axis is there twice, wanted channels, height and width "
            "once each");
  EXPECT_EQ(error_of(ChannelShuffle{5}, map),
            "net.json: layers[0].groups: found 5, which does not divide the 12 channels");
  EXPECT_EQ(error_of(DepthToSpace{3}, map),
            "net.json: layers[0].block: found 3, whose square does not divide the 12 channels");
  EXPECT_EQ(error_of(SpaceToDepth{5}, map),
            "net.json: layers[0].block: found 5, which does not divide the 5x7 pixels");
  EXPECT_EQ(error_of(Reshape{{7, 59, 1}}, map),
            "net.json: layers[0].shape: found 7x59x1, which has not as many values as the input, "
            "12x5x7");
  EXPECT_EQ(error_of(Pad{PadMode::kReflect, {0, 5, 0}, {0, 0, 0}}, map),
            "net.json: layers[0].begin: found 5, wanted less than the 5 values to be mirrored");
  EXPECT_EQ(error_of(Pad{PadMode::kEdge, {0, -1, 0}, {0, 0, 0}}, map),
            "net.json: layers[0].begin: found -1, wanted 0 to 2147483647");
  EXPECT_EQ(error_of(Reduce{}, map), "net.json: layers[0].axes: found none, wanted one or more");
  EXPECT_EQ(error_of(Softmax{MapAxes{}}, map),
            "net.json: layers[0].axes: found none, wanted one or more");
  EXPECT_EQ(error_of(Resize{ResizeMode::kNearest, kMaxSize, 7}, map),
            "net.json: layers[0].height: found 2147483647, wanted 1 to 1048576");
  EXPECT_EQ(error_of(Resize{ResizeMode::kNearest, 5, 970838}, {1, 5, 600011}),
            "net.json: layers[0].width: from 600011 to 970838 takes more than 4096 different "
            "steps: choose sizes with a simpler ratio");
  EXPECT_EQ(
      error_text([] {
        build_network(
            {"net", {{"a", {3, 4, 5}}, {"b", {2, 4, 6}}}, {{"c", Concat{}, false, {"a", "b"}}}, {}},
            "net.json");
      }),
      "net.json: layers[0].inputs: found 2x4x6 beside 3x4x5, wanted maps that differ in their "
      "channels alone");
}

TEST(MapKinds, Operations) {
  const FeatureShape map{12, 5, 7};
  EXPECT_EQ(other_operations(layer_of(Slice{kH, 1, 3}, map)), 0u);
  EXPECT_EQ(other_backward_operations(layer_of(Slice{kH, 1, 3}, map)), 0u);
  EXPECT_EQ(other_backward_operations(layer_of(Rearrange{0, 0, 0, {{9, kC, 0}}}, map)), 9u);
  EXPECT_EQ(other_operations(layer_of(Reduce{ReduceFunction::kMean, {.height = true}}, map)),
            12u * 5 * 7 + 12 * 7);
  EXPECT_EQ(other_operations(layer_of(Reduce{ReduceFunction::kMax, {.height = true}}, map)),
            12u * 5 * 7);
  EXPECT_EQ(other_operations(layer_of(Resize{ResizeMode::kNearest, 2, 2}, map)), 0u);
  EXPECT_EQ(other_operations(layer_of(Resize{ResizeMode::kLinear, 2, 2}, map)), 12u * 4 * 9);
  EXPECT_EQ(other_backward_operations(layer_of(Pad{PadMode::kEdge, {0, 1, 0}, {0, 0, 0}}, map)),
            12u * 7);
  EXPECT_EQ(other_backward_operations(layer_of(Softmax{}, map)), 12u * 5 * 7 * 4);
}

TEST(MapKinds, WrittenAndReadAgain) {
  const std::string text = R"({
  "schema": "wattgrind/network/1",
  "name": "maps",
  "input": [12, 6, 8],
  "layers": [
    {"kind": "rearrange", "first": [1, 0, 7], "channels": [{"extent": 2, "axis": "channels", "step": 6}, {"extent": 3, "axis": "channels", "step": 1}], "height": [{"extent": 6, "axis": "height", "step": 1}], "width": [{"extent": 8, "axis": "width", "step": -1}]},
    {"kind": "slice", "axis": "width", "start": 6, "size": 3, "step": -2},
    {"kind": "slice", "axis": "height", "start": 0, "size": 4},
    {"kind": "transpose", "order": ["width", "channels", "height"]},
    {"kind": "reshape", "shape": [24, 3, 1]},
    {"kind": "channel_shuffle", "groups": 3},
    {"kind": "depth_to_space", "block": 2, "column_row_depth": true},
    {"kind": "space_to_depth", "block": 2},
    {"kind": "pad", "mode": "reflect", "begin": [0, 2, 0], "end": [1, 0, 0]},
    {"kind": "pad", "mode": "constant", "begin": [0, 0, 1], "end": [0, 0, 1], "value": -1.5},
    {"kind": "resize", "mode": "linear", "height": 10, "width": 6, "scale_height": 2.0, "coordinates": "align_corners"},
    {"kind": "resize", "mode": "nearest", "height": 5, "width": 5, "coordinates": "asymmetric", "nearest": "floor"},
    {"kind": "maxpool2d", "kernel": [2, 2], "stride": [2, 2], "padding": [0, 0, 0, 0], "dilation": [2, 1], "ceil_mode": true},
    {"kind": "avgpool2d", "kernel": [2, 2], "stride": [1, 1], "padding": [1, 1, 0, 0], "count_padding": true},
    {"kind": "softmax", "axes": ["height", "width"], "log": true},
    {"kind": "reduce", "function": "min", "axes": ["channels", "height"], "name": "folded"},
    {"kind": "concat", "inputs": ["folded", "folded"], "axis": "height"}
  ]
})";
  const std::string written = write_network(read_network(text, "net.json"));
  EXPECT_EQ(write_network(read_network(written, "again")), written);
  // The files differ in the names that the first one leaves out.
  const auto layers = [](const std::string& file) {
    auto document = nlohmann::ordered_json::parse(file);
    for (auto& layer : document["layers"]) layer.erase("name");
    return document["layers"].dump();
  };
  EXPECT_EQ(layers(written), layers(text));
}

TEST(Rearrangement, KnowsWhatRepeatsAndWhatMovesNothing) {
  EXPECT_FALSE(repeats({0, 0, 0, {{6, kC, 1}, {2, kC, 6}}}));
  EXPECT_TRUE(repeats({0, 0, 0, {{6, kC, 1}}, {{2, kC, 5}}}));
  EXPECT_TRUE(repeats({0, 0, 0, {{6, kC, 0}}}));
  EXPECT_TRUE(moves_nothing(Transpose{{kC, kW, kH}}, {5, 1, 9}));
  EXPECT_FALSE(moves_nothing(Transpose{{kC, kW, kH}}, {5, 2, 9}));
  EXPECT_TRUE(moves_nothing(Slice{kC, 0, 5, 1}, {5, 2, 9}));
  EXPECT_FALSE(moves_nothing(Slice{kC, 0, 4, 1}, {5, 2, 9}));
  EXPECT_FALSE(moves_nothing(Relu{}, {5, 2, 9}));
  EXPECT_FALSE(rearrangement(Reshape{{1, 3, 2}}, {1, 2, 3}).has_value());
}

TEST(ResizeRuns, AreFewWhereTheRatioIsSimple) {
  const auto runs = [](ResizeMode mode, int64_t from, int64_t to, CoordinateMode coordinates) {
    return resize_rows(Resize{mode, to, 1, 0, 0, coordinates}, {1, from, 1}).size();
  };
  EXPECT_EQ(runs(ResizeMode::kNearest, 100, 200, CoordinateMode::kAsymmetric), 2u);
  EXPECT_EQ(runs(ResizeMode::kLinear, 100, 200, CoordinateMode::kHalfPixel), 4u);
  EXPECT_EQ(runs(ResizeMode::kLinear, 200, 100, CoordinateMode::kHalfPixel), 1u);
  EXPECT_EQ(runs(ResizeMode::kNearest, 1000, 1001, CoordinateMode::kAsymmetric), 2u);
  EXPECT_EQ(runs(ResizeMode::kLinear, 1, 70, CoordinateMode::kHalfPixel), 1u);
}

}  // namespace
}  // namespace wattgrind
