#include "kernels/conv/block_loops.h"

#include <algorithm>

namespace wattgrind {
namespace {

void emit_run(NestBuilder& nest, const DirectConv& conv, const BlockRun& run,
              const ProductTile& group,
              const std::function<void(const ProductTile&, const BlockWidth&)>& body) {
  const int64_t rows = balanced_tiles(conv.columns, tile_rows(nest.isa()))[0].size;
  const int64_t together =
      std::clamp<int64_t>(tile_vectors(nest.isa(), rows) / run.block.vectors, 1, run.count);
  const int64_t width_bytes = run.block.width() * kFloatBytes;
  for (const Tiles& tiles : full_tiles(run.count, together)) {
    ProductTile tile = group;
    const int64_t first_bytes = run.block.first * kFloatBytes + tiles.start * width_bytes;
    const int64_t step_bytes = tiles.size * width_bytes;
    tile.lanes = run.block.lanes;
    for (int64_t b = 0; b < tiles.size; ++b) {
      for (int64_t v = 0; v < run.block.vectors; ++v) {
        const int64_t vector_bytes = v * run.block.lanes * kFloatBytes;
        tile.vectors.push_back(
            {b * conv.taps() * width_bytes + vector_bytes, b * width_bytes + vector_bytes});
      }
    }
    nest.loop("block", tiles.count, [&](LoopVariable b) {
      tile.weights =
          stepped(moved(group.weights, conv.taps() * first_bytes), b, conv.taps() * step_bytes);
      tile.bias = stepped(moved(group.bias, first_bytes), b, step_bytes);
      tile.output = stepped(moved(group.output, first_bytes), b, step_bytes);
      body(tile, {run.block.width(), tiles.size});
    });
  }
}

}  // namespace

void for_each_group(NestBuilder& nest, const DirectConv& conv,
                    const std::function<void(const ProductTile&)>& body) {
  const int64_t width = padded_width(conv.blocks);
  nest.loop("group", conv.groups, [&](LoopVariable g) {
    ProductTile tile;
    tile.input = stepped(conv.input_values, g, conv.group_inputs * kFloatBytes);
    tile.output = stepped(conv.output_values, g, conv.group_outputs * kFloatBytes);
    tile.weights = stepped(conv.weights, g, conv.taps() * width * kFloatBytes);
    tile.bias = stepped(conv.bias, g, width * kFloatBytes);
    tile.weights_ahead_bytes = conv.weights_ahead_bytes;
    body(tile);
  });
}

void for_each_block(NestBuilder& nest, const DirectConv& conv, const ProductTile& group,
                    const std::function<void(const ProductTile&, const BlockWidth&)>& body) {
  for (const BlockRun& run : runs(conv.blocks)) emit_run(nest, conv, run, group, body);
}

}  // namespace wattgrind
