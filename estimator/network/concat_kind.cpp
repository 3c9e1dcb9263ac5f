#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"

namespace wattgrind {
namespace {

class ConcatKind final : public LayerKindOf<Concat> {
 public:
  std::string_view word() const override { return "concat"; }

  Operation read(const nlohmann::json& layer) const override {
    return Concat{layer.contains("axis") ? read_axis(layer.at("axis")) : Concat{}.axis};
  }

  InputCount inputs(const Operation&) const override { return {2, kManyInputs}; }

 protected:
  void write_members(const Concat& concat, nlohmann::ordered_json& layer) const override {
    layer["axis"] = name(concat.axis);
  }

  FeatureShape infer(const Concat& concat, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    FeatureShape result = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      for (const MapAxis axis : kMapAxes) {
        if (axis == concat.axis || extent(inputs[i], axis) == extent(result, axis)) continue;
        place.reject("inputs", "found {} beside {}, wanted maps that differ in their {} alone",
                     to_string(inputs[i]), to_string(inputs[0]), name(concat.axis));
      }
      extent(result, concat.axis) += extent(inputs[i], concat.axis);
    }
    check_size(extent(result, concat.axis), name(concat.axis), 1, place);
    return result;
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Concat>() {
  static const ConcatKind kKind;
  return kKind;
}

}  // namespace wattgrind
