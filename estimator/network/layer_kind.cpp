#include "estimator/network/layer_kind.h"

#include <algorithm>
#include <array>

namespace wattgrind {
namespace {

template <typename... Ts>
std::array<const LayerKind*, sizeof...(Ts)> all_kinds(const std::variant<Ts...>*) {
  return {&kind_of<Ts>()...};
}

const auto& kinds() {
  static const auto kKinds = all_kinds(static_cast<const Operation*>(nullptr));
  return kKinds;
}

}  // namespace

const LayerKind& layer_kind(const Operation& operation) { return *kinds()[operation.index()]; }

const LayerKind* find_layer_kind(std::string_view word) {
  const auto found = std::ranges::find(kinds(), word, &LayerKind::word);
  return found == kinds().end() ? nullptr : *found;
}

std::vector<ParameterTensor> parameter_tensors(const Layer& layer) {
  return layer_kind(layer.operation).parameter_tensors(layer);
}

size_t parameter_values(const Layer& layer, ParameterRole role) {
  for (const ParameterTensor& tensor : parameter_tensors(layer)) {
    if (tensor.role != role) continue;
    size_t values = 1;
    for (const int64_t extent : tensor.shape) values *= static_cast<size_t>(extent);
    return values;
  }
  return 0;
}

void check_size(int64_t size, std::string_view key, int64_t least, const LayerPlace& place) {
  if (size < least || size > kMaxSize) {
    place.reject(key, "found {}, wanted {} to {}", size, least, kMaxSize);
  }
}

}  // namespace wattgrind
