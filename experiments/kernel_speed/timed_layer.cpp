#include "experiments/kernel_speed/timed_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "estimator/base/random.h"
#include "estimator/catalog/network_source.h"
#include "estimator/network/operations.h"
#include "experiments/kernel_speed/layer_lists.h"

namespace wattgrind {
namespace {

bool same_work(const Layer& a, const Layer& b) {
  if (a.operation.index() != b.operation.index() || a.input_shape() != b.input_shape() ||
      a.output_shape != b.output_shape) {
    return false;
  }
  const auto* conv_a = std::get_if<Conv2d>(&a.operation);
  const auto* conv_b = std::get_if<Conv2d>(&b.operation);
  return !conv_a || (conv_a->window == conv_b->window && conv_a->groups == conv_b->groups);
}

}  // namespace

std::vector<TimedLayer> timed_layers(std::string_view network, int64_t batch) {
  std::vector<TimedLayer> timed = listed_layers(network, batch);
  if (!timed.empty()) return timed;
  for (const Layer& layer : find_network(std::string(network)).layers) {
    if (!std::holds_alternative<Conv2d>(layer.operation) &&
        !std::holds_alternative<Dense>(layer.operation)) {
      continue;
    }
    const auto twin = std::find_if(timed.begin(), timed.end(), [&](const TimedLayer& other) {
      return same_work(other.layer, layer);
    });
    if (twin == timed.end()) {
      timed.push_back({fmt::format("{}/{}", network, layer.name), layer, batch});
    } else {
      twin->label += "," + layer.name;
    }
  }
  return timed;
}

double TimedLayer::flops() const {
  const double operations = layer.macs > 0 ? 2.0 * static_cast<double>(layer.macs)
                                           : static_cast<double>(other_operations(layer));
  return operations * static_cast<double>(batch);
}

std::vector<float> random_values(int64_t count, OperandSeed seed) {
  Random random(static_cast<uint64_t>(seed));
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform() - 0.5);
  return values;
}

}  // namespace wattgrind
