#include "search/training/network_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// The name of a layer's tensor: "conv1.weight", as PyTorch calls it.
std::string tensor_name(const Layer& layer, ParameterRole role) {
  constexpr std::array<std::string_view, 4> kNames = {"weight", "bias", "statistics",
                                                      "weight_scale"};
  return fmt::format("{}.{}", layer.name, kNames[static_cast<size_t>(role)]);
}

// `parameters` may be const.
template <typename Parameters>
auto& values_of(Parameters& parameters, ParameterRole role) {
  switch (role) {
    case ParameterRole::kWeights:
      return parameters.weights;
    case ParameterRole::kBias:
      return parameters.bias;
    case ParameterRole::kStatistics:
      return parameters.statistics;
    case ParameterRole::kScales:
      return parameters.scales;
  }
  CHECK(false, "role {}", static_cast<int>(role));
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
    for (const ParameterTensor& tensor : parameter_tensors(layer)) {
      tensors.push_back({tensor_name(layer, tensor.role), tensor.shape,
                         values_of(parameters.at(i), tensor.role)});
    }
  }
  return tensors;
}

std::vector<LayerParameters> from_tensors(const Network& network, std::vector<Tensor> tensors,
                                          std::string_view where) {
  std::vector<LayerParameters> result(network.layers.size());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    for (const ParameterTensor& tensor : parameter_tensors(layer)) {
      values_of(result[i], tensor.role) =
          take(tensors, tensor_name(layer, tensor.role), tensor.shape, where);
    }
  }
  if (!tensors.empty()) {
    fail(ErrorKind::kInput, "{}: {} has no tensor {}", where, network.name, tensors.front().name);
  }
  return result;
}

}  // namespace wattgrind
