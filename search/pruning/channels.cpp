#include "search/pruning/channels.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Whether the layer does to each channel by itself something that no parameter tells.
bool passes_channels(const Operation& operation) {
  return std::holds_alternative<Relu>(operation) || std::holds_alternative<Clip>(operation) ||
         std::holds_alternative<Activation>(operation) ||
         std::holds_alternative<Dropout>(operation) ||
         std::holds_alternative<MaxPool2d>(operation) ||
         std::holds_alternative<AvgPool2d>(operation) ||
         std::holds_alternative<GlobalAvgPool2d>(operation) ||
         std::holds_alternative<Flatten>(operation);
}

bool follows_channels(const Layer& layer) {
  if (std::holds_alternative<BatchNorm>(layer.operation)) return true;
  const auto* conv = std::get_if<Conv2d>(&layer.operation);
  return conv != nullptr && conv->groups > 1 && is_depthwise(*conv, layer.input_shape().channels);
}

bool reads_channels(const Layer& layer) {
  if (std::holds_alternative<Dense>(layer.operation)) return true;
  const auto* conv = std::get_if<Conv2d>(&layer.operation);
  return conv != nullptr && conv->groups == 1;
}

int64_t output_channels(const Operation& operation) {
  if (const auto* dense = std::get_if<Dense>(&operation)) return dense->units;
  return std::get<Conv2d>(operation).filters;
}

// Finds what becomes of the channels that `layer` makes or passes on. False where they may not go.
bool follow(const Network& network, size_t layer, PrunableLayer& found) {
  if (network.is_output(static_cast<int>(layer))) return false;
  for (size_t next = layer + 1; next < network.layers.size(); ++next) {
    const Layer& consumer = network.layers[next];
    if (std::ranges::find(consumer.inputs, static_cast<int>(layer)) == consumer.inputs.end()) {
      continue;
    }
    if (reads_channels(consumer)) {
      found.readers.push_back(next);
      continue;
    }
    const bool follows = follows_channels(consumer);
    if (!follows && !passes_channels(consumer.operation)) return false;
    if (follows) found.followers.push_back(next);
    if (!follow(network, next, found)) return false;
  }
  return true;
}

// Of values [outer][channel][inner], those of some channels.
std::vector<float> kept_values(const std::vector<float>& values, size_t outer, size_t channels,
                               std::span<const size_t> kept) {
  if (values.empty()) return {};
  const size_t inner = values.size() / outer / channels;
  CHECK(outer * channels * inner == values.size(), "{} values, {} x {}", values.size(), outer,
        channels);
  std::vector<float> result;
  result.reserve(outer * kept.size() * inner);
  for (size_t o = 0; o < outer; ++o) {
    for (const size_t channel : kept) {
      const auto from = values.begin() + static_cast<ptrdiff_t>((o * channels + channel) * inner);
      result.insert(result.end(), from, from + static_cast<ptrdiff_t>(inner));
    }
  }
  return result;
}

void set_channels(Operation& operation, int64_t channels) {
  if (auto* dense = std::get_if<Dense>(&operation)) {
    dense->units = channels;
  } else if (auto* conv = std::get_if<Conv2d>(&operation)) {
    if (conv->groups > 1) conv->groups = channels;
    conv->filters = channels;
  }
}

// The network with other operations, its shapes inferred anew.
Network rebuilt(const Network& network, const PrunableLayer& changed, int64_t channels) {
  NetworkSpec spec{network.name, network.inputs, {}, {}};
  const auto name_of = [&](int source) {
    return is_network_input(source) ? network.inputs[input_number(source)].name
                                    : network.layers[static_cast<size_t>(source)].name;
  };
  for (const Layer& layer : network.layers) {
    LayerSpec& written =
        spec.layers.emplace_back(LayerSpec{layer.name, layer.operation, false, {}});
    for (const int source : layer.inputs) written.inputs.push_back(name_of(source));
  }
  for (const int output : network.outputs) spec.outputs.push_back(name_of(output));
  set_channels(spec.layers[changed.layer].operation, channels);
  for (const size_t follower : changed.followers) {
    set_channels(spec.layers[follower].operation, channels);
  }
  return build_network(std::move(spec), network.name);
}

// The square of the norm of each channel's part of values [outer][channel][inner].
void add_squares(const std::vector<float>& values, size_t outer, std::vector<double>& squares) {
  if (values.empty()) return;
  const size_t inner = values.size() / outer / squares.size();
  for (size_t i = 0; i < values.size(); ++i) {
    squares[i / inner % squares.size()] += static_cast<double>(values[i]) * values[i];
  }
}

}  // namespace

std::vector<PrunableLayer> prunable_layers(const Network& network) {
  std::vector<PrunableLayer> result;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (!reads_channels(network.layers[i])) continue;
    PrunableLayer found{i, output_channels(network.layers[i].operation), {}, {}};
    if (found.channels > 1 && follow(network, i, found) && !found.readers.empty()) {
      result.push_back(std::move(found));
    }
  }
  return result;
}

TrainedNetwork keep_channels(const TrainedNetwork& whole, const PrunableLayer& layer,
                             std::span<const size_t> kept) {
  CHECK(!kept.empty(), "no channel of layer {}", layer.layer);
  TrainedNetwork result{rebuilt(whole.network, layer, static_cast<int64_t>(kept.size())),
                        whole.parameters};
  const auto channels = static_cast<size_t>(layer.channels);
  const auto keep = [&](LayerParameters& parameters) {
    parameters.weights = kept_values(parameters.weights, 1, channels, kept);
    parameters.bias = kept_values(parameters.bias, 1, channels, kept);
    parameters.statistics = kept_values(parameters.statistics, 2, channels, kept);
  };
  keep(result.parameters[layer.layer]);
  for (const size_t follower : layer.followers) keep(result.parameters[follower]);
  for (const size_t reader : layer.readers) {
    std::vector<float>& weights = result.parameters[reader].weights;
    const int64_t outputs = output_channels(whole.network.layers[reader].operation);
    weights = kept_values(weights, static_cast<size_t>(outputs), channels, kept);
  }
  return result;
}

std::vector<LayerParameters> mask_channels(const TrainedNetwork& whole, const PrunableLayer& layer,
                                           std::span<const size_t> kept) {
  std::vector<LayerParameters> parameters = whole.parameters;
  const auto channels = static_cast<size_t>(layer.channels);
  std::vector<bool> is_kept(channels);
  for (const size_t channel : kept) is_kept[channel] = true;
  for (const size_t reader : layer.readers) {
    std::vector<float>& weights = parameters[reader].weights;
    const auto outputs =
        static_cast<size_t>(output_channels(whole.network.layers[reader].operation));
    const size_t inner = weights.size() / outputs / channels;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (!is_kept[i / inner % channels]) weights[i] = 0;
    }
  }
  return parameters;
}

std::vector<double> channel_strengths(const TrainedNetwork& whole, const PrunableLayer& layer) {
  const auto channels = static_cast<size_t>(layer.channels);
  std::vector<double> made(channels), read(channels);
  add_squares(whole.parameters[layer.layer].weights, 1, made);
  add_squares(whole.parameters[layer.layer].bias, 1, made);
  for (const size_t reader : layer.readers) {
    const int64_t outputs = output_channels(whole.network.layers[reader].operation);
    add_squares(whole.parameters[reader].weights, static_cast<size_t>(outputs), read);
  }
  std::vector<double> strengths;
  for (size_t c = 0; c < channels; ++c) strengths.push_back(std::sqrt(made[c] * read[c]));
  return strengths;
}

}  // namespace wattgrind
