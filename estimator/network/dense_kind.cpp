#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"

namespace wattgrind {
namespace {

class DenseKind final : public LayerKindOf<Dense> {
 public:
  std::string_view word() const override { return "dense"; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

  Operation read(const nlohmann::json& layer) const override {
    return Dense{layer.at("units").get<int64_t>(), layer.value("bias", true)};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const auto& dense = std::get<Dense>(layer.operation);
    return parametric_work({dense.units, layer.input_shape().channels},
                           dense.bias ? dense.units : 0, 1, place);
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const auto& dense = std::get<Dense>(layer.operation);
    std::vector<ParameterTensor> tensors = {
        {ParameterRole::kWeights, {dense.units, layer.input_shape().elements()}}};
    if (dense.bias) tensors.push_back({ParameterRole::kBias, {dense.units}});
    if (layer.int8) tensors.push_back({ParameterRole::kScales, {dense.units}});
    return tensors;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return bias_operations(layer);
  }

 protected:
  void write_members(const Dense& dense, nlohmann::ordered_json& layer) const override {
    layer["units"] = dense.units;
    if (!dense.bias) layer["bias"] = false;
  }

  FeatureShape infer(const Dense& dense, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_size(dense.units, "units", 1, place);
    if (!inputs[0].is_vector()) {
      place.reject("",
                   "dense found the feature map {}, wanted a vector: put a flatten layer before",
                   to_string(inputs[0]));
    }
    return {dense.units, 1, 1};
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Dense>() {
  static const DenseKind kKind;
  return kKind;
}

}  // namespace wattgrind
