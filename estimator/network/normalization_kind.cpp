#include <cmath>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"

namespace wattgrind {
namespace {

class NormalizationKind final : public LayerKindOf<Normalization> {
 public:
  std::string_view word() const override { return "normalization"; }

  Operation read(const nlohmann::json& layer) const override {
    Normalization norm;
    norm.axes = read_axes(layer.at("axes"));
    if (layer.contains("affine")) {
      const nlohmann::json& sizes = layer.at("affine");
      norm.affine = {sizes.at(0).get<int64_t>(), sizes.at(1).get<int64_t>(),
                     sizes.at(2).get<int64_t>()};
    }
    norm.epsilon = layer.value("epsilon", norm.epsilon);
    return norm;
  }

  LayerWork work(const Layer& layer, const LayerPlace&) const override {
    const FeatureShape& affine = std::get<Normalization>(layer.operation).affine;
    return {.macs = 0, .parameters = 2 * static_cast<uint64_t>(affine.elements())};
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const FeatureShape& affine = std::get<Normalization>(layer.operation).affine;
    if (affine == FeatureShape{}) return {};
    const std::vector<int64_t> shape = {affine.channels, affine.height, affine.width};
    return {{ParameterRole::kWeights, shape}, {ParameterRole::kBias, shape}};
  }

  // A value's sum, and difference, square and sum, and difference and product; product and sum
  // where there are scales and shifts. Two quotients, a sum, a root and a quotient for each mean.
  // Back go a value's difference, product and two sums, and a product, a difference, a product and
  // two sums; where there are scales and shifts, two products more, and a difference, two products
  // and two sums for their own gradients. Five products for each mean.
  OtherOperations other_operations(const Layer& layer) const override {
    const auto& norm = std::get<Normalization>(layer.operation);
    const FeatureShape& shape = layer.output_shape;
    const int64_t means = (norm.axes.channels ? 1 : shape.channels) *
                          (norm.axes.height ? 1 : shape.height) *
                          (norm.axes.width ? 1 : shape.width);
    const bool is_affine = norm.affine != FeatureShape{};
    const auto operations = [&](int64_t a_value) {
      return static_cast<uint64_t>(a_value * shape.elements() + 5 * means);
    };
    return {.forward = operations(is_affine ? 8 : 6), .backward = operations(is_affine ? 16 : 9)};
  }

  MapUse map_use(const Layer&) const override { return MapUse::kOverwrites; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

 protected:
  void write_members(const Normalization& norm, nlohmann::ordered_json& layer) const override {
    layer["axes"] = write_axes(norm.axes);
    if (norm.affine != FeatureShape{}) {
      layer["affine"] = {norm.affine.channels, norm.affine.height, norm.affine.width};
    }
    layer["epsilon"] = norm.epsilon;
  }

  FeatureShape infer(const Normalization& norm, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape& input = inputs[0];
    const FeatureShape& affine = norm.affine;
    if (norm.axes == MapAxes{}) place.reject("axes", "found none, wanted at least one");
    const auto fits = [](int64_t size, int64_t whole) { return size == 1 || size == whole; };
    if (affine != FeatureShape{} &&
        !(fits(affine.channels, input.channels) && fits(affine.height, input.height) &&
          fits(affine.width, input.width))) {
      place.reject("affine", "found {}x{}x{}, wanted each size to be that of {}x{}x{} or 1",
                   affine.channels, affine.height, affine.width, input.channels, input.height,
                   input.width);
    }
    if (!(std::isfinite(norm.epsilon) && norm.epsilon >= 0)) {
      place.reject("epsilon", "found {}, wanted a number >= 0", norm.epsilon);
    }
    return input;
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Normalization>() {
  static const NormalizationKind kKind;
  return kKind;
}

}  // namespace wattgrind
