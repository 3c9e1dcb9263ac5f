#include "tests/kernels/reference_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>

#include "estimator/network/layer_kind.h"
#include "tests/kernels/reference_arithmetic.h"

namespace wattgrind {
namespace {

struct Map {
  const std::vector<float>& values;
  FeatureShape shape;

  bool inside(int64_t y, int64_t x) const {
    return y >= 0 && y < shape.height && x >= 0 && x < shape.width;
  }
  double at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return values[static_cast<size_t>(((n * shape.channels + c) * shape.height + y) * shape.width +
                                      x)];
  }
};

double conv_value(const Conv2d& conv, const Map& in, const ReferenceParameters& p, int64_t n,
                  int64_t f, int64_t y, int64_t x) {
  const Window2d& w = conv.window;
  const int64_t group_channels = in.shape.channels / conv.groups;
  const int64_t group = f / (conv.filters / conv.groups);
  double sum = conv.bias ? p.bias[static_cast<size_t>(f)] : 0;
  for (int64_t c = 0; c < group_channels; ++c) {
    for (int64_t r = 0; r < w.kernel_height; ++r) {
      for (int64_t s = 0; s < w.kernel_width; ++s) {
        const int64_t iy = y * w.stride_height - w.pad_top + r;
        const int64_t ix = x * w.stride_width - w.pad_left + s;
        if (!in.inside(iy, ix)) continue;
        const int64_t weight =
            ((f * group_channels + c) * w.kernel_height + r) * w.kernel_width + s;
        sum +=
            in.at(n, group * group_channels + c, iy, ix) * p.weights[static_cast<size_t>(weight)];
      }
    }
  }
  return sum;
}

double pool_value(const Window2d& w, bool is_max, const Map& in, int64_t n, int64_t c, int64_t y,
                  int64_t x) {
  double largest = -std::numeric_limits<double>::infinity();
  double sum = 0;
  int64_t count = 0;
  for (int64_t r = 0; r < w.kernel_height; ++r) {
    for (int64_t s = 0; s < w.kernel_width; ++s) {
      const int64_t iy = y * w.stride_height - w.pad_top + r;
      const int64_t ix = x * w.stride_width - w.pad_left + s;
      if (!in.inside(iy, ix)) continue;
      largest = std::max(largest, in.at(n, c, iy, ix));
      sum += in.at(n, c, iy, ix);
      ++count;
    }
  }
  return is_max ? largest : sum / static_cast<double>(count);
}

double lrn_value(const Lrn& lrn, const Map& in, int64_t n, int64_t c, int64_t y, int64_t x) {
  double squares = 0;
  const int64_t first = c - (lrn.size - 1) / 2;
  for (int64_t j = std::max<int64_t>(0, first); j < std::min(in.shape.channels, first + lrn.size);
       ++j) {
    squares += in.at(n, j, y, x) * in.at(n, j, y, x);
  }
  const double base = lrn.k + lrn.alpha / static_cast<double>(lrn.size) * squares;
  return in.at(n, c, y, x) / std::pow(base, lrn.beta);
}

double dense_value(const Map& in, const ReferenceParameters& p, int64_t n, int64_t unit) {
  const int64_t values = in.shape.elements();
  double sum = p.bias.empty() ? 0 : p.bias[static_cast<size_t>(unit)];
  for (int64_t k = 0; k < values; ++k) {
    sum += static_cast<double>(in.values[static_cast<size_t>(n * values + k)]) *
           p.weights[static_cast<size_t>(unit * values + k)];
  }
  return sum;
}

double binary_value(const Binary& binary, const Map& in, const Map& other, int64_t n, int64_t c,
                    int64_t y, int64_t x) {
  const auto at = [&](const Map& map, int64_t image) {
    const FeatureShape& shape = map.shape;
    return map.at(image, shape.channels == 1 ? 0 : c, shape.height == 1 ? 0 : y,
                  shape.width == 1 ? 0 : x);
  };
  const bool is_constant = binary.constant != FeatureShape{};
  const double first = at(in, n);
  const double second = binary.scalar ? *binary.scalar : at(other, is_constant ? 0 : n);
  return binary.reversed ? reference_binary(binary.function, second, first)
                         : reference_binary(binary.function, first, second);
}

double batch_norm_value(const BatchNorm& norm, const Map& in, const ReferenceParameters& p,
                        int64_t n, int64_t c, int64_t y, int64_t x) {
  const auto channel = static_cast<size_t>(c);
  const double mean = p.statistics[channel];
  const double variance = p.statistics[p.statistics.size() / 2 + channel];
  return p.weights[channel] * (in.at(n, c, y, x) - mean) / std::sqrt(variance + norm.epsilon) +
         p.bias[channel];
}

double normalization_value(const Normalization& norm, const Map& in, const ReferenceParameters& p,
                           int64_t n, int64_t c, int64_t y, int64_t x) {
  const FeatureShape& shape = in.shape;
  const auto for_each = [&](const auto& visit) {
    for (int64_t i = 0; i < (norm.axes.channels ? shape.channels : 1); ++i) {
      for (int64_t j = 0; j < (norm.axes.height ? shape.height : 1); ++j) {
        for (int64_t k = 0; k < (norm.axes.width ? shape.width : 1); ++k) {
          visit(in.at(n, norm.axes.channels ? i : c, norm.axes.height ? j : y,
                      norm.axes.width ? k : x));
        }
      }
    }
  };
  double sum = 0, squares = 0, count = 0;
  for_each([&](double value) { sum += value, ++count; });
  const double mean = sum / count;
  for_each([&](double value) { squares += (value - mean) * (value - mean); });
  const double result = (in.at(n, c, y, x) - mean) / std::sqrt(squares / count + norm.epsilon);
  if (norm.affine == FeatureShape{}) return result;
  const int64_t row = norm.affine.height == 1 ? 0 : y, column = norm.affine.width == 1 ? 0 : x;
  const int64_t channel = norm.affine.channels == 1 ? 0 : c;
  const auto at =
      static_cast<size_t>((channel * norm.affine.height + row) * norm.affine.width + column);
  return result * p.weights[at] + p.bias[at];
}

std::vector<float> softmax(const Map& in, int64_t batch) {
  const int64_t classes = in.shape.elements();
  std::vector<float> result;
  for (int64_t n = 0; n < batch; ++n) {
    const auto* x = in.values.data() + n * classes;
    const double largest = *std::max_element(x, x + classes);
    double sum = 0;
    for (int64_t i = 0; i < classes; ++i) sum += std::exp(x[i] - largest);
    for (int64_t i = 0; i < classes; ++i) {
      result.push_back(static_cast<float>(std::exp(x[i] - largest) / sum));
    }
  }
  return result;
}

}  // namespace

std::vector<float> reference_layer(const Layer& layer, int64_t batch,
                                   const std::vector<float>& input,
                                   const ReferenceParameters& parameters) {
  return reference_layer(layer, batch, std::vector<std::vector<float>>{input}, parameters);
}

std::vector<float> reference_layer(const Layer& layer, int64_t batch,
                                   const std::vector<std::vector<float>>& inputs,
                                   const ReferenceParameters& parameters) {
  const std::vector<float>& input = inputs.front();
  const Map in{input, layer.input_shape()};
  const auto value = [&](int64_t n, int64_t c, int64_t y, int64_t x) -> double {
    return std::visit(
        [&](const auto& operation) -> double {
          using T = std::decay_t<decltype(operation)>;
          if constexpr (std::is_same_v<T, Conv2d>) {
            return conv_value(operation, in, parameters, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Dense>) {
            return dense_value(in, parameters, n, c);
          } else if constexpr (std::is_same_v<T, MaxPool2d>) {
            return pool_value(operation.window, true, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, AvgPool2d>) {
            return pool_value(operation.window, false, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, GlobalAvgPool2d>) {
            const Window2d whole{in.shape.height, in.shape.width};
            return pool_value(whole, false, in, n, c, 0, 0);
          } else if constexpr (std::is_same_v<T, Lrn>) {
            return lrn_value(operation, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Relu>) {
            return std::max(0.0, in.at(n, c, y, x));
          } else if constexpr (std::is_same_v<T, Clip>) {
            return std::clamp(in.at(n, c, y, x), operation.low, operation.high);
          } else if constexpr (std::is_same_v<T, Activation>) {
            return reference_unary(operation, in.at(n, c, y, x));
          } else if constexpr (std::is_same_v<T, BatchNorm>) {
            return batch_norm_value(operation, in, parameters, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Normalization>) {
            return normalization_value(operation, in, parameters, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Binary>) {
            const bool has_two = inputs.size() > 1;
            const Map other{has_two ? inputs[1] : parameters.weights,
                            has_two ? layer.input_shapes[1] : operation.constant};
            return binary_value(operation, in, other, n, c, y, x);
          } else {
            return 0;
          }
        },
        layer.operation);
  };
  if (std::holds_alternative<Softmax>(layer.operation)) return softmax(in, batch);
  if (std::holds_alternative<Flatten>(layer.operation) ||
      std::holds_alternative<Dropout>(layer.operation)) {
    return input;
  }
  std::vector<float> output;
  const FeatureShape& out = layer.output_shape;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t y = 0; y < out.height; ++y) {
        for (int64_t x = 0; x < out.width; ++x) {
          output.push_back(static_cast<float>(value(n, c, y, x)));
        }
      }
    }
  }
  return output;
}

std::vector<float> random_values(size_t count, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(static_cast<double>(engine() >> 11) * 0x1.0p-52 - 1);
  }
  return values;
}

ReferenceParameters random_parameters(const Layer& layer, uint64_t seed) {
  ReferenceParameters parameters{
      random_values(parameter_values(layer, ParameterRole::kWeights), seed),
      random_values(parameter_values(layer, ParameterRole::kBias), seed + 1),
      random_values(parameter_values(layer, ParameterRole::kStatistics), seed + 2)};
  for (float& value : parameters.statistics) value = 1 + value / 2;
  return parameters;
}

}  // namespace wattgrind
