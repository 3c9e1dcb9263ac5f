#include "kernels/parts/dense_product.h"

#include <algorithm>

#include "kernels/layout/blocking.h"

namespace wattgrind {
namespace {

// The loops that go through an image's values in memory. One loop does where nothing lies between
// the values.
std::vector<ReductionLoop> reduction_loops(const MapLayout& input, int64_t step_bytes) {
  const FeatureShape& shape = input.shape;
  if (input.is_dense()) return {{"value", shape.elements(), kFloatBytes, step_bytes}};
  const int64_t pixel_step = shape.channels * step_bytes;
  return {{"row", shape.height, input.row_bytes(), shape.width * pixel_step},
          {"column", shape.width, input.channel_bytes(), pixel_step},
          {"channel", shape.channels, kFloatBytes, step_bytes}};
}

class DenseProductEmitter {
 public:
  DenseProductEmitter(NestBuilder& nest, const DenseProduct& product)
      : nest_(nest),
        product_(product),
        values_(product.input.shape.elements()),
        tiles_(balanced_tiles(product.batch, tile_rows(nest.isa()))) {}

  void emit() {
    const int64_t chunk = chunk_values();
    const int64_t chunks = values_ / chunk;
    const bool ends_apart = product_.epilogue && chunks > 1;
    emit_part(0, 1, chunk, chunks == 1);
    const int64_t between = chunks - 1 - (ends_apart ? 1 : 0);
    if (between > 0) emit_part(1, between, chunk, false);
    if (ends_apart) emit_part(chunks - 1, 1, chunk, true);
  }

 private:
  bool has_one_tile() const { return tiles_.size() == 1 && tiles_[0].count == 1; }

  // How many values of an image the tiles go through before they start over for the next chunk.
  // With one tile of rows the weights are read once whatever the order. With more, a chunk of the
  // reduction keeps a block's weights in L1 for all rows and a chunk of the rows in L2 for all
  // blocks. Only plain vectors are cut into chunks; a map's loops stay whole.
  int64_t chunk_values() const {
    if (has_one_tile() || !product_.input.is_dense()) return values_;
    const int64_t wanted = kWeightChunkBytes / (product_.blocks[0].width() * kFloatBytes);
    const int64_t chunk = largest_divisor(values_, wanted);
    return 2 * chunk >= wanted ? chunk : values_;
  }

  void emit_part(int64_t first_chunk, int64_t chunks, int64_t chunk, bool is_last) {
    nest_.loop("value_chunk", chunks, [&](LoopVariable k) {
      for (const BlockRun& run : runs(product_.blocks)) {
        const int64_t together = std::clamp<int64_t>(
            tile_vectors(nest_.isa(), tiles_[0].size) / run.block.vectors, 1, run.count);
        for (const Tiles& blocks : full_tiles(run.count, together)) {
          ProductTile tile = block_tile(run.block, blocks);
          tile.start = first_chunk == 0 ? product_.start : TileStart::kOutput;
          if (is_last) tile.epilogue = product_.epilogue;
          const int64_t step_bytes = run.block.width() * kFloatBytes;
          tile.reduction = reduction_loops(product_.input, step_bytes);
          if (chunk < values_) tile.reduction[0].trips = chunk;
          if (product_.prefetches && (!has_one_tile() || pays_to_prefetch_stream(nest_.isa()))) {
            // Behind a chunk comes the next block's.
            tile.weights_ahead_bytes =
                chunk < values_ ? blocks.size * values_ * step_bytes : kPrefetchBytes;
          }
          tile.input = stepped(moved(product_.input_values, first_chunk * chunk * kFloatBytes), k,
                               chunk * kFloatBytes);
          tile.weights =
              stepped(moved(tile.weights, first_chunk * chunk * step_bytes), k, chunk * step_bytes);
          emit_blocks(blocks, step_bytes, tile);
        }
      }
    });
  }

  ProductTile block_tile(const ColumnBlock& block, const Tiles& blocks) const {
    const int64_t width_bytes = block.width() * kFloatBytes;
    const int64_t first_bytes = block.first * kFloatBytes + blocks.start * width_bytes;
    ProductTile tile;
    tile.lanes = block.lanes;
    tile.weights = moved(product_.weights, values_ * first_bytes);
    tile.bias = moved(product_.bias, first_bytes);
    tile.output = moved(product_.output, first_bytes);
    for (int64_t b = 0; b < blocks.size; ++b) {
      for (int64_t v = 0; v < block.vectors; ++v) {
        const int64_t vector_bytes = v * block.lanes * kFloatBytes;
        tile.vectors.push_back(
            {b * values_ * width_bytes + vector_bytes, b * width_bytes + vector_bytes});
      }
    }
    return tile;
  }

  void emit_blocks(const Tiles& blocks, int64_t width_bytes, const ProductTile& base) {
    const int64_t step_bytes = blocks.size * width_bytes;
    nest_.loop("block", blocks.count, [&](LoopVariable b) {
      for (const Tiles& images : tiles_) {
        ProductTile tile = base;
        tile.rows = images.size;
        tile.input_row_bytes = product_.input.image_bytes();
        tile.output_row_bytes = product_.output_image_bytes;
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

  NestBuilder& nest_;
  const DenseProduct& product_;
  const int64_t values_;            // how many an image has: K
  const std::vector<Tiles> tiles_;  // into which the batch's images are split
};

}  // namespace

void emit_dense_product(NestBuilder& nest, const DenseProduct& product) {
  DenseProductEmitter(nest, product).emit();
}

}  // namespace wattgrind
