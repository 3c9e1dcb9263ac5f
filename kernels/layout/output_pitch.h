// The channel pitch of a layer's output: how far apart pixels lie.
#pragma once

#include <cstdint>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"

namespace wattgrind {

// The channel pitch of what a layer writes, given its input's.
int64_t output_pitch(const Layer& layer, int64_t input_pitch, Isa isa);

}  // namespace wattgrind
