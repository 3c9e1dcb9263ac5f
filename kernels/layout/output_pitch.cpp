#include "kernels/layout/output_pitch.h"

#include "kernels/layout/tiling.h"

namespace wattgrind {

int64_t output_pitch(const Layer& layer, int64_t input_pitch, Isa isa) {
  const int64_t channels = layer.output_shape.channels;
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation); conv && conv->groups > 1) {
    return is_depthwise(*conv, layer.input_shape().channels) ? input_pitch : channels;
  }
  if (const auto* conv = std::get_if<ConvTranspose2d>(&layer.operation); conv && conv->groups > 1) {
    return channels;
  }
  if (std::holds_alternative<Conv2d>(layer.operation) ||
      std::holds_alternative<ConvTranspose2d>(layer.operation) ||
      std::holds_alternative<Embedding>(layer.operation) ||
      std::holds_alternative<Dense>(layer.operation) ||
      std::holds_alternative<MatMul>(layer.operation)) {
    return padded_width(column_blocks(channels, isa, Surplus::kPad));
  }
  // Pixels that stay what they are keep their padding.
  const bool keeps_pixels =
      !std::holds_alternative<Flatten>(layer.operation) && channels == layer.input_shape().channels;
  return keeps_pixels ? input_pitch : channels;
}

}  // namespace wattgrind
