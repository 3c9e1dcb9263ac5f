// The operands of kernels: each says what a buffer is to the kernel that works on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wattgrind {

enum class Operand : uint8_t {
  // Operands of a layer's way forward.
  kInput,
  kWeights,
  kBias,
  kScales,      // what sums of products of bytes are multiplied by, for each channel
  kStatistics,  // the means and variances that batch normalisation keeps
  kMoments,     // the means and inverse deviations of the batch, in training
  kOutput,
  kMap,   // input and output in one: the layer works in place
  kMask,  // dropout's factors
  // Operands of its way back. Each gradient is that of the loss by what it is named after.
  kOutputGradient,
  kInputGradient,
  kGradient,  // by output and input in one: the layer works in place; also what an update reads
  kWeightGradient,
  kBiasGradient,
  // Operands of the kernels that begin a training step, end it, and update parameters.
  kImages,
  kImageLabels,
  kLabels,
  kLoss,
  kParameters,
  kMomentum,
  kVariance,
  kStepSize,
  // Memory that a kernel lays out for itself.
  kScratch,
  kTransposed,           // weights, or images of a dense layer, transposed
  kPackedPixels,         // of some filters, the gradients of pixels that follow each other
  kPooledRows,           // rows of a convolution's map that go into pooling and are not kept
  kSums,                 // partial sums of a weight gradient
  kSquares,              // a pixel's squared values, in local response normalisation
  kRatios,               // what the gradients of a pixel's values share there, a ratio a channel
  kInputPlanes,          // maps laid out as planes (kernels/parts/plane.h), for few channels
  kOutputPlanes,         // likewise
  kGradientPlanes,       // likewise
  kInputGradientPlanes,  // likewise
};

inline constexpr std::array<std::string_view, 33> kOperandNames = {
    "input",
    "weights",
    "bias",
    "scales",
    "statistics",
    "moments",
    "output",
    "map",
    "mask",
    "output_gradient",
    "input_gradient",
    "gradient",
    "weight_gradient",
    "bias_gradient",
    "images",
    "image_labels",
    "labels",
    "loss",
    "parameters",
    "momentum",
    "variance",
    "step_size",
    "scratch",
    "transposed",
    "packed_pixels",
    "pooled_rows",
    "sums",
    "squares",
    "ratios",
    "input_planes",
    "output_planes",
    "gradient_planes",
    "input_gradient_planes",
};
static_assert(kOperandNames.size() == static_cast<size_t>(Operand::kInputGradientPlanes) + 1);

constexpr std::string_view name(Operand operand) {
  return kOperandNames[static_cast<size_t>(operand)];
}

}  // namespace wattgrind
