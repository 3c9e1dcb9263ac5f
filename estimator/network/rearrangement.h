// Layers that only move values, as rearrangements: what each is in the terms of struct Rearrange.
#pragma once

#include <optional>

#include "estimator/network/network.h"

namespace wattgrind {

Rearrange rearrangement(const Slice& slice, const FeatureShape& input);
Rearrange rearrangement(const Transpose& transpose, const FeatureShape& input);
Rearrange rearrangement(const ChannelShuffle& shuffle, const FeatureShape& input);
Rearrange rearrangement(const DepthToSpace& depth_to_space, const FeatureShape& input);
Rearrange rearrangement(const SpaceToDepth& space_to_depth, const FeatureShape& input);
// Absent where no one rearrangement does it, as from 1x2x3 to 1x3x2: two do, through a vector.
std::optional<Rearrange> rearrangement(const Reshape& reshape, const FeatureShape& input);

// What any operation does if it is one of the above or a Rearrange itself; absent for others.
std::optional<Rearrange> find_rearrangement(const Operation& operation, const FeatureShape& input);

// The shape of what a rearrangement makes. Its extents must not overflow.
FeatureShape rearranged_shape(const Rearrange& rearrange);

// Whether the rearrangement leaves every value where it is, in maps of which each pixel's channels
// lie side by side and nothing lies between.
bool moves_nothing(const Operation& operation, const FeatureShape& input);

// Whether values of the input may have several places in the output.
bool repeats(const Rearrange& rearrange);

}  // namespace wattgrind
