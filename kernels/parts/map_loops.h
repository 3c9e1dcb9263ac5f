// Loops over every value of maps that hold the same values in layouts of their own.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// A vector of neighbouring values of a row, which in() finds in any of the maps.
struct MapVector {
  int lanes = 0;
  LoopVariable image, row, vector;
  int64_t first_bytes = 0;  // how far the loop's first vector is from the row's first pixel

  Address in(const Address& map, const MapLayout& layout) const {
    const Address first = moved(map, layout.pixel_bytes(0, 0) + first_bytes);
    return stepped(stepped(stepped(first, image, layout.image_bytes()), row, layout.row_bytes()),
                   vector, lanes * kFloatBytes);
  }
};

// Calls body(MapVector) in loops over images, rows and the vectors of a row, padding channels
// included. Where rows touch in all layouts, an image is taken as one long row. The layouts must
// have the same shape and pitch.
template <typename Body>
void for_each_vector(NestBuilder& nest, int64_t batch, const std::vector<MapLayout>& layouts,
                     Body&& body) {
  const FeatureShape& shape = layouts.front().shape;
  const bool one_row =
      std::ranges::all_of(layouts, [](const MapLayout& layout) { return layout.rows_touch(); });
  const int64_t row_values =
      shape.width * layouts.front().channel_pitch * (one_row ? shape.height : 1);
  nest.loop("image", batch, [&](LoopVariable n) {
    nest.loop("row", one_row ? 1 : shape.height, [&](LoopVariable y) {
      for (const Tiles& piece : vector_pieces(row_values, nest.max_lanes())) {
        nest.loop("vector", piece.count, [&](LoopVariable i) {
          body(MapVector{static_cast<int>(piece.size), n, y, i, piece.start * kFloatBytes});
        });
      }
    });
  });
}

}  // namespace wattgrind
