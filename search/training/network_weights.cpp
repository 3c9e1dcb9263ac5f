#include "search/training/network_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

std::vector<int64_t> weight_shape(const Layer& layer) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    return {conv->filters, layer.input_shape().channels / conv->groups, conv->window.kernel_height,
            conv->window.kernel_width};
  }
  return {layer.output_shape.channels, layer.input_shape().elements()};
}

std::vector<float> take(std::vector<Tensor>& tensors, const std::string& name,
                        const std::vector<int64_t>& shape, std::string_view where) {
  const auto found =
      std::ranges::find_if(tensors, [&](const Tensor& tensor) { return tensor.name == name; });
  if (found == tensors.end()) fail(ErrorKind::kInput, "{}: found no tensor {}", where, name);
  if (found->shape != shape) {
    fail(ErrorKind::kInput, "{}: {}: found the shape [{}], wanted [{}]", where, name,
         fmt::join(found->shape, ", "), fmt::join(shape, ", "));
  }
  std::vector<float> values = std::move(found->values);
  const auto odd = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (odd != values.end()) {
    fail(ErrorKind::kInput, "{}: {}: found {} as value {}, wanted finite numbers", where, name,
         *odd, odd - values.begin());
  }
  tensors.erase(found);
  return values;
}

}  // namespace

std::vector<Tensor> to_tensors(const Network& network,
                               const std::vector<LayerParameters>& parameters) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.parameters == 0) continue;
    tensors.push_back({layer.name + ".weight", weight_shape(layer), parameters.at(i).weights});
    tensors.push_back({layer.name + ".bias", {layer.output_shape.channels}, parameters[i].bias});
  }
  return tensors;
}

std::vector<LayerParameters> from_tensors(const Network& network, std::vector<Tensor> tensors,
                                          std::string_view where) {
  std::vector<LayerParameters> result(network.layers.size());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.parameters == 0) continue;
    result[i].weights = take(tensors, layer.name + ".weight", weight_shape(layer), where);
    result[i].bias = take(tensors, layer.name + ".bias", {layer.output_shape.channels}, where);
  }
  if (!tensors.empty()) {
    fail(ErrorKind::kInput, "{}: {} has no tensor {}", where, network.name, tensors.front().name);
  }
  return result;
}

}  // namespace wattgrind
