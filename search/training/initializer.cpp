#include "search/training/initializer.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// How many values make one output, and how many outputs one value goes into, as Keras counts them.
struct Fans {
  double in = 0, out = 0;
};

Fans fans_of(const Layer& layer) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    const Window2d& window = conv->window;
    const auto taps = static_cast<double>(window.kernel_height * window.kernel_width);
    const int64_t group_channels = layer.input_shape().channels / conv->groups;
    return {taps * static_cast<double>(group_channels), taps * static_cast<double>(conv->filters)};
  }
  if (const auto* transposed = std::get_if<ConvTranspose2d>(&layer.operation)) {
    const Window2d& window = transposed->window;
    const auto taps = static_cast<double>(window.kernel_height * window.kernel_width);
    const int64_t group_filters = transposed->filters / transposed->groups;
    return {taps * static_cast<double>(group_filters),
            taps * static_cast<double>(layer.input_shape().channels)};
  }
  return {static_cast<double>(layer.input_shape().elements()),
          static_cast<double>(layer.output_shape.elements())};
}

double limit(const Layer& layer, Initializer initializer) {
  const Fans fans = fans_of(layer);
  switch (initializer) {
    case Initializer::kUniform:
      return 0.05;
    case Initializer::kGlorotUniform:
      return std::sqrt(6 / (fans.in + fans.out));
    case Initializer::kHeUniform:
      return std::sqrt(6 / fans.in);
  }
  CHECK(false, "initializer {}", static_cast<int>(initializer));
}

// Scales of one, shifts of zero; means of zero, variances of one.
void start_normalization(const Layer& layer, LayerParameters& parameters) {
  parameters.weights.assign(parameter_values(layer, ParameterRole::kWeights), 1.0f);
  parameters.bias.assign(parameter_values(layer, ParameterRole::kBias), 0.0f);
  const size_t statistics = parameter_values(layer, ParameterRole::kStatistics);
  parameters.statistics.assign(statistics, 0.0f);
  std::fill(parameters.statistics.begin() + static_cast<ptrdiff_t>(statistics / 2),
            parameters.statistics.end(), 1.0f);
}

}  // namespace

std::vector<LayerParameters> initial_parameters(const Network& network, Initializer initializer,
                                                uint64_t seed) {
  std::vector<LayerParameters> result;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    LayerParameters& parameters = result.emplace_back();
    if (layer.parameters == 0) continue;
    if (std::holds_alternative<BatchNorm>(layer.operation) ||
        std::holds_alternative<Normalization>(layer.operation)) {
      start_normalization(layer, parameters);
      continue;
    }
    parameters.bias.resize(parameter_values(layer, ParameterRole::kBias));
    parameters.weights.resize(parameter_values(layer, ParameterRole::kWeights));
    const double bound = limit(layer, initializer);
    Random random(derive_seed(seed, i));
    for (float& weight : parameters.weights) {
      weight = static_cast<float>(bound * (2 * random.uniform() - 1));
    }
  }
  return result;
}

}  // namespace wattgrind
