// A layer point is what a layer model knows of a layer before it runs: what kind it is, its sizes,
// and how much it computes and moves.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/models/time_model.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Of the whole batch; at least 1 but for parameters.
struct LayerAmounts {
  // Multiply-accumulates, or the other operations of a layer that has none, or the values it writes
  // where it has neither.
  double operations = 0;
  double input_elements = 0;
  double output_elements = 0;
  double parameters = 0;  // read once a batch
};

struct LayerPoint {
  // The word of network files, but "depthwise_conv2d" for convolutions of which each channel is a
  // group, and the function's word ("sigmoid") for activations.
  std::string kind;
  std::vector<double> sizes;  // by size_names(kind)
  LayerAmounts amounts;
  std::optional<KernelWork> counted;  // where somebody counted it

  // 0 where the kind has no such size.
  double size(std::string_view name) const;
};

// NeuralPower's features of the kind (Cai et al. 2017, section 3.1, and their code):
//   convolutions  batch, in_channels, in_size, kernel, stride, padding, out_channels, out_size
//   pooling       batch, in_channels, in_size, kernel, stride, padding, out_size
//   dense         batch, inputs, units
//   matmul        batch, rows, inner, columns
// and of every other kind batch and elements, the values of one image that the layer reads. A size
// of two dimensions is their geometric mean; padding, which is often 0, is the mean of the four
// sides.
std::span<const std::string_view> size_names(std::string_view kind);

std::string layer_model_kind(const Layer& layer);
LayerPoint layer_point(const Layer& layer, uint64_t batch);

// Whether the layer computes nothing at inference, so that no time is to be predicted: dropout, and
// what only changes how a map is seen.
bool is_free(const Layer& layer);

}  // namespace wattgrind
