#include "kernels/program/fusion.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "estimator/base/error.h"
#include "estimator/network/operations.h"
#include "kernels/conv/pooled_conv.h"
#include "kernels/layers/byte_lowering.h"
#include "kernels/parts/pool_windows.h"
#include "kernels/parts/value_function.h"
#include "kernels/program/map_plan.h"

namespace wattgrind {
namespace {

bool is_sum_of_maps(const Layer& layer) {
  const auto* binary = std::get_if<Binary>(&layer.operation);
  return binary != nullptr && binary->function == BinaryFunction::kAdd &&
         layer.inputs.size() == 2 && layer.inputs[0] != layer.inputs[1] &&
         layer.input_shapes[0] == layer.input_shapes[1];
}

bool is_factor(const Layer& layer) {
  const auto* binary = std::get_if<Binary>(&layer.operation);
  return binary != nullptr && binary->function == BinaryFunction::kMultiply &&
         binary->scalar.has_value();
}

bool is_softmax_of_pixels(const Layer& layer) {
  const auto* softmax = std::get_if<Softmax>(&layer.operation);
  return softmax != nullptr && !softmax->log && softmax->axes == MapAxes{.channels = true};
}

class Fuser {
 public:
  // `apart`: sums of maps that stay layers of their own.
  Fuser(const Network& network, const std::set<int>& apart)
      : network_(network), readers_(network), apart_(apart) {}

  FusedNetwork fuse() && {
    find_groups();
    FusedNetwork result;
    result.network = {network_.name, network_.inputs, {}, {}, network_.notes};
    std::vector<int> place(network_.layers.size(), 0);  // in the result, of a group's last layer
    for (int i = 0; i < layers(); ++i) {
      if (next_of_[index(i)]) continue;  // its group ends further down
      const std::vector<int> group = group_that_ends_with(i);
      place[index(i)] = static_cast<int>(result.network.layers.size());
      result.network.layers.push_back(fused_layer(group, place));
      result.parts.push_back(group);
    }
    for (const int output : network_.outputs) {
      result.network.outputs.push_back(place[index(output)]);
    }
    return result;
  }

 private:
  static size_t index(int layer) { return static_cast<size_t>(layer); }
  const Layer& layer(int i) const { return network_.layers[index(i)]; }
  int layers() const { return static_cast<int>(network_.layers.size()); }

  // Follows each convolution and dense layer as far as its kernel can do the work of what comes
  // behind it.
  void find_groups() {
    next_of_.resize(network_.layers.size());
    before_.resize(network_.layers.size());
    for (int first = 0; first < layers(); ++first) {
      const Operation& operation = layer(first).operation;
      if (!std::holds_alternative<Conv2d>(operation) && !std::holds_alternative<Dense>(operation) &&
          !std::holds_alternative<MatMul>(operation)) {
        continue;
      }
      int last = first;
      while (const auto next = follower(first, last)) {
        next_of_[index(last)] = next;
        before_[index(*next)] = last;
        last = *next;
      }
    }
  }

  std::optional<int> follower(int first, int last) const {
    const std::vector<int>& readers = readers_.of(last);
    if (readers.size() != 1 || network_.is_output(last)) return std::nullopt;
    const int next = readers.front();
    return can_follow(first, last, next) ? std::optional(next) : std::nullopt;
  }

  bool can_follow(int first, int last, int next) const {
    const Layer& self = layer(next);
    // Pooling ends a group: its map is another.
    if (last != first && pooling_of(layer(last).operation)) return false;
    if (std::holds_alternative<Dropout>(self.operation)) return true;
    if (std::holds_alternative<MatMul>(layer(first).operation)) {
      if (computes_on_bytes(layer(first))) return false;
      // One factor at most, then softmax, which ends the group.
      const bool has_softmax = holds_since(first, last, is_softmax_of_pixels);
      if (is_softmax_of_pixels(self)) return !has_softmax;
      return is_factor(self) && !has_softmax && !holds_since(first, last, is_factor);
    }
    if (pooling_of(self.operation)) return can_pool(first, last, self);
    if (const auto* dequantize = std::get_if<Dequantize>(&self.operation)) return !dequantize->as;
    if (std::holds_alternative<BatchNorm>(self.operation)) return !is_nonlinear_since(first, last);
    if (is_value_function(self.operation)) return keeps_zero(self.operation);
    // Of the two maps the later one is at hand; the other has been stored.
    return is_sum_of_maps(self) && !apart_.contains(next) &&
           last == std::max(self.inputs[0], self.inputs[1]);
  }

  // Whether the group's map may be pooled as it comes: it is a convolution's, with its rows whole,
  // in single precision, to which no other map is added.
  bool can_pool(int first, int last, const Layer& self) const {
    const auto* conv = std::get_if<Conv2d>(&layer(first).operation);
    const auto pool = pooling_of(self.operation);
    return conv != nullptr && !is_depthwise(*conv, layer(first).input_shape().channels) &&
           !computes_on_bytes(layer(first)) && !self.output_bytes() &&
           !holds_since(first, last, is_sum_of_maps) &&
           pools_by_rows(pool->method, pool->window, self.input_shape(), self.output_shape);
  }

  // Whether a batch normalisation behind `last` can no longer go into the weights.
  bool is_nonlinear_since(int first, int last) const {
    return holds_since(first, last, [](const Layer& self) {
      return !std::holds_alternative<BatchNorm>(self.operation) &&
             !std::holds_alternative<Dropout>(self.operation);
    });
  }

  // Whether it is true of a layer of the group behind its first.
  template <typename Predicate>
  bool holds_since(int first, int last, const Predicate& predicate) const {
    for (int at = last; at != first; at = *before_[index(at)]) {
      if (predicate(layer(at))) return true;
    }
    return false;
  }

  std::vector<int> group_that_ends_with(int last) const {
    std::vector<int> group = {last};
    while (const auto before = before_[index(group.back())]) group.push_back(*before);
    std::ranges::reverse(group);
    return group;
  }

  Layer fused_layer(const std::vector<int>& group, const std::vector<int>& place) const {
    Layer fused = layer(group.front());
    if (group.size() > 1) fused.own_name = fused.name;
    for (size_t i = 1; i < group.size(); ++i) {
      add(layer(group[i]), group[i - 1], fused);
      fused.name += "+" + without_shared_prefix(layer(group[i]).name, layer(group[0]).name);
    }
    fused.output_shape = layer(group.back()).output_shape;
    for (int& input : fused.inputs) {
      if (!is_network_input(input)) input = place[index(input)];
    }
    return fused;
  }

  // "bn1" of "block1.bn1" beside "block1.conv1".
  static std::string without_shared_prefix(const std::string& name, const std::string& beside) {
    const size_t dot = beside.rfind('.');
    const bool shares = dot != std::string::npos && name.starts_with(beside.substr(0, dot + 1));
    return shares ? name.substr(dot + 1) : name;
  }

  static void add(const Layer& self, int chain, Layer& fused) {
    FusedLayer part{self.name, self.operation, 0, 0, self.int8};
    if (std::holds_alternative<BatchNorm>(self.operation)) {
      if (auto* conv = std::get_if<Conv2d>(&fused.operation)) conv->bias = true;
      if (auto* dense = std::get_if<Dense>(&fused.operation)) dense->bias = true;
    } else {
      part.other_operations = other_operations(self);
      part.other_byte_operations = other_byte_operations(self);
    }
    if (is_sum_of_maps(self)) {
      const size_t other = self.inputs[0] == chain ? 1 : 0;
      part.input = fused.inputs.size();
      fused.inputs.push_back(self.inputs[other]);
      fused.input_shapes.push_back(self.input_shapes[other]);
      fused.input_bytes.push_back(self.input_bytes[other]);
    }
    fused.parameters += self.parameters;
    fused.fused.push_back(std::move(part));
  }

  const Network& network_;
  const Readers readers_;
  const std::set<int>& apart_;
  // By layer: the next of its group, and the one before it.
  std::vector<std::optional<int>> next_of_, before_;
};

// The sums of maps, as layers of the network as read, whose maps would not lie as the output does.
std::set<int> unlike_sums(const FusedNetwork& fused, const MapPlan& plan) {
  std::set<int> unlike;
  for (size_t i = 0; i < fused.network.layers.size(); ++i) {
    const Layer& layer = fused.network.layers[i];
    for (size_t part = 0; part < layer.fused.size(); ++part) {
      const size_t input = layer.fused[part].input;
      if (input == 0) continue;
      if (plan.map(layer.inputs[input]).layout != plan.outputs[i].layout) {
        unlike.insert(fused.parts[i][part + 1]);
      }
    }
  }
  return unlike;
}

}  // namespace

FusedNetwork fuse_layers(const Network& network, Isa isa, int64_t batch) {
  std::set<int> apart;
  while (true) {
    FusedNetwork fused = Fuser(network, apart).fuse();
    const std::set<int> unlike = unlike_sums(
        fused, plan_maps(fused.network, isa, batch, Phase::kInference, Joining::kInPlace));
    if (unlike.empty()) return fused;
    apart.insert(unlike.begin(), unlike.end());
  }
}

LayerParameters fused_parameters(const Layer& layer, std::span<const LayerParameters> parts) {
  CHECK(parts.size() == layer.fused.size() + 1, "{}: parameters of {} parts", layer.name,
        parts.size());
  LayerParameters result = parts[0];
  const auto outputs = static_cast<size_t>(layer.output_shape.channels);
  for (size_t i = 0; i < layer.fused.size(); ++i) {
    const auto* norm = std::get_if<BatchNorm>(&layer.fused[i].operation);
    if (norm == nullptr) continue;
    const LayerParameters& held = parts[i + 1];
    result.bias.resize(outputs, 0);
    const size_t taps = result.weights.size() / outputs;
    for (size_t channel = 0; channel < outputs; ++channel) {
      const double mean = held.statistics[channel], variance = held.statistics[outputs + channel];
      const double scale = held.weights[channel] / std::sqrt(variance + norm->epsilon);
      for (size_t tap = 0; tap < taps; ++tap) {
        float& weight = result.weights[channel * taps + tap];
        weight = static_cast<float>(weight * scale);
      }
      result.bias[channel] =
          static_cast<float>((result.bias[channel] - mean) * scale + held.bias[channel]);
    }
  }
  return result;
}

}  // namespace wattgrind
