#include "tests/kernels/reference_gradients.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include "tests/kernels/reference_arithmetic.h"

namespace wattgrind {
namespace {

class Backward {
 public:
  Backward(const Layer& layer, const std::vector<float>& input,
           const ReferenceParameters& parameters)
      : in_(layer.input_shape()),
        input_(input),
        parameters_(parameters),
        d_input_(input.size()),
        d_weights_(parameters.weights.size()),
        d_bias_(parameters.bias.size()) {}

  // The output's value (n, c, y, x) has the gradient dy.
  void add(const Conv2d& conv, int64_t n, int64_t f, int64_t y, int64_t x, double dy) {
    const int64_t channels = in_.channels / conv.groups;
    const int64_t first = f / (conv.filters / conv.groups) * channels;
    d_bias_[static_cast<size_t>(f)] += dy;
    for_each_tap(conv.window, y, x, [&](int64_t r, int64_t s, int64_t iy, int64_t ix) {
      for (int64_t c = 0; c < channels; ++c) {
        const auto weight = static_cast<size_t>(
            ((f * channels + c) * conv.window.kernel_height + r) * conv.window.kernel_width + s);
        const size_t value = index(n, first + c, iy, ix);
        d_input_[value] += dy * parameters_.weights[weight];
        d_weights_[weight] += dy * input_[value];
      }
    });
  }

  void add(const Dense&, int64_t n, int64_t unit, int64_t, int64_t, double dy) {
    const auto values = static_cast<size_t>(in_.elements());
    d_bias_[static_cast<size_t>(unit)] += dy;
    for (size_t k = 0; k < values; ++k) {
      const size_t weight = static_cast<size_t>(unit) * values + k;
      const size_t value = static_cast<size_t>(n) * values + k;
      d_input_[value] += dy * parameters_.weights[weight];
      d_weights_[weight] += dy * input_[value];
    }
  }

  void add(const Relu&, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const size_t value = index(n, c, y, x);
    if (input_[value] > 0) d_input_[value] += dy;
  }

  void add(const Clip& clip, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const size_t value = index(n, c, y, x);
    if (input_[value] > clip.low && input_[value] < clip.high) d_input_[value] += dy;
  }

  void add(const Activation& activation, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const size_t value = index(n, c, y, x);
    d_input_[value] += dy * reference_unary_slope(activation, input_[value]);
  }

  void add(const BatchNorm&, int64_t, int64_t, int64_t, int64_t, double) {}
  void add(const Normalization&, int64_t, int64_t, int64_t, int64_t, double) {}
  void add(const Binary&, int64_t, int64_t, int64_t, int64_t, double) {}

  void add(const MaxPool2d& pool, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    size_t best = input_.size();
    for_each_tap(pool.window, y, x, [&](int64_t, int64_t, int64_t iy, int64_t ix) {
      const size_t value = index(n, c, iy, ix);
      if (best == input_.size() || input_[value] > input_[best]) best = value;
    });
    d_input_[best] += dy;
  }

  void add(const AvgPool2d& pool, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const Window2d& w = pool.window;
    double count = 0;
    for_each_tap(w, y, x, [&](int64_t, int64_t, int64_t, int64_t) { ++count; });
    if (pool.count_padding) {
      const auto counted = [](int64_t output, int64_t stride, int64_t pad, int64_t extent,
                              int64_t kernel, int64_t dilation) {
        int64_t taps = 0;
        for (int64_t r = 0; r < kernel; ++r) taps += output * stride - pad + r * dilation < extent;
        return static_cast<double>(taps);
      };
      count = counted(y, w.stride_height, w.pad_top, in_.height + w.pad_bottom, w.kernel_height,
                      w.dilation_height) *
              counted(x, w.stride_width, w.pad_left, in_.width + w.pad_right, w.kernel_width,
                      w.dilation_width);
    }
    for_each_tap(pool.window, y, x, [&](int64_t, int64_t, int64_t iy, int64_t ix) {
      d_input_[index(n, c, iy, ix)] += dy / count;
    });
  }

  void add(const GlobalAvgPool2d&, int64_t n, int64_t c, int64_t, int64_t, double dy) {
    add(AvgPool2d{{in_.height, in_.width}}, n, c, 0, 0, dy);
  }

  void add(const Lrn& lrn, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const int64_t low = std::max<int64_t>(0, c - (lrn.size - 1) / 2);
    const int64_t high = std::min(in_.channels, c - (lrn.size - 1) / 2 + lrn.size);
    const double scale = lrn.alpha / static_cast<double>(lrn.size);
    double base = lrn.k;
    for (int64_t j = low; j < high; ++j) base += scale * std::pow(input_[index(n, j, y, x)], 2);
    const double value = input_[index(n, c, y, x)];
    d_input_[index(n, c, y, x)] += dy * std::pow(base, -lrn.beta);
    for (int64_t j = low; j < high; ++j) {
      d_input_[index(n, j, y, x)] -= dy * value * 2 * lrn.beta * scale * input_[index(n, j, y, x)] *
                                     std::pow(base, -lrn.beta - 1);
    }
  }

  // As frameworks order values, flattening moves nothing; dropout at inference does nothing.
  void add(const Flatten&, int64_t n, int64_t c, int64_t, int64_t, double dy) {
    d_input_[static_cast<size_t>(n * in_.elements() + c)] += dy;
  }
  void add(const Dropout&, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    d_input_[index(n, c, y, x)] += dy;
  }
  void add(const ConvTranspose2d& conv, int64_t n, int64_t f, int64_t y, int64_t x, double dy) {
    const Window2d& w = conv.window;
    const int64_t channels = in_.channels / conv.groups, filters = conv.filters / conv.groups;
    d_bias_[static_cast<size_t>(f)] += dy;
    for (int64_t c = f / filters * channels; c < (f / filters + 1) * channels; ++c) {
      for (int64_t r = 0; r < w.kernel_height; ++r) {
        for (int64_t s = 0; s < w.kernel_width; ++s) {
          const int64_t down = y + w.pad_top - r * w.dilation_height;
          const int64_t across = x + w.pad_left - s * w.dilation_width;
          if (down < 0 || down % w.stride_height != 0 || across < 0 ||
              across % w.stride_width != 0 || down / w.stride_height >= in_.height ||
              across / w.stride_width >= in_.width) {
            continue;
          }
          const auto weight = static_cast<size_t>(
              ((c * filters + f % filters) * w.kernel_height + r) * w.kernel_width + s);
          const size_t value = index(n, c, down / w.stride_height, across / w.stride_width);
          d_input_[value] += dy * parameters_.weights[weight];
          d_weights_[weight] += dy * input_[value];
        }
      }
    }
  }

  void add(const Embedding&, int64_t, int64_t, int64_t, int64_t, double) {}
  void add(const MatMul&, int64_t, int64_t, int64_t, int64_t, double) {}
  // The value (c, y, x) and the others of its group: y_o (delta - y_i), or delta - y_i.
  void add(const Softmax& softmax, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    const size_t self = index(n, c, y, x);
    double sum = 0;
    for_each_folded(softmax.axes, n, c, y, x,
                    [&](size_t i) { sum += std::exp(double{input_[i]} - input_[self]); });
    const double scale = softmax.log ? dy : dy / sum;
    for_each_folded(softmax.axes, n, c, y, x, [&](size_t i) {
      const double other = std::exp(double{input_[i]} - input_[self]) / sum;
      d_input_[i] += scale * ((i == self ? 1 : 0) - other);
    });
  }

  void add(const Reduce& reduce, int64_t n, int64_t c, int64_t y, int64_t x, double dy) {
    size_t best = input_.size();
    double count = 0;
    for_each_folded(reduce.axes, n, c, y, x, [&](size_t i) {
      if (best == input_.size() || input_[i] > input_[best]) best = i;
      ++count;
    });
    if (reduce.function == ReduceFunction::kMax) {
      d_input_[best] += dy;
      return;
    }
    const double share = reduce.function == ReduceFunction::kMean ? dy / count : dy;
    for_each_folded(reduce.axes, n, c, y, x, [&](size_t i) { d_input_[i] += share; });
  }

  // Layers that are linear are undone as a whole.
  template <typename Linear>
  void add(const Linear&, int64_t, int64_t, int64_t, int64_t, double) {}

  ReferenceGradients result() const {
    const auto single = [](const std::vector<double>& values) {
      return std::vector<float>(values.begin(), values.end());
    };
    return {single(d_input_), single(d_weights_), single(d_bias_)};
  }

 private:
  size_t index(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return static_cast<size_t>(((n * in_.channels + c) * in_.height + y) * in_.width + x);
  }

  template <typename Visit>
  void for_each_folded(const MapAxes& axes, int64_t n, int64_t c, int64_t y, int64_t x,
                       const Visit& visit) const {
    for (int64_t j = 0; j < in_.channels; ++j) {
      for (int64_t r = 0; r < in_.height; ++r) {
        for (int64_t s = 0; s < in_.width; ++s) {
          if ((axes.channels || j == c) && (axes.height || r == y) && (axes.width || s == x)) {
            visit(index(n, j, r, s));
          }
        }
      }
    }
  }

  template <typename Visit>
  void for_each_tap(const Window2d& w, int64_t y, int64_t x, const Visit& visit) const {
    for (int64_t r = 0; r < w.kernel_height; ++r) {
      for (int64_t s = 0; s < w.kernel_width; ++s) {
        const int64_t iy = y * w.stride_height - w.pad_top + r * w.dilation_height;
        const int64_t ix = x * w.stride_width - w.pad_left + s * w.dilation_width;
        if (iy >= 0 && iy < in_.height && ix >= 0 && ix < in_.width) visit(r, s, iy, ix);
      }
    }
  }

  const FeatureShape in_;
  const std::vector<float>& input_;
  const ReferenceParameters& parameters_;
  std::vector<double> d_input_, d_weights_, d_bias_;
};

bool is_linear(const Operation& operation) {
  return std::visit(
      [](const auto& known) {
        using T = std::decay_t<decltype(known)>;
        return std::is_same_v<T, Rearrange> || std::is_same_v<T, Slice> ||
               std::is_same_v<T, Transpose> || std::is_same_v<T, ChannelShuffle> ||
               std::is_same_v<T, DepthToSpace> || std::is_same_v<T, SpaceToDepth> ||
               std::is_same_v<T, Reshape> || std::is_same_v<T, Pad> || std::is_same_v<T, Resize>;
      },
      operation);
}

}  // namespace

std::vector<float> linear_gradient(const Layer& layer, int64_t batch, size_t input_index,
                                   const std::vector<float>& output_gradient) {
  std::vector<std::vector<float>> inputs;
  for (const FeatureShape& shape : layer.input_shapes) {
    inputs.emplace_back(static_cast<size_t>(shape.elements()));
  }
  const std::vector<float> nothing = reference_layer(layer, 1, inputs, {});
  std::vector<float>& image = inputs[input_index];
  std::vector<float> gradient(image.size() * static_cast<size_t>(batch));
  for (size_t i = 0; i < image.size(); ++i) {
    image[i] = 1;
    const std::vector<float> alone = reference_layer(layer, 1, inputs, {});
    image[i] = 0;
    for (size_t n = 0; n < static_cast<size_t>(batch); ++n) {
      double sum = 0;
      for (size_t o = 0; o < alone.size(); ++o) {
        sum += (double{alone[o]} - nothing[o]) * output_gradient[n * alone.size() + o];
      }
      gradient[n * image.size() + i] = static_cast<float>(sum);
    }
  }
  return gradient;
}

ReferenceGradients reference_gradients(const Layer& layer, int64_t batch,
                                       const std::vector<float>& input,
                                       const ReferenceParameters& parameters,
                                       const std::vector<float>& output_gradient) {
  if (is_linear(layer.operation)) {
    return {linear_gradient(layer, batch, 0, output_gradient), {}, {}};
  }
  Backward backward(layer, input, parameters);
  const FeatureShape& out = layer.output_shape;
  size_t next = 0;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t y = 0; y < out.height; ++y) {
        for (int64_t x = 0; x < out.width; ++x) {
          const double dy = output_gradient[next++];
          std::visit([&](const auto& operation) { backward.add(operation, n, c, y, x, dy); },
                     layer.operation);
        }
      }
    }
  }
  return backward.result();
}

}  // namespace wattgrind
