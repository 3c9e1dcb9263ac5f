#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"
#include "estimator/network/window.h"

namespace wattgrind {
namespace {

class Conv2dKind final : public LayerKindOf<Conv2d> {
 public:
  std::string_view word() const override { return "conv2d"; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

  Operation read(const nlohmann::json& layer) const override {
    return Conv2d{layer.at("filters").get<int64_t>(), read_window(layer, false),
                  layer.value("groups", int64_t{1}), layer.value("bias", true)};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const auto& conv = std::get<Conv2d>(layer.operation);
    const FeatureShape& out = layer.output_shape;
    return parametric_work({conv.filters, layer.input_shape().channels / conv.groups,
                            conv.window.kernel_height, conv.window.kernel_width},
                           conv.bias ? conv.filters : 0, out.height * out.width, place);
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const auto& conv = std::get<Conv2d>(layer.operation);
    std::vector<ParameterTensor> tensors = {
        {ParameterRole::kWeights,
         {conv.filters, layer.input_shape().channels / conv.groups, conv.window.kernel_height,
          conv.window.kernel_width}}};
    if (conv.bias) tensors.push_back({ParameterRole::kBias, {conv.filters}});
    if (layer.int8) tensors.push_back({ParameterRole::kScales, {conv.filters}});
    return tensors;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return bias_operations(layer);
  }

 protected:
  void write_members(const Conv2d& conv, nlohmann::ordered_json& layer) const override {
    layer["filters"] = conv.filters;
    write_window(conv.window, layer);
    layer["groups"] = conv.groups;
    if (!conv.bias) layer["bias"] = false;
  }

  void pad_same(Conv2d& conv, const FeatureShape& input) const override {
    wattgrind::pad_same(conv.window, input);
  }

  FeatureShape infer(const Conv2d& conv, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape& input = inputs[0];
    check_size(conv.filters, "filters", 1, place);
    check_size(conv.groups, "groups", 1, place);
    check_window(conv.window, input, place);
    if (input.channels % conv.groups != 0 || conv.filters % conv.groups != 0) {
      place.reject("groups", "found {}, wanted a divisor of {} input channels and {} filters",
                   conv.groups, input.channels, conv.filters);
    }
    return slide(conv.window, conv.filters, input);
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Conv2d>() {
  static const Conv2dKind kKind;
  return kKind;
}

}  // namespace wattgrind
