#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"
#include "estimator/network/window.h"

namespace wattgrind {
namespace {

// Enough padding for stride times as many outputs as inputs.
int64_t cropped_by_same(int64_t input, int64_t span, int64_t stride, int64_t output_padding) {
  return std::max<int64_t>((input - 1) * stride + span + output_padding - input * stride, 0);
}

class ConvTranspose2dKind final : public LayerKindOf<ConvTranspose2d> {
 public:
  std::string_view word() const override { return "conv_transpose2d"; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

  Operation read(const nlohmann::json& layer) const override {
    ConvTranspose2d conv{layer.at("filters").get<int64_t>(), read_window(layer, false),
                         layer.value("groups", int64_t{1}), layer.value("bias", true)};
    if (layer.contains("output_padding")) {
      conv.output_padding_height = layer.at("output_padding").at(0).get<int64_t>();
      conv.output_padding_width = layer.at("output_padding").at(1).get<int64_t>();
    }
    return conv;
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const auto& conv = std::get<ConvTranspose2d>(layer.operation);
    const FeatureShape& in = layer.input_shape();
    return parametric_work({in.channels, conv.filters / conv.groups, conv.window.kernel_height,
                            conv.window.kernel_width},
                           conv.bias ? conv.filters : 0, in.height * in.width, place);
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const auto& conv = std::get<ConvTranspose2d>(layer.operation);
    std::vector<ParameterTensor> tensors = {
        {ParameterRole::kWeights,
         {layer.input_shape().channels, conv.filters / conv.groups, conv.window.kernel_height,
          conv.window.kernel_width}}};
    if (conv.bias) tensors.push_back({ParameterRole::kBias, {conv.filters}});
    return tensors;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    return bias_operations(layer);
  }

 protected:
  void write_members(const ConvTranspose2d& conv, nlohmann::ordered_json& layer) const override {
    layer["filters"] = conv.filters;
    write_window(conv.window, layer);
    layer["groups"] = conv.groups;
    if (!conv.bias) layer["bias"] = false;
    if (conv.output_padding_height != 0 || conv.output_padding_width != 0) {
      layer["output_padding"] = {conv.output_padding_height, conv.output_padding_width};
    }
  }

  void pad_same(ConvTranspose2d& conv, const FeatureShape& input) const override {
    Window2d& w = conv.window;
    // Sizes out of range are reported by the checks that follow.
    for (const int64_t size : {w.kernel_height, w.kernel_width, w.stride_height, w.stride_width,
                               w.dilation_height, w.dilation_width}) {
      if (size < 1 || size > kMaxSize) return;
    }
    for (const int64_t size : {conv.output_padding_height, conv.output_padding_width}) {
      if (size < 0 || size > kMaxSize) return;
    }
    const int64_t height =
        cropped_by_same(input.height, w.span_height(), w.stride_height, conv.output_padding_height);
    const int64_t width =
        cropped_by_same(input.width, w.span_width(), w.stride_width, conv.output_padding_width);
    w.pad_top = height / 2;
    w.pad_bottom = height - height / 2;
    w.pad_left = width / 2;
    w.pad_right = width - width / 2;
  }

  FeatureShape infer(const ConvTranspose2d& conv, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape& input = inputs[0];
    const Window2d& w = conv.window;
    check_size(conv.filters, "filters", 1, place);
    check_size(conv.groups, "groups", 1, place);
    check_window_sizes(w, place);
    check_output_padding(conv, place);
    if (input.channels % conv.groups != 0 || conv.filters % conv.groups != 0) {
      place.reject("groups", "found {}, wanted a divisor of {} input channels and {} filters",
                   conv.groups, input.channels, conv.filters);
    }
    const auto outputs = [](int64_t extent, int64_t stride, int64_t span, int64_t pads,
                            int64_t output_padding) {
      return (extent - 1) * stride + span - pads + output_padding;
    };
    const FeatureShape output = {conv.filters,
                                 outputs(input.height, w.stride_height, w.span_height(),
                                         w.pad_top + w.pad_bottom, conv.output_padding_height),
                                 outputs(input.width, w.stride_width, w.span_width(),
                                         w.pad_left + w.pad_right, conv.output_padding_width)};
    for (const int64_t size : {output.height, output.width}) {
      if (size < 1 || size > kMaxSize) {
        place.reject("padding", "found an output of {}x{}, wanted sizes from 1 to {}",
                     output.height, output.width, kMaxSize);
      }
    }
    return output;
  }

 private:
  // More would add outputs that a larger input gives.
  static void check_output_padding(const ConvTranspose2d& conv, const LayerPlace& place) {
    const Window2d& w = conv.window;
    const auto check = [&](int64_t padding, int64_t stride, int64_t dilation) {
      const int64_t most = std::max(stride, dilation) - 1;
      if (padding < 0 || padding > most) {
        place.reject("output_padding", "found {}, wanted 0 to {}, less than stride or dilation",
                     padding, most);
      }
    };
    check(conv.output_padding_height, w.stride_height, w.dilation_height);
    check(conv.output_padding_width, w.stride_width, w.dilation_width);
  }
};

}  // namespace

template <>
const LayerKind& kind_of<ConvTranspose2d>() {
  static const ConvTranspose2dKind kKind;
  return kKind;
}

}  // namespace wattgrind
