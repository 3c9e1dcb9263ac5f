// The boxes that a padded map consists of: the map itself and what stands around it.
//
//   constant: whole rows above and below,    edge and reflect: three pieces an axis, each of which
//   then what is left and right, then        reads the input forwards, backwards or one value
//   before and behind in the channels        again and again
//     aaaaaaa                                  a b b b c
//     b[map]c                                  d[ map ]e
//     ddddddd                                  f g g g h
#pragma once

#include <array>
#include <vector>

#include "kernels/parts/strided_copy.h"

namespace wattgrind {

struct PadBox {
  FeatureShape shape;
  std::array<int64_t, 3> first = {};   // (channel, row, column) of the output
  std::array<int64_t, 3> source = {};  // of the input, for its first value
  std::array<int64_t, 3> step = {};    // how the input's coordinates move with the output's
  bool is_constant = false;            // whether it reads nothing
};

// The box that holds the input as it is comes first unless the mode is constant; no two overlap.
std::vector<PadBox> pad_boxes(const Pad& pad, const FeatureShape& input);

int64_t place_bytes(const std::array<int64_t, 3>& place, const MapLayout& layout);
// From a map of the layout `from` to one of the layout `to`.
std::vector<CopyDimension> box_dimensions(const PadBox& box, const MapLayout& from,
                                          const MapLayout& to);

}  // namespace wattgrind
