#include "kernels/parts/plane.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Splits a row into the pieces that a copy moves at a time: vectors, or single values where pixels
// lie apart.
std::vector<Tiles> copied_pieces(int64_t columns, int64_t pixel_bytes, int max_lanes) {
  return vector_pieces(columns, pixel_bytes == kFloatBytes ? max_lanes : 1);
}

}  // namespace

int row_lanes(int64_t columns, Isa isa) {
  const uint64_t whole = std::bit_ceil(static_cast<uint64_t>(columns));
  return static_cast<int>(std::min<uint64_t>(whole, traits(isa).float_lanes));
}

void emit_plane_copy(NestBuilder& nest, const Plane& from, const Plane& to) {
  const int64_t widest = std::max(from.pixel_bytes, to.pixel_bytes);
  nest.loop("row", from.rows, [&](LoopVariable y) {
    for (const Tiles& piece : copied_pieces(from.columns, widest, nest.max_lanes())) {
      nest.loop("column", piece.count, [&](LoopVariable x) {
        const auto at = [&](const Plane& plane) {
          return stepped(
              stepped(moved(plane.first, piece.start * plane.pixel_bytes), y, plane.row_bytes), x,
              piece.size * plane.pixel_bytes);
        };
        nest.store(nest.load(static_cast<int>(piece.size), at(from)), at(to));
      });
    }
  });
}

int64_t plane_copy_cost(int64_t rows, int64_t columns, int64_t pixel_bytes, Isa isa) {
  int64_t copies = 0;
  for (const Tiles& piece : copied_pieces(columns, pixel_bytes, traits(isa).float_lanes)) {
    copies += piece.count;
  }
  return 2 * rows * copies;
}

}  // namespace wattgrind
