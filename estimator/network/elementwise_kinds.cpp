#include <limits>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// Layers whose every value comes from the value in its place.
template <typename T>
class ElementwiseKind : public LayerKindOf<T> {
 public:
  MapUse map_use(const Layer&) const override { return MapUse::kElementwise; }

 protected:
  FeatureShape infer(const T&, std::span<const FeatureShape> inputs,
                     const LayerPlace&) const override {
    return inputs[0];
  }

  static uint64_t values(const Layer& layer) {
    return static_cast<uint64_t>(layer.output_shape.elements());
  }
};

// A comparison a value, and one on the way back.
class ReluKind final : public ElementwiseKind<Relu> {
 public:
  std::string_view word() const override { return "relu"; }

  OtherOperations other_operations(const Layer& layer) const override {
    return {.forward = values(layer), .backward = values(layer)};
  }
  GradientReads gradient_reads(const Operation&) const override { return {.output = true}; }
};

// Two comparisons a value, there and back.
class ClipKind final : public ElementwiseKind<Clip> {
 public:
  std::string_view word() const override { return "clip"; }

  Operation read(const nlohmann::json& layer) const override {
    const Clip standard;
    return Clip{layer.value("low", standard.low), layer.value("high", standard.high)};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return {.forward = 2 * values(layer), .backward = 2 * values(layer)};
  }
  GradientReads gradient_reads(const Operation&) const override { return {.output = true}; }

 protected:
  void write_members(const Clip& clip, nlohmann::ordered_json& layer) const override {
    layer["low"] = clip.low;
    layer["high"] = clip.high;
  }

  FeatureShape infer(const Clip& clip, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    // Bounds become single-precision constants of the kernel.
    constexpr double kMost = std::numeric_limits<float>::max();
    if (!(clip.low >= -kMost && clip.high <= kMost && clip.low < clip.high)) {
      place.reject("low", "found {} and a high of {}, wanted two finite numbers, low below high",
                   clip.low, clip.high);
    }
    return inputs[0];
  }
};

// Nothing at inference; in training a product a value, there and back.
class DropoutKind final : public ElementwiseKind<Dropout> {
 public:
  std::string_view word() const override { return "dropout"; }

  Operation read(const nlohmann::json& layer) const override {
    return Dropout{layer.value("rate", Dropout{}.rate)};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return {.backward = values(layer), .training_only = values(layer)};
  }

 protected:
  void write_members(const Dropout& dropout, nlohmann::ordered_json& layer) const override {
    layer["rate"] = dropout.rate;
  }

  FeatureShape infer(const Dropout& dropout, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (!(dropout.rate >= 0 && dropout.rate < 1)) {
      place.reject("rate", "found {}, wanted 0 or more and less than 1", dropout.rate);
    }
    return inputs[0];
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Relu>() {
  static const ReluKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Clip>() {
  static const ClipKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Dropout>() {
  static const DropoutKind kKind;
  return kKind;
}

}  // namespace wattgrind
