#include "kernels/lowering.h"
#include "kernels/nest_builder.h"
#include "kernels/tiling.h"

namespace wattgrind {

LoopNest lower_relu(const LayerContext& context, bool in_place) {
  const MapLayout& in = context.input;
  const MapLayout& out = context.output;
  NestBuilder nest("relu", context.isa);
  Address from, to;
  if (in_place) {
    from = to = nest.buffer("map", TensorRole::kOutput, in.bytes(context.batch));
  } else {
    from = nest.buffer("input", TensorRole::kInput, in.bytes(context.batch));
    to = nest.buffer("output", TensorRole::kOutput, out.bytes(context.batch));
  }
  // Rows that touch in both maps are one row.
  const bool one_row = in.rows_touch() && out.rows_touch();
  const int64_t rows = one_row ? 1 : in.shape.height;
  const int64_t row_values = in.shape.width * in.channel_pitch * (one_row ? in.shape.height : 1);
  nest.loop("image", context.batch, [&](LoopVariable n) {
    nest.loop("row", rows, [&](LoopVariable y) {
      for (const Tiles& piece : vector_pieces(row_values, nest.max_lanes())) {
        const int lanes = static_cast<int>(piece.size);
        nest.loop("vector", piece.count, [&](LoopVariable i) {
          const auto at = [&](const Address& address, const MapLayout& layout) {
            const Address first =
                moved(address, layout.pixel_bytes(0, 0) + piece.start * kFloatBytes);
            return stepped(stepped(stepped(first, n, layout.image_bytes()), y, layout.row_bytes()),
                           i, piece.size * kFloatBytes);
          };
          const Register zero = nest.constant(lanes, 0);
          const Register value = nest.load(lanes, at(from, in));
          nest.store(nest.apply(Opcode::kMax, value, zero), at(to, out));
        });
      }
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
