#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"
#include "estimator/network/word_table.h"

namespace wattgrind {
namespace {

constexpr WordTable<ReduceFunction, 4> kReduceFunctions = {{{ReduceFunction::kMean, "mean"},
                                                            {ReduceFunction::kSum, "sum"},
                                                            {ReduceFunction::kMax, "max"},
                                                            {ReduceFunction::kMin, "min"}}};

// An addition or comparison for each input value, and a division for each mean.
class ReduceKind final : public LayerKindOf<Reduce> {
 public:
  std::string_view word() const override { return "reduce"; }
  // A largest value is found again by comparing.
  GradientReads gradient_reads(const Operation& operation) const override {
    const bool is_max = std::get<Reduce>(operation).function == ReduceFunction::kMax;
    return {.input = is_max, .output = is_max};
  }

  Operation read(const nlohmann::json& layer) const override {
    return Reduce{kReduceFunctions.read(layer.at("function")), read_axes(layer.at("axes"))};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const bool divides = std::get<Reduce>(layer.operation).function == ReduceFunction::kMean;
    const auto operations = static_cast<uint64_t>(layer.input_shape().elements() +
                                                  (divides ? layer.output_shape.elements() : 0));
    return {.forward = operations, .backward = operations};
  }

 protected:
  void write_members(const Reduce& reduce, nlohmann::ordered_json& layer) const override {
    layer["function"] = kReduceFunctions.word(reduce.function);
    layer["axes"] = write_axes(reduce.axes);
  }

  FeatureShape infer(const Reduce& reduce, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (reduce.axes == MapAxes{}) place.reject("axes", "found none, wanted one or more");
    FeatureShape result = inputs[0];
    for (const MapAxis axis : kMapAxes) {
      if (contains(reduce.axes, axis)) extent(result, axis) = 1;
    }
    return result;
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Reduce>() {
  static const ReduceKind kKind;
  return kKind;
}

}  // namespace wattgrind
