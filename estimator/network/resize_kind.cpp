#include <cmath>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/resize_runs.h"
#include "estimator/network/word_table.h"

namespace wattgrind {
namespace {

constexpr WordTable<ResizeMode, 2> kResizeModes = {
    {{ResizeMode::kNearest, "nearest"}, {ResizeMode::kLinear, "linear"}}};
constexpr WordTable<CoordinateMode, 5> kCoordinateModes = {
    {{CoordinateMode::kHalfPixel, "half_pixel"},
     {CoordinateMode::kPytorchHalfPixel, "pytorch_half_pixel"},
     {CoordinateMode::kAlignCorners, "align_corners"},
     {CoordinateMode::kAsymmetric, "asymmetric"},
     {CoordinateMode::kTfHalfPixelForNn, "tf_half_pixel_for_nn"}}};
constexpr WordTable<NearestMode, 4> kNearestModes = {
    {{NearestMode::kRoundPreferFloor, "round_prefer_floor"},
     {NearestMode::kRoundPreferCeil, "round_prefer_ceil"},
     {NearestMode::kFloor, "floor"},
     {NearestMode::kCeil, "ceil"}}};

// The nearest value costs nothing, and an addition a value on the way back. Linear interpolation
// between four values is three between two, each of a subtraction, a product and an addition.
class ResizeKind final : public LayerKindOf<Resize> {
 public:
  std::string_view word() const override { return "resize"; }

  Operation read(const nlohmann::json& layer) const override {
    Resize resize;
    resize.height = layer.at("height").get<int64_t>();
    resize.width = layer.at("width").get<int64_t>();
    if (layer.contains("mode")) resize.mode = kResizeModes.read(layer.at("mode"));
    resize.scale_height = layer.value("scale_height", 0.0);
    resize.scale_width = layer.value("scale_width", 0.0);
    if (layer.contains("coordinates")) {
      resize.coordinates = kCoordinateModes.read(layer.at("coordinates"));
    }
    if (layer.contains("nearest")) resize.nearest = kNearestModes.read(layer.at("nearest"));
    return resize;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const auto outputs = static_cast<uint64_t>(layer.output_shape.elements());
    if (std::get<Resize>(layer.operation).mode == ResizeMode::kNearest) {
      return {.backward = outputs};
    }
    return {.forward = 9 * outputs, .backward = 9 * outputs};
  }

 protected:
  void write_members(const Resize& resize, nlohmann::ordered_json& layer) const override {
    layer["mode"] = kResizeModes.word(resize.mode);
    layer["height"] = resize.height;
    layer["width"] = resize.width;
    if (resize.scale_height != 0) layer["scale_height"] = resize.scale_height;
    if (resize.scale_width != 0) layer["scale_width"] = resize.scale_width;
    layer["coordinates"] = kCoordinateModes.word(resize.coordinates);
    if (resize.mode == ResizeMode::kNearest) layer["nearest"] = kNearestModes.word(resize.nearest);
  }

  FeatureShape infer(const Resize& resize, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape& input = inputs[0];
    check_scale(resize.scale_height, "scale_height", place);
    check_scale(resize.scale_width, "scale_width", place);
    check_extent(resize.height, "height", place);
    check_extent(resize.width, "width", place);
    check_runs(resize_rows(resize, input), "height", input.height, resize.height, place);
    check_runs(resize_columns(resize, input), "width", input.width, resize.width, place);
    return {input.channels, resize.height, resize.width};
  }

 private:
  static void check_scale(double scale, std::string_view key, const LayerPlace& place) {
    if (!(std::isfinite(scale) && scale >= 0)) {
      place.reject(key, "found {}, wanted a number above 0, or 0 for output / input", scale);
    }
  }

  static void check_extent(int64_t size, std::string_view key, const LayerPlace& place) {
    if (size < 1 || size > kMostResized) {
      place.reject(key, "found {}, wanted 1 to {}", size, kMostResized);
    }
  }

  static void check_runs(const std::vector<ResizeRun>& runs, std::string_view key, int64_t input,
                         int64_t output, const LayerPlace& place) {
    if (!runs.empty()) return;
    place.reject(key,
                 "from {} to {} takes more than {} different steps: choose sizes with a simpler "
                 "ratio",
                 input, output, kMostResizeRuns);
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Resize>() {
  static const ResizeKind kKind;
  return kKind;
}

}  // namespace wattgrind
