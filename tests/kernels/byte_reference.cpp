#include "tests/kernels/byte_reference.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

using Map = std::vector<double>;

double to_number(float value, const ByteScale& bytes) {
  const double number = std::nearbyint(value) + bytes.zero_point;
  return std::clamp(number, 0.0, 255.0);
}

class ByteReference {
 public:
  ByteReference(const Network& network, const std::vector<LayerParameters>& parameters,
                int64_t batch, const std::vector<float>& images)
      : network_(network), parameters_(parameters), batch_(batch) {
    input_.assign(images.begin(), images.end());
  }

  std::vector<Map> maps() && {
    for (size_t i = 0; i < network_.layers.size(); ++i) maps_.push_back(map_of(i));
    return std::move(maps_);
  }

 private:
  const Map& source(int index) const {
    return is_network_input(index) ? input_ : maps_[static_cast<size_t>(index)];
  }
  static double at(const Map& map, const FeatureShape& shape, int64_t n, int64_t c, int64_t y,
                   int64_t x) {
    return map[static_cast<size_t>(((n * shape.channels + c) * shape.height + y) * shape.width +
                                   x)];
  }
  static float value(double number, const ByteScale& bytes) {
    return static_cast<float>(number - bytes.zero_point) * bytes.scale;
  }

  Map map_of(size_t index) const {
    const Layer& layer = network_.layers[index];
    const Map& in = source(layer.input());
    if (std::holds_alternative<Quantize>(layer.operation)) {
      return each(in, [&](double x) {
        return to_number(static_cast<float>(x) / layer.int8->output->scale, *layer.int8->output);
      });
    }
    if (std::holds_alternative<Dequantize>(layer.operation)) {
      const auto as = std::get<Dequantize>(layer.operation).as;
      return each(in,
                  [&](double x) { return double{value(x, as.value_or(*layer.input_bytes[0]))}; });
    }
    if (!layer.int8) {
      if (!std::holds_alternative<Relu>(layer.operation)) return in;
      return each(in, [](double x) { return std::max(0.0, x); });
    }
    if (std::holds_alternative<Conv2d>(layer.operation)) return convolution(index);
    if (std::holds_alternative<Dense>(layer.operation)) return dense(index);
    if (std::holds_alternative<Concat>(layer.operation)) return concat(layer);
    if (const auto* pool = std::get_if<MaxPool2d>(&layer.operation)) {
      return pooled(layer, pool->window, true, false);
    }
    if (const auto* pool = std::get_if<AvgPool2d>(&layer.operation)) {
      return pooled(layer, pool->window, false, pool->count_padding);
    }
    if (std::holds_alternative<GlobalAvgPool2d>(layer.operation)) {
      Window2d window;
      window.kernel_height = layer.input_shape().height;
      window.kernel_width = layer.input_shape().width;
      return pooled(layer, window, false, false);
    }
    if (std::holds_alternative<Binary>(layer.operation)) return sum(layer);
    if (std::holds_alternative<Flatten>(layer.operation)) return in;
    return each(in, [&](double x) {
      float real = value(x, *layer.input_bytes[0]);
      if (std::holds_alternative<Relu>(layer.operation)) real = std::max(real, 0.0f);
      if (const auto* clip = std::get_if<Clip>(&layer.operation)) {
        real = std::clamp(real, static_cast<float>(clip->low), static_cast<float>(clip->high));
      }
      return to_number(real / layer.int8->output->scale, *layer.int8->output);
    });
  }

  template <typename Function>
  static Map each(const Map& map, const Function& function) {
    Map result;
    for (const double x : map) result.push_back(function(x));
    return result;
  }

  // A sum of products with the bias, as the layer's output.
  double product_result(const Layer& layer, int64_t sum, float weight_scale) const {
    const float scale = layer.input_bytes[0]->scale * weight_scale;
    if (!layer.int8->output) return double{static_cast<float>(static_cast<int32_t>(sum)) * scale};
    const float scaled =
        static_cast<float>(static_cast<int32_t>(sum)) * (scale / layer.int8->output->scale);
    return to_number(scaled, *layer.int8->output);
  }

  Map convolution(size_t index) const {
    const Layer& layer = network_.layers[index];
    const auto& conv = std::get<Conv2d>(layer.operation);
    const Window2d& w = conv.window;
    const FeatureShape& in = layer.input_shape();
    const FeatureShape& out = layer.output_shape;
    const LayerParameters& held = parameters_[index];
    const int64_t inputs = in.channels / conv.groups, filters = conv.filters / conv.groups;
    const int zero = layer.input_bytes[0]->zero_point;
    Map result;
    for (int64_t n = 0; n < batch_; ++n) {
      for (int64_t f = 0; f < conv.filters; ++f) {
        for (int64_t y = 0; y < out.height; ++y) {
          for (int64_t x = 0; x < out.width; ++x) {
            int64_t sum = held.bias.empty() ? 0 : static_cast<int64_t>(held.bias[f]);
            for (int64_t c = 0; c < inputs; ++c) {
              for (int64_t r = 0; r < w.kernel_height; ++r) {
                for (int64_t s = 0; s < w.kernel_width; ++s) {
                  const int64_t iy = y * w.stride_height - w.pad_top + r * w.dilation_height;
                  const int64_t ix = x * w.stride_width - w.pad_left + s * w.dilation_width;
                  if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
                  const auto number = static_cast<int64_t>(
                      at(source(layer.input()), in, n, f / filters * inputs + c, iy, ix));
                  const auto weight = static_cast<int64_t>(
                      held.weights[((f * inputs + c) * w.kernel_height + r) * w.kernel_width + s]);
                  sum += (number - zero) * weight;
                }
              }
            }
            result.push_back(product_result(layer, sum, held.scales[f]));
          }
        }
      }
    }
    return result;
  }

  Map dense(size_t index) const {
    const Layer& layer = network_.layers[index];
    const LayerParameters& held = parameters_[index];
    const int64_t values = layer.input_shape().elements();
    Map result;
    for (int64_t n = 0; n < batch_; ++n) {
      for (int64_t u = 0; u < layer.output_shape.channels; ++u) {
        int64_t sum = held.bias.empty() ? 0 : static_cast<int64_t>(held.bias[u]);
        for (int64_t i = 0; i < values; ++i) {
          const auto number = static_cast<int64_t>(source(layer.input())[n * values + i]);
          sum += (number - layer.input_bytes[0]->zero_point) *
                 static_cast<int64_t>(held.weights[u * values + i]);
        }
        result.push_back(product_result(layer, sum, held.scales[u]));
      }
    }
    return result;
  }

  Map pooled(const Layer& layer, const Window2d& w, bool is_max, bool counts_padding) const {
    const FeatureShape& in = layer.input_shape();
    const FeatureShape& out = layer.output_shape;
    const ByteScale from = *layer.input_bytes[0], to = *layer.int8->output;
    Map result;
    for (int64_t n = 0; n < batch_; ++n) {
      for (int64_t c = 0; c < out.channels; ++c) {
        for (int64_t y = 0; y < out.height; ++y) {
          for (int64_t x = 0; x < out.width; ++x) {
            double largest = 0;
            int64_t sum = 0, inside = 0, padded = 0;
            for (int64_t r = 0; r < w.kernel_height; ++r) {
              for (int64_t s = 0; s < w.kernel_width; ++s) {
                const int64_t iy = y * w.stride_height - w.pad_top + r * w.dilation_height;
                const int64_t ix = x * w.stride_width - w.pad_left + s * w.dilation_width;
                if (iy < in.height + w.pad_bottom && ix < in.width + w.pad_right) ++padded;
                if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
                const double number = at(source(layer.input()), in, n, c, iy, ix);
                largest = std::max(largest, number);
                sum += static_cast<int64_t>(number) - from.zero_point;
                ++inside;
              }
            }
            const float scale =
                from.scale / to.scale / static_cast<float>(counts_padding ? padded : inside);
            result.push_back(is_max ? largest : to_number(static_cast<float>(sum) * scale, to));
          }
        }
      }
    }
    return result;
  }

  Map sum(const Layer& layer) const {
    const Map& a = source(layer.inputs[0]);
    const Map& b = source(layer.inputs[1]);
    const ByteScale to = *layer.int8->output;
    Map result;
    for (size_t i = 0; i < a.size(); ++i) {
      const float values = value(a[i], *layer.input_bytes[0]) + value(b[i], *layer.input_bytes[1]);
      result.push_back(to_number(values / to.scale, to));
    }
    return result;
  }

  // Along the channels.
  Map concat(const Layer& layer) const {
    Map result;
    for (int64_t n = 0; n < batch_; ++n) {
      for (size_t i = 0; i < layer.inputs.size(); ++i) {
        const Map& part = source(layer.inputs[i]);
        const int64_t values = layer.input_shapes[i].elements();
        for (int64_t v = n * values; v < (n + 1) * values; ++v) {
          const ByteScale from = *layer.input_bytes[i], to = *layer.int8->output;
          result.push_back(from == to ? part[v] : to_number(value(part[v], from) / to.scale, to));
        }
      }
    }
    return result;
  }

  const Network& network_;
  const std::vector<LayerParameters>& parameters_;
  const int64_t batch_;
  Map input_;
  std::vector<Map> maps_;
};

}  // namespace

LayerParameters random_byte_parameters(const Layer& layer, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto whole = [&](int64_t most) {
    return static_cast<float>(static_cast<int64_t>(random() % (2 * most + 1)) - most);
  };
  LayerParameters parameters;
  const int64_t most = layer.int8->weight_bits == 7 ? 64 : 127;
  const double products =
      static_cast<double>(layer.macs) / static_cast<double>(layer.output_shape.elements());
  for (const ParameterTensor& tensor : parameter_tensors(layer)) {
    int64_t values = 1;
    for (const int64_t extent : tensor.shape) values *= extent;
    for (int64_t i = 0; i < values; ++i) {
      if (tensor.role == ParameterRole::kWeights) parameters.weights.push_back(whole(most));
      if (tensor.role == ParameterRole::kBias) parameters.bias.push_back(whole(3000));
      if (tensor.role == ParameterRole::kScales) {
        const double wanted = 60.0 * (layer.int8->output ? layer.int8->output->scale : 1.0f);
        parameters.scales.push_back(static_cast<float>(
            wanted / (70.0 * 37 * std::sqrt(products) * layer.input_bytes[0]->scale) *
            (0.5 + static_cast<double>(random() % 1000) / 1000)));
      }
    }
  }
  return parameters;
}

std::vector<std::vector<double>> reference_byte_maps(const Network& network,
                                                     const std::vector<LayerParameters>& parameters,
                                                     int64_t batch,
                                                     const std::vector<float>& images) {
  return ByteReference(network, parameters, batch, images).maps();
}

}  // namespace wattgrind
