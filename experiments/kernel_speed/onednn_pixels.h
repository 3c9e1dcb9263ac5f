// What oneDNN has for layers that work on each pixel's channels: a map is a matrix of pixels by
// channels, as tokens by features or queries by keys are.
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

// softmax, layer_normalization or eltwise_gelu_erf. Absent for other layers, and for other axes
// than the channels.
std::optional<PreparedLayer> prepare_pixels(const TimedLayer& timed);

}  // namespace wattgrind
