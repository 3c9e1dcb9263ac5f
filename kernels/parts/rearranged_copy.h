// A rearrangement of maps (struct Rearrange) as strided copies of their images.
#pragma once

#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {

// The copy of one image: where its first value lies in the two maps' images, and its dimensions.
struct RearrangedCopy {
  int64_t from_bytes = 0, to_bytes = 0;
  std::vector<CopyDimension> dimensions;

  // The same the other way round.
  RearrangedCopy reversed() const;
};

// Where pixels stay whole in both maps, their padding channels are copied with them.
RearrangedCopy rearranged_copy(const Rearrange& rearrange, const MapLayout& from,
                               const MapLayout& to);

// A map as a plain vector in (channel, row, column) order and back. `vector` is one image's.
RearrangedCopy flattening_copy(const MapLayout& map);

}  // namespace wattgrind
