#include "kernels/parts/halo_clear.h"

#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// Stores the byte from `first` on.
void fill_bytes(NestBuilder& nest, const Address& first, int64_t bytes, int byte) {
  for (const Tiles& piece : vector_pieces(bytes, nest.max_lanes())) {
    const int lanes = static_cast<int>(piece.size);
    nest.loop("vector", piece.count, [&](LoopVariable i) {
      nest.store_bytes(nest.int_constant(lanes, byte),
                       stepped(moved(first, piece.start), i, piece.size));
    });
  }
}

// Stores zeros from `first` on.
void clear_floats(NestBuilder& nest, const Address& first, int64_t bytes) {
  for (const Tiles& piece : vector_pieces(bytes / kFloatBytes, nest.max_lanes())) {
    const int lanes = static_cast<int>(piece.size);
    nest.loop("vector", piece.count, [&](LoopVariable i) {
      nest.store(nest.constant(lanes, 0),
                 stepped(moved(first, piece.start * kFloatBytes), i, piece.size * kFloatBytes));
    });
  }
}

// Between the end of the last row with its halo and the next image.
int64_t gap_bytes(const MapLayout& layout) {
  return layout.image_bytes() - layout.pixel_bytes(layout.shape.height - 1, layout.shape.width) -
         layout.halo.right * layout.channel_bytes() - layout.halo.bottom * layout.row_bytes();
}

}  // namespace

bool has_surroundings(const MapLayout& layout, const MapSurroundings& wanted) {
  return layout.halo != Halo{} ||
         (wanted.padding && layout.channel_pitch != layout.shape.channels) ||
         (wanted.gaps && gap_bytes(layout) > 0);
}

// Rows lie one behind the other, so that a row's right border and the next one's left border are
// one piece, and the rows above and below are one each.
LoopNest lower_halo_clear(const MapLayout& layout, const MapSurroundings& wanted, Isa isa,
                          int64_t batch) {
  NestBuilder nest("halo_clear", isa);
  const Address map = nest.buffer(Operand::kOutput, TensorRole::kOutput, layout.bytes(batch));
  const FeatureShape& shape = layout.shape;
  const Halo& halo = layout.halo;
  const int64_t padding = wanted.padding ? layout.channel_pitch - shape.channels : 0;
  const auto clear = [&](NestBuilder& to, const Address& first, int64_t bytes) {
    if (layout.value_bytes == kByteBytes) {
      fill_bytes(to, first, bytes, wanted.byte);
    } else {
      clear_floats(to, first, bytes);
    }
  };
  nest.loop("image", batch, [&](LoopVariable n) {
    const auto at = [&](int64_t y, int64_t x) {
      return stepped(moved(map, layout.pixel_bytes(y, x)), n, layout.image_bytes());
    };
    clear(nest, at(-halo.top, -halo.left),
          halo.top * layout.row_bytes() + halo.left * layout.channel_bytes());
    const int64_t between = (halo.left + halo.right) * layout.channel_bytes();
    if (between > 0 && shape.height > 1) {
      nest.loop("row", shape.height - 1, [&](LoopVariable y) {
        clear(nest, stepped(at(0, shape.width), y, layout.row_bytes()), between);
      });
    }
    clear(nest, at(shape.height - 1, shape.width),
          halo.right * layout.channel_bytes() + halo.bottom * layout.row_bytes() +
              (wanted.gaps ? gap_bytes(layout) : 0));
    if (padding == 0) return;
    nest.loop("row", shape.height, [&](LoopVariable y) {
      nest.loop("column", shape.width, [&](LoopVariable x) {
        clear(nest,
              stepped(stepped(moved(at(0, 0), shape.channels * kFloatBytes), y, layout.row_bytes()),
                      x, layout.channel_bytes()),
              padding * kFloatBytes);
      });
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
