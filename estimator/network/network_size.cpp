#include "estimator/network/network_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/operations.h"

namespace wattgrind {
namespace {

// A parameter in training is kept with its gradient and the two moments that Adam remembers.
constexpr uint64_t kTrainedCopies = 4;
// An update of Adam's makes about so many operations a parameter.
constexpr uint64_t kUpdateOperations = 16;

uint64_t product(int64_t a, int64_t b, int64_t c) {
  return saturated_product(
      {static_cast<uint64_t>(a), static_cast<uint64_t>(b), static_cast<uint64_t>(c)});
}

// The zeros that a convolution wants around its input.
uint64_t border_elements(const Layer& layer) {
  const auto* conv = std::get_if<Conv2d>(&layer.operation);
  if (conv == nullptr) return 0;
  const Window2d& w = conv->window;
  const FeatureShape& in = layer.input_shape();
  return product(in.channels, w.pad_top + in.height + w.pad_bottom,
                 w.pad_left + in.width + w.pad_right) -
         static_cast<uint64_t>(in.elements());
}

class SizeTable {
 public:
  SizeTable(const Network& network, const BatchPass& pass)
      : network_(network), pass_(pass), readers_(network.layers.size(), 0) {
    for (const Layer& layer : network.layers) {
      for (const int input : layer.inputs) {
        if (!is_network_input(input)) ++readers_[static_cast<size_t>(input)];
      }
    }
  }

  NetworkSize size() const {
    NetworkSize size;
    for (const NetworkInput& input : network_.inputs) {
      size.total.bytes = saturated_sum(
          {size.total.bytes, map_bytes(static_cast<uint64_t>(input.shape.elements()))});
    }
    for (const Layer& layer : network_.layers) {
      const LayerSize& part = size.layers.emplace_back(LayerSize{operations(layer), bytes(layer)});
      size.total.operations = saturated_sum({size.total.operations, part.operations});
      size.total.bytes = saturated_sum({size.total.bytes, part.bytes});
    }
    return size;
  }

 private:
  uint64_t operations(const Layer& layer) const {
    const auto images = static_cast<uint64_t>(pass_.batch);
    const uint64_t forward = saturated_sum({layer.macs, other_operations(layer)});
    if (!pass_.training) return saturated_product({forward, images});
    // The way back makes the forward's multiply-accumulates twice, for the gradients by the
    // parameters and by the input.
    const uint64_t image =
        saturated_sum({forward, other_training_operations(layer),
                       saturated_product({layer.macs, 2}), other_backward_operations(layer)});
    return saturated_sum({saturated_product({image, images}),
                          saturated_product({layer.parameters, kUpdateOperations})});
  }

  uint64_t bytes(const Layer& layer) const {
    const uint64_t output =
        owns_map(layer) ? static_cast<uint64_t>(layer.output_shape.elements()) : 0;
    const uint64_t maps = map_bytes(saturated_sum({output, border_elements(layer)}));
    return saturated_sum({saturated_product({maps, pass_.training ? uint64_t{2} : 1}),
                          saturated_product({layer.parameters, sizeof(float),
                                             pass_.training ? kTrainedCopies : 1})});
  }

  // Whether the layer makes a map, instead of passing its input on or overwriting it.
  bool owns_map(const Layer& layer) const {
    if (std::holds_alternative<Flatten>(layer.operation)) return false;
    if (std::holds_alternative<Dropout>(layer.operation)) return pass_.training;
    if (layer_kind(layer.operation).map_use(layer) == MapUse::kOwnOutput) return true;
    return is_network_input(layer.input()) || readers_[static_cast<size_t>(layer.input())] > 1;
  }

  uint64_t map_bytes(uint64_t elements) const {
    return saturated_product({elements, sizeof(float), static_cast<uint64_t>(pass_.batch)});
  }

  const Network& network_;
  const BatchPass pass_;
  std::vector<int> readers_;  // by layer, how often its output is read
};

using Measure = Oversize::Measure;

uint64_t figure(const LayerSize& size, Measure measure) {
  return measure == Measure::kBytes ? size.bytes : size.operations;
}

std::string amount(uint64_t figure, Measure measure) {
  if (measure == Measure::kOperations) return fmt::format("{:.3g}", static_cast<double>(figure));
  return fmt::format("{:.4g} GiB", static_cast<double>(figure) / (uint64_t{1} << 30));
}

// The layer with the most of a measure.
size_t largest_layer(const NetworkSize& size, Measure measure) {
  const auto largest = std::ranges::max_element(
      size.layers, {}, [measure](const LayerSize& layer) { return figure(layer, measure); });
  return static_cast<size_t>(largest - size.layers.begin());
}

uint64_t matrix_bytes(const Matmul& matmul) {
  return saturated_product(
      {element_bytes(matmul.type), saturated_sum({saturated_product({matmul.m, matmul.k}),
                                                  saturated_product({matmul.k, matmul.n}),
                                                  saturated_product({matmul.m, matmul.n})})});
}

}  // namespace

NetworkSize network_size(const Network& network, const BatchPass& pass) {
  return SizeTable(network, pass).size();
}

std::optional<Oversize> oversize(const Network& network, const BatchPass& pass,
                                 const SizeBounds& bounds) {
  const NetworkSize size = network_size(network, pass);
  for (const auto& [measure, most] : {std::pair(Measure::kBytes, bounds.bytes),
                                      std::pair(Measure::kOperations, bounds.operations)}) {
    const uint64_t found = figure(size.total, measure);
    if (found <= most) continue;
    const size_t largest = largest_layer(size, measure);
    return Oversize{
        measure, found, most,
        LargestLayer{network.layers[largest].name, figure(size.layers[largest], measure)},
        pass.batch};
  }
  return std::nullopt;
}

std::optional<Oversize> oversize(const Workload& workload, const BatchPass& pass,
                                 const SizeBounds& bounds) {
  if (const auto* network = std::get_if<Network>(&workload))
    return oversize(*network, pass, bounds);
  const auto& matmul = std::get<Matmul>(workload);
  if (const uint64_t bytes = matrix_bytes(matmul); bytes > bounds.bytes) {
    return Oversize{Measure::kBytes, bytes, bounds.bytes, {}, {}};
  }
  if (matmul.macs() > bounds.operations) {
    return Oversize{Measure::kOperations, matmul.macs(), bounds.operations, {}, {}};
  }
  return std::nullopt;
}

std::string to_text(const Oversize& oversize) {
  const Measure measure = oversize.measure;
  std::string text = "found " + amount(oversize.found, measure);
  text += measure == Measure::kBytes ? " of maps and parameters" : " operations a pass";
  if (oversize.batch) text += fmt::format(" at batch {}", *oversize.batch);
  if (oversize.largest) {
    text += fmt::format(" ({} in layer {})", amount(oversize.largest->figure, measure),
                        oversize.largest->name);
  }
  return text + ", wanted at most " + amount(oversize.most, measure);
}

}  // namespace wattgrind
