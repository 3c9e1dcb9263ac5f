#include <algorithm>

#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

class EmbeddingLowering {
 public:
  EmbeddingLowering(const Embedding& embedding, const LayerContext& context)
      : embedding_(embedding),
        in_(context.input()),
        out_(context.output),
        batch_(context.batch),
        row_values_(padded_width(column_blocks(embedding.features, context.isa, Surplus::kPad))),
        nest_("embedding", context.isa) {}

  LoopNest lower() && {
    input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in_.bytes(batch_));
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                            static_cast<uint64_t>(embedding_.rows * row_values_ * kFloatBytes));
    output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out_.bytes(batch_));
    nest_.loop("image", batch_, [&](LoopVariable n) {
      nest_.loop("row", in_.shape.height, [&](LoopVariable y) { lower_pixels(n, y); });
    });
    return std::move(nest_).finish();
  }

 private:
  // A row's tokens go through the table's rows once, and again where they are more.
  void lower_pixels(LoopVariable n, LoopVariable y) {
    const int64_t tokens = in_.shape.width;
    for (const Tiles& rounds : full_tiles(tokens, std::min(tokens, embedding_.rows))) {
      nest_.loop("round", rounds.count, [&](LoopVariable r) {
        nest_.loop("token", rounds.size, [&](LoopVariable t) {
          const auto pixel = [&](const Address& map, const MapLayout& layout) {
            const Address row = stepped(
                stepped(moved(map, layout.pixel_bytes(0, rounds.start)), n, layout.image_bytes()),
                y, layout.row_bytes());
            return stepped(stepped(row, r, rounds.size * layout.channel_bytes()), t,
                           layout.channel_bytes());
          };
          look_up(nest_.load(1, pixel(input_, in_)),
                  stepped(weights_, t, row_values_ * kFloatBytes), pixel(output_, out_));
        });
      });
    }
  }

  // Where the output has no room for a row's surplus, which is zero, it is left out.
  void look_up(Register index, const Address& assumed_row, const Address& to) {
    const TableRows table{embedding_.rows, row_values_ * kFloatBytes};
    const int64_t values = std::min(row_values_, out_.channel_pitch);
    for (const Tiles& piece : vector_pieces(values, nest_.max_lanes())) {
      nest_.loop("feature", piece.count, [&](LoopVariable f) {
        const auto at = [&](const Address& address) {
          return stepped(moved(address, piece.start * kFloatBytes), f, piece.size * kFloatBytes);
        };
        nest_.store(nest_.indexed_load(static_cast<int>(piece.size), index, table, at(assumed_row)),
                    at(to));
      });
    }
  }

  const Embedding& embedding_;
  const MapLayout &in_, &out_;
  const int64_t batch_;
  const int64_t row_values_;  // of the packed table
  NestBuilder nest_;
  Address input_, weights_, output_;
};

}  // namespace

LoopNest lower(const Embedding& embedding, const LayerContext& context) {
  return EmbeddingLowering(embedding, context).lower();
}

}  // namespace wattgrind
