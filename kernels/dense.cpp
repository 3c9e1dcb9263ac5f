#include <algorithm>

#include "kernels/blocking.h"
#include "kernels/lowering.h"
#include "kernels/nest_builder.h"
#include "kernels/product_tile.h"
#include "kernels/tiling.h"

namespace wattgrind {
namespace {

// The input's values as loops over memory: one loop where nothing lies between them.
std::vector<ReductionLoop> reduction_loops(const MapLayout& input, int64_t step_bytes) {
  const FeatureShape& shape = input.shape;
  if (input.is_dense()) return {{"value", shape.elements(), kFloatBytes, step_bytes}};
  const int64_t pixel_step = shape.channels * step_bytes;
  return {{"row", shape.height, input.row_bytes(), shape.width * pixel_step},
          {"column", shape.width, input.channel_bytes(), pixel_step},
          {"channel", shape.channels, kFloatBytes, step_bytes}};
}

class DenseLowering {
 public:
  DenseLowering(const Dense& dense, const LayerContext& context)
      : context_(context),
        nest_("dense", context.isa),
        values_(context.input.shape.elements()),
        blocks_(column_blocks(dense.units, context.isa, Surplus::kPad)),
        tiles_(balanced_tiles(context.batch, tile_rows(context.isa))) {}

  LoopNest lower() && {
    const int64_t width = padded_width(blocks_);
    input_ = nest_.buffer("input", TensorRole::kInput, context_.input.bytes(context_.batch));
    weights_ = nest_.buffer("weights", TensorRole::kWeights,
                            static_cast<uint64_t>(values_ * width * kFloatBytes));
    bias_ = nest_.buffer("bias", TensorRole::kBias, static_cast<uint64_t>(width * kFloatBytes));
    output_ = nest_.buffer("output", TensorRole::kOutput, context_.output.bytes(context_.batch));
    input_.offset_bytes = context_.input.pixel_bytes(0, 0);
    output_.offset_bytes = context_.output.pixel_bytes(0, 0);
    const int64_t chunk = chunk_values();
    lower_part(0, 1, chunk);
    if (values_ / chunk > 1) lower_part(1, values_ / chunk - 1, chunk);
    return std::move(nest_).finish();
  }

 private:
  // With one tile of rows the weights pass once whatever the order. With more, a chunk of the
  // reduction keeps a block's weights in L1 for all rows and a chunk of the rows in L2 for all
  // blocks. Only a plain vector is cut; a map's loops stay whole.
  int64_t chunk_values() const {
    const bool one_tile = tiles_.size() == 1 && tiles_[0].count == 1;
    if (one_tile || !context_.input.is_dense()) return values_;
    const int64_t wanted = kWeightChunkBytes / (blocks_[0].width() * kFloatBytes);
    const int64_t chunk = largest_divisor(values_, wanted);
    return 2 * chunk >= wanted ? chunk : values_;
  }

  void lower_part(int64_t first_chunk, int64_t chunks, int64_t chunk) {
    nest_.loop("value_chunk", chunks, [&](LoopVariable k) {
      for (const BlockRun& run : runs(blocks_)) {
        const int64_t together = std::clamp<int64_t>(
            tile_vectors(context_.isa, tiles_[0].size) / run.block.vectors, 1, run.count);
        for (const Tiles& blocks : full_tiles(run.count, together)) {
          ProductTile tile = block_tile(run.block, blocks);
          tile.starts_from_bias = first_chunk == 0;
          const int64_t step_bytes = run.block.width() * kFloatBytes;
          tile.reduction = reduction_loops(context_.input, step_bytes);
          if (chunk < values_) tile.reduction[0].trips = chunk;
          tile.input =
              stepped(moved(input_, first_chunk * chunk * kFloatBytes), k, chunk * kFloatBytes);
          tile.weights =
              stepped(moved(tile.weights, first_chunk * chunk * step_bytes), k, chunk * step_bytes);
          lower_blocks(blocks, step_bytes, tile);
        }
      }
    });
  }

  ProductTile block_tile(const ColumnBlock& block, const Tiles& blocks) const {
    const int64_t width_bytes = block.width() * kFloatBytes;
    const int64_t first_bytes = block.first * kFloatBytes + blocks.start * width_bytes;
    ProductTile tile;
    tile.lanes = block.lanes;
    tile.weights = moved(weights_, values_ * first_bytes);
    tile.bias = moved(bias_, first_bytes);
    tile.output = moved(output_, first_bytes);
    for (int64_t b = 0; b < blocks.size; ++b) {
      for (int64_t v = 0; v < block.vectors; ++v) {
        const int64_t vector_bytes = v * block.lanes * kFloatBytes;
        tile.vectors.push_back(
            {b * values_ * width_bytes + vector_bytes, b * width_bytes + vector_bytes});
      }
    }
    return tile;
  }

  void lower_blocks(const Tiles& blocks, int64_t width_bytes, const ProductTile& base) {
    const int64_t step_bytes = blocks.size * width_bytes;
    nest_.loop("block", blocks.count, [&](LoopVariable b) {
      for (const Tiles& images : tiles_) {
        ProductTile tile = base;
        tile.rows = images.size;
        tile.input_row_bytes = context_.input.image_bytes();
        tile.output_row_bytes = context_.output.image_bytes();
        tile.weights = stepped(base.weights, b, values_ * step_bytes);
        tile.bias = stepped(base.bias, b, step_bytes);
        nest_.loop("images", images.count, [&](LoopVariable n) {
          tile.input = stepped(moved(base.input, images.start * tile.input_row_bytes), n,
                               images.size * tile.input_row_bytes);
          tile.output = stepped(
              stepped(moved(base.output, images.start * tile.output_row_bytes), b, step_bytes), n,
              images.size * tile.output_row_bytes);
          emit_product_tile(nest_, tile);
        });
      }
    });
  }

  const LayerContext& context_;
  NestBuilder nest_;
  const int64_t values_;  // of one image: K
  const std::vector<ColumnBlock> blocks_;
  const std::vector<Tiles> tiles_;  // of the batch
  Address input_, weights_, bias_, output_;
};

}  // namespace

LoopNest lower_dense(const Dense& dense, const LayerContext& context) {
  return DenseLowering(dense, context).lower();
}

}  // namespace wattgrind
