#include "tests/kernels/reference_layers.h"

#include <algorithm>
#include <array>
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
        const int64_t iy = y * w.stride_height - w.pad_top + r * w.dilation_height;
        const int64_t ix = x * w.stride_width - w.pad_left + s * w.dilation_width;
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

double pool_value(const Window2d& w, bool is_max, bool counts_padding, const Map& in, int64_t n,
                  int64_t c, int64_t y, int64_t x) {
  double largest = -std::numeric_limits<double>::infinity();
  double sum = 0;
  int64_t count = 0;
  for (int64_t r = 0; r < w.kernel_height; ++r) {
    for (int64_t s = 0; s < w.kernel_width; ++s) {
      const int64_t iy = y * w.stride_height - w.pad_top + r * w.dilation_height;
      const int64_t ix = x * w.stride_width - w.pad_left + s * w.dilation_width;
      const bool is_padded =
          iy < in.shape.height + w.pad_bottom && ix < in.shape.width + w.pad_right;
      if (in.inside(iy, ix) || (counts_padding && is_padded)) ++count;
      if (!in.inside(iy, ix)) continue;
      largest = std::max(largest, in.at(n, c, iy, ix));
      sum += in.at(n, c, iy, ix);
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

// Where (channel, row, column) of the output of a layer that only moves values comes from.
using Place = std::array<int64_t, 3>;

Place source_of(const Rearrange& rearrange, const FeatureShape&, Place at) {
  Place from = {rearrange.first_channel, rearrange.first_row, rearrange.first_column};
  const std::array<std::vector<RearrangeFactor>, 3> axes = {rearrange.channels, rearrange.height,
                                                            rearrange.width};
  for (size_t axis = 0; axis < 3; ++axis) {
    for (size_t i = axes[axis].size(); i-- > 0;) {
      const RearrangeFactor& factor = axes[axis][i];
      from[static_cast<size_t>(factor.axis)] += at[axis] % factor.extent * factor.step;
      at[axis] /= factor.extent;
    }
  }
  return from;
}
Place source_of(const Slice& slice, const FeatureShape&, Place at) {
  int64_t& moved = at[static_cast<size_t>(slice.axis)];
  moved = slice.start + moved * slice.step;
  return at;
}
Place source_of(const Transpose& transpose, const FeatureShape&, const Place& at) {
  Place from{};
  for (size_t i = 0; i < 3; ++i) from[static_cast<size_t>(transpose.order[i])] = at[i];
  return from;
}
Place source_of(const ChannelShuffle& shuffle, const FeatureShape& in, const Place& at) {
  const int64_t group = at[0] % shuffle.groups, channel = at[0] / shuffle.groups;
  return {group * (in.channels / shuffle.groups) + channel, at[1], at[2]};
}
Place source_of(const DepthToSpace& op, const FeatureShape& in, const Place& at) {
  const int64_t b = op.block, channels = in.channels / (b * b);
  const int64_t row = at[1] % b, column = at[2] % b;
  return {
      op.column_row_depth ? (at[0] * b + row) * b + column : (row * b + column) * channels + at[0],
      at[1] / b, at[2] / b};
}
Place source_of(const SpaceToDepth& op, const FeatureShape& in, const Place& at) {
  const int64_t block = at[0] / in.channels;
  return {at[0] % in.channels, at[1] * op.block + block / op.block,
          at[2] * op.block + block % op.block};
}

double conv_transpose_value(const ConvTranspose2d& conv, const Map& in,
                            const ReferenceParameters& p, int64_t n, int64_t f, int64_t y,
                            int64_t x) {
  const Window2d& w = conv.window;
  const int64_t channels = in.shape.channels / conv.groups, filters = conv.filters / conv.groups;
  double sum = conv.bias ? p.bias[static_cast<size_t>(f)] : 0;
  for (int64_t c = f / filters * channels; c < (f / filters + 1) * channels; ++c) {
    for (int64_t iy = 0; iy < in.shape.height; ++iy) {
      for (int64_t ix = 0; ix < in.shape.width; ++ix) {
        for (int64_t r = 0; r < w.kernel_height; ++r) {
          for (int64_t s = 0; s < w.kernel_width; ++s) {
            if (iy * w.stride_height - w.pad_top + r * w.dilation_height != y) continue;
            if (ix * w.stride_width - w.pad_left + s * w.dilation_width != x) continue;
            const int64_t weight =
                ((c * filters + f % filters) * w.kernel_height + r) * w.kernel_width + s;
            sum += in.at(n, c, iy, ix) * p.weights[static_cast<size_t>(weight)];
          }
        }
      }
    }
  }
  return sum;
}

double embedding_value(const Embedding& embedding, const Map& in, const ReferenceParameters& p,
                       int64_t n, int64_t f, int64_t y, int64_t x) {
  const double row = std::clamp(in.at(n, 0, y, x), 0.0, static_cast<double>(embedding.rows - 1));
  return p.weights[static_cast<size_t>(static_cast<int64_t>(row) * embedding.features + f)];
}

double matmul_value(const MatMul& matmul, const Map& a, const Map& b, int64_t n, int64_t c,
                    int64_t y, int64_t x) {
  const int64_t head = b.shape.height == 1 ? 0 : y;
  double sum = 0;
  for (int64_t k = 0; k < a.shape.channels; ++k) {
    sum += a.at(n, k, y, x) * (matmul.transpose_b ? b.at(n, k, head, c) : b.at(n, c, head, k));
  }
  return sum;
}

// Calls visit(value) for the values that are folded with (channel, row, column).
template <typename Visit>
void for_each_folded(const MapAxes& axes, const Map& in, int64_t n, const Place& at,
                     const Visit& visit) {
  for (int64_t c = 0; c < in.shape.channels; ++c) {
    if (!axes.channels && c != at[0]) continue;
    for (int64_t y = 0; y < in.shape.height; ++y) {
      if (!axes.height && y != at[1]) continue;
      for (int64_t x = 0; x < in.shape.width; ++x) {
        if (axes.width || x == at[2]) visit(in.at(n, c, y, x));
      }
    }
  }
}

double softmax_value(const Softmax& softmax, const Map& in, int64_t n, const Place& at) {
  const double value = in.at(n, at[0], at[1], at[2]);
  double largest = value, sum = 0;
  for_each_folded(softmax.axes, in, n, at, [&](double x) { largest = std::max(largest, x); });
  for_each_folded(softmax.axes, in, n, at, [&](double x) { sum += std::exp(x - largest); });
  return softmax.log ? value - largest - std::log(sum) : std::exp(value - largest) / sum;
}

double reduced_value(const Reduce& reduce, const Map& in, int64_t n, const Place& at) {
  double sum = 0, count = 0;
  double largest = -std::numeric_limits<double>::infinity(), smallest = -largest;
  for_each_folded(reduce.axes, in, n, at, [&](double x) {
    sum += x;
    ++count;
    largest = std::max(largest, x);
    smallest = std::min(smallest, x);
  });
  switch (reduce.function) {
    case ReduceFunction::kMean:
      return sum / count;
    case ReduceFunction::kSum:
      return sum;
    case ReduceFunction::kMax:
      return largest;
    case ReduceFunction::kMin:
      break;
  }
  return smallest;
}

double padded_value(const Pad& pad, const Map& in, int64_t n, const Place& at) {
  Place from{};
  const Place sizes = {in.shape.channels, in.shape.height, in.shape.width};
  for (size_t i = 0; i < 3; ++i) {
    int64_t place = at[i] - pad.begin[i];
    const bool is_outside = place < 0 || place >= sizes[i];
    if (is_outside && pad.mode == PadMode::kConstant) return pad.value;
    if (pad.mode == PadMode::kEdge) place = std::clamp<int64_t>(place, 0, sizes[i] - 1);
    if (pad.mode == PadMode::kReflect) {
      if (place < 0) place = -place;
      if (place >= sizes[i]) place = 2 * (sizes[i] - 1) - place;
    }
    from[i] = place;
  }
  return in.at(n, from[0], from[1], from[2]);
}

// Where an output lies along an input's axis, as ONNX's reference writes it.
double resized_place(const Resize& resize, double scale, int64_t in, int64_t out, int64_t o) {
  const double at = static_cast<double>(o);
  switch (resize.coordinates) {
    case CoordinateMode::kHalfPixel:
      return (at + 0.5) / scale - 0.5;
    case CoordinateMode::kPytorchHalfPixel:
      return out == 1 ? 0 : (at + 0.5) / scale - 0.5;
    case CoordinateMode::kAlignCorners:
      return out == 1 ? 0 : at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    case CoordinateMode::kAsymmetric:
      return at / scale;
    case CoordinateMode::kTfHalfPixelForNn:
      break;
  }
  return (at + 0.5) / scale;
}

double resized_scale(double scale, int64_t in, int64_t out) {
  return scale != 0 ? scale : static_cast<double>(out) / static_cast<double>(in);
}

int64_t nearest_place(const Resize& resize, double place, int64_t in) {
  const double half = std::abs(place - std::floor(place) - 0.5) < 1e-9 ? 1 : 0;
  double rounded = std::round(place);
  if (half == 1) {
    rounded =
        resize.nearest == NearestMode::kRoundPreferFloor ? std::floor(place) : std::ceil(place);
  }
  const double whole = std::round(place);
  const bool is_whole = std::abs(place - whole) < 1e-9;
  if (resize.nearest == NearestMode::kFloor) rounded = is_whole ? whole : std::floor(place);
  if (resize.nearest == NearestMode::kCeil) rounded = is_whole ? whole : std::ceil(place);
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1);
}

double resized_value(const Resize& resize, const Map& in, int64_t n, const Place& at) {
  const int64_t height = in.shape.height, width = in.shape.width;
  const double y = resized_place(resize, resized_scale(resize.scale_height, height, resize.height),
                                 height, resize.height, at[1]);
  const double x = resized_place(resize, resized_scale(resize.scale_width, width, resize.width),
                                 width, resize.width, at[2]);
  if (resize.mode == ResizeMode::kNearest) {
    return in.at(n, at[0], nearest_place(resize, y, height), nearest_place(resize, x, width));
  }
  const auto clamped = [&](double row, double column) {
    return in.at(n, at[0], std::clamp<int64_t>(static_cast<int64_t>(row), 0, height - 1),
                 std::clamp<int64_t>(static_cast<int64_t>(column), 0, width - 1));
  };
  const double top = std::floor(y), left = std::floor(x);
  const double down = y - top, right = x - left;
  return (1 - down) * ((1 - right) * clamped(top, left) + right * clamped(top, left + 1)) +
         down * ((1 - right) * clamped(top + 1, left) + right * clamped(top + 1, left + 1));
}

double concatenated_value(const Concat& concat, const std::vector<Map>& inputs, int64_t n,
                          Place at) {
  const auto axis = static_cast<size_t>(concat.axis);
  for (const Map& in : inputs) {
    const int64_t size = Place{in.shape.channels, in.shape.height, in.shape.width}[axis];
    if (at[axis] < size) return in.at(n, at[0], at[1], at[2]);
    at[axis] -= size;
  }
  return std::numeric_limits<double>::quiet_NaN();
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
          } else if constexpr (std::is_same_v<T, ConvTranspose2d>) {
            return conv_transpose_value(operation, in, parameters, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Embedding>) {
            return embedding_value(operation, in, parameters, n, c, y, x);
          } else if constexpr (std::is_same_v<T, MatMul>) {
            return matmul_value(operation, in, {inputs[1], layer.input_shapes[1]}, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Dense>) {
            return dense_value(in, parameters, n, c);
          } else if constexpr (std::is_same_v<T, MaxPool2d>) {
            return pool_value(operation.window, true, false, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, AvgPool2d>) {
            return pool_value(operation.window, false, operation.count_padding, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, GlobalAvgPool2d>) {
            const Window2d whole{in.shape.height, in.shape.width};
            return pool_value(whole, false, false, in, n, c, 0, 0);
          } else if constexpr (std::is_same_v<T, Lrn>) {
            return lrn_value(operation, in, n, c, y, x);
          } else if constexpr (std::is_same_v<T, Relu>) {
            return std::max(0.0, in.at(n, c, y, x));
          } else if constexpr (std::is_same_v<T, Clip>) {
            return std::clamp(in.at(n, c, y, x), operation.low, operation.high);
          } else if constexpr (std::is_same_v<T, Activation>) {
            return reference_unary(operation, in.at(n, c, y, x));
          } else if constexpr (std::is_same_v<T, Softmax>) {
            return softmax_value(operation, in, n, {c, y, x});
          } else if constexpr (std::is_same_v<T, Reduce>) {
            return reduced_value(operation, in, n, {c, y, x});
          } else if constexpr (std::is_same_v<T, Pad>) {
            return padded_value(operation, in, n, {c, y, x});
          } else if constexpr (std::is_same_v<T, Resize>) {
            return resized_value(operation, in, n, {c, y, x});
          } else if constexpr (std::is_same_v<T, Concat>) {
            std::vector<Map> maps;
            for (size_t i = 0; i < inputs.size(); ++i) {
              maps.push_back({inputs[i], layer.input_shapes[i]});
            }
            return concatenated_value(operation, maps, n, {c, y, x});
          } else if constexpr (requires { source_of(operation, in.shape, {}); }) {
            const Place from = source_of(operation, in.shape, {c, y, x});
            return in.at(n, from[0], from[1], from[2]);
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
  if (std::holds_alternative<Flatten>(layer.operation) ||
      std::holds_alternative<Reshape>(layer.operation) ||
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
