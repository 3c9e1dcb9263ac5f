// The channel pitch of a layer's output (map_layout.h): how many values are stored for a pixel.
#pragma once

#include <cstdint>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"

namespace wattgrind {

// The channel pitch of what a layer writes if it reads maps of pitch `input_pitch`.
int64_t output_pitch(const Layer& layer, int64_t input_pitch, Isa isa);

}  // namespace wattgrind
