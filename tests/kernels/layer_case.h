// One layer's kernels, forward and backward, against the obvious computation.
#pragma once

#include <fmt/format.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/output_pitch.h"
#include "kernels/layout/tile_form.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_gradients.h"

namespace wattgrind {

// Sizes, channels and batches on and off the tile.
inline constexpr std::array<int64_t, 7> kSizes = {1, 7, 8, 9, 31, 32, 33};
inline constexpr std::array<int64_t, 5> kChannels = {1, 3, 6, 16, 96};
inline constexpr std::array<int64_t, 2> kBatches = {1, 3};

// How the maps around the layer under test are stored.
struct Surroundings {
  int64_t extra_channels = 0;  // of the input's pitch
  Halo input, input_gradient, output_gradient;
};

// One layer with values, and its gradients by the oracle.
struct LayerCase {
  Layer layer;
  int64_t batch = 1;
  std::vector<float> input, output, output_gradient;
  ReferenceParameters parameters;
  ReferenceGradients wanted;
  Surroundings around;
  std::string what;

  BackwardContext context(Isa isa) const {
    const MapLayout in{layer.input_shape(), layer.input_shape().channels + around.extra_channels,
                       around.input};
    MapLayout out{layer.output_shape, output_pitch(layer, in.channel_pitch, isa), {}};
    BackwardContext result{isa, batch, {in}, out, 0, in, out};
    result.input_gradient.halo = around.input_gradient;
    result.output_gradient.halo = around.output_gradient;
    return result;
  }
  LayerContext forward_context(Isa isa) const {
    const BackwardContext maps = context(isa);
    return {isa, batch, maps.inputs, maps.output};
  }
  std::string where(const Target& target) const {
    return fmt::format("{}, batch {}, {}{}", what, batch, traits(target.isa).name,
                       target.fuse ? " fused" : "");
  }
  // Products summed in a parameter's gradient.
  double reduction() const {
    const FeatureShape& out = layer.output_shape;
    return static_cast<double>(batch * out.height * out.width);
  }
};

LayerCase make_case(FeatureShape input, const Operation& operation, int64_t batch,
                    const Surroundings& around, const std::string& what);

using ForwardLowering = std::function<LoopNest(const LayerContext&)>;

// The nest's output, on one target, of weights in the form that it wants. The input's map lies
// among values of `around`.
void check_forward(const LayerCase& test, const Target& target, const ForwardLowering& lower,
                   WeightForm form = WeightForm::kTaps, float around = 0);

using GradientLowering = std::function<LoopNest(const BackwardContext&)>;

// The nest's input gradient, on every target or on one; the nest may read the weights, the input
// and the output.
void check_data_gradient(const LayerCase& test, const GradientLowering& lower);
void check_data_gradient(const LayerCase& test, const Target& target,
                         const GradientLowering& lower);

// The nest's gradients of weights and bias, padding included.
void check_weight_gradient(const LayerCase& test, const GradientLowering& lower);
void check_weight_gradient(const LayerCase& test, const Target& target,
                           const GradientLowering& lower);

}  // namespace wattgrind
