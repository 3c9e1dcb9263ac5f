#include <cmath>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

class BatchNormKind final : public LayerKindOf<BatchNorm> {
 public:
  std::string_view word() const override { return "batch_norm"; }

  Operation read(const nlohmann::json& layer) const override {
    const BatchNorm standard;
    return BatchNorm{layer.value("epsilon", standard.epsilon),
                     layer.value("momentum", standard.momentum)};
  }

  LayerWork work(const Layer& layer, const LayerPlace&) const override {
    return {.macs = 0, .parameters = 2 * channels(layer)};
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const int64_t count = layer.input_shape().channels;
    return {{ParameterRole::kWeights, {count}},
            {ParameterRole::kBias, {count}},
            {ParameterRole::kStatistics, {2, count}}};
  }

  // A product and a sum a value, and a channel's sum, root, quotient, product and difference.
  // Training adds a sum for means, and a difference, a product and a sum for variances; the
  // statistics of a channel take a quotient and three operations each. Back go a value's sum, and a
  // difference, a product and a sum, and two products and two sums; and ten operations a channel.
  OtherOperations other_operations(const Layer& layer) const override {
    const auto values = static_cast<uint64_t>(layer.output_shape.elements());
    return {.forward = 2 * values + 5 * channels(layer),
            .backward = 8 * values + 10 * channels(layer),
            .training_only = 4 * values + 8 * channels(layer)};
  }

  MapUse map_use(const Layer&) const override { return MapUse::kOverwrites; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

 protected:
  void write_members(const BatchNorm& norm, nlohmann::ordered_json& layer) const override {
    layer["epsilon"] = norm.epsilon;
    layer["momentum"] = norm.momentum;
  }

  FeatureShape infer(const BatchNorm& norm, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (!(std::isfinite(norm.epsilon) && norm.epsilon >= 0)) {
      place.reject("epsilon", "found {}, wanted a number >= 0", norm.epsilon);
    }
    if (!(norm.momentum >= 0 && norm.momentum <= 1)) {
      place.reject("momentum", "found {}, wanted 0 to 1", norm.momentum);
    }
    return inputs[0];
  }

 private:
  static uint64_t channels(const Layer& layer) {
    return static_cast<uint64_t>(layer.input_shape().channels);
  }
};

}  // namespace

template <>
const LayerKind& kind_of<BatchNorm>() {
  static const BatchNormKind kKind;
  return kKind;
}

}  // namespace wattgrind
