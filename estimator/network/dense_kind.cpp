#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"

namespace wattgrind {
namespace {

class DenseKind final : public LayerKindOf<Dense> {
 public:
  std::string_view word() const override { return "dense"; }

  Operation read(const nlohmann::json& layer) const override {
    return Dense{layer.at("units").get<int64_t>()};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const int64_t units = std::get<Dense>(layer.operation).units;
    return parametric_work({units, layer.input_shape().channels}, units, 1, place);
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return bias_operations(layer);
  }

 protected:
  void write_members(const Dense& dense, nlohmann::ordered_json& layer) const override {
    layer["units"] = dense.units;
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
