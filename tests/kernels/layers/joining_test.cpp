// Concatenation, padding and resizing against the obvious computation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/kernels/layer_case.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;

template <typename Operation>
void check_kernel(const FeatureShape& shape, const Operation& operation, const std::string& what) {
  for (const Halo& halo : {Halo{}, Halo{1, 2, 0, 3}}) {
    const LayerCase test =
        make_case(shape, operation, 2, {.extra_channels = halo.top * 3, .input = halo},
                  fmt::format("{} of {}", what, to_string(shape)));
    for (const Target& target : targets()) {
      check_forward(test, target, [&](const LayerContext& c) { return lower(operation, c); });
    }
  }
}

TEST(ConcatKernel, AlongEveryAxis) {
  for (const auto& [axis, shapes] :
       {std::pair{kC, std::vector<FeatureShape>{{3, 5, 7}, {5, 5, 7}, {16, 5, 7}}},
        {kC, {{1, 1, 1}, {31, 1, 1}}},
        {kC, {{8, 9, 4}, {8, 9, 4}}},
        {kH, {{6, 1, 7}, {6, 4, 7}}},
        {kW, {{6, 3, 1}, {6, 3, 8}, {6, 3, 2}}}}) {
    NetworkSpec spec{"test", {}, {}, {}};
    std::vector<std::string> names;
    for (const FeatureShape& shape : shapes) {
      names.push_back(fmt::format("in{}", names.size()));
      spec.inputs.push_back({names.back(), shape});
    }
    spec.layers = {{"joined", Concat{axis}, false, names}};
    check_network(build_network(spec, "test"), 3, fmt::format("concat of {}", names.size()));
  }
}

// Inputs have pitches and halos of their own, and one is there twice.
TEST(ConcatKernel, OfMapsOfOtherLayers) {
  const NetworkSpec spec{"test",
                         {{"image", {3, 8, 6}}},
                         {{"a", Conv2d{5, window(3, 1, 1), 1}, false, {}},
                          {"b", Relu{}, false, {"image"}},
                          {"ab", Concat{}, false, {"a", "b", "a"}},
                          {"c", Conv2d{4, window(3, 1, 1), 1}, false, {"ab"}},
                          {"d", Conv2d{2, window(3, 1, 1), 1}, false, {"a"}},
                          {"cd", Concat{}, false, {"c", "d"}},
                          {"rows", Concat{kH}, false, {"cd", "cd"}}},
                         {"ab", "rows"}};
  check_network(build_network(spec, "test"), 2, "concatenations");
}

TEST(PadKernel, ModesAndSides) {
  for (const FeatureShape& shape : {FeatureShape{6, 4, 5}, {16, 3, 3}, {37, 2, 9}}) {
    for (const PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect}) {
      const std::string what = fmt::format("padding in mode {}", static_cast<int>(mode));
      check_kernel(shape, Pad{mode, {0, 1, 1}, {0, 1, 1}, 0.5}, what);
      check_kernel(shape, Pad{mode, {0, 1, 2}, {0, 0, 2}}, what);
      check_kernel(shape, Pad{mode, {5, 0, 0}, {3, 1, 0}, -1}, what);
      check_kernel(shape, Pad{mode, {0, 0, 0}, {0, 0, 0}, -1}, what);
    }
  }
}

TEST(ResizeKernel, ModesAndRatios) {
  constexpr std::array kCoordinates = {
      CoordinateMode::kHalfPixel, CoordinateMode::kPytorchHalfPixel, CoordinateMode::kAlignCorners,
      CoordinateMode::kAsymmetric, CoordinateMode::kTfHalfPixelForNn};
  constexpr std::array kNearest = {NearestMode::kRoundPreferFloor, NearestMode::kRoundPreferCeil,
                                   NearestMode::kFloor, NearestMode::kCeil};
  const FeatureShape shape{6, 4, 5};
  size_t sizes = 0;
  for (const auto& [height, width] :
       {std::pair{8, 10}, {4, 5}, {12, 15}, {2, 3}, {7, 9}, {1, 1}, {9, 64}}) {
    for (const CoordinateMode coordinates : kCoordinates) {
      const std::string what =
          fmt::format("to {}x{}, coordinates {}", height, width, static_cast<int>(coordinates));
      check_kernel(shape, Resize{ResizeMode::kLinear, height, width, 0, 0, coordinates},
                   "linear " + what);
      const NearestMode nearest = kNearest[(sizes + static_cast<size_t>(coordinates)) % 4];
      check_kernel(shape, Resize{ResizeMode::kNearest, height, width, 0, 0, coordinates, nearest},
                   fmt::format("nearest {} {}", static_cast<int>(nearest), what));
    }
    ++sizes;
  }
}

TEST(ResizeKernel, ChannelsAndScales) {
  for (const int64_t channels : {1, 16, 37}) {
    for (const ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear}) {
      const FeatureShape shape{channels, 7, 11};
      check_kernel(shape, Resize{mode, 14, 22}, "twice");
      check_kernel(shape, Resize{mode, 4, 6, 0.6, 0.6}, "scales of 0.6");
      check_kernel(shape, Resize{mode, 30, 47}, "by rows and columns");
    }
  }
}

}  // namespace
}  // namespace wattgrind
