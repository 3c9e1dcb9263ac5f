#include "kernels/conv/direct_conv.h"

#include <algorithm>
#include <utility>

#include "kernels/conv/block_loops.h"
#include "kernels/conv/row_groups.h"
#include "kernels/layout/blocking.h"

namespace wattgrind {
namespace {

// A range of the reduction that tiles walk at a time: kernel rows and columns, and channels.
struct Chunking {
  int64_t rows = 1;      // kernel rows a chunk
  int64_t columns = 1;   // kernel columns a chunk
  int64_t channels = 1;  // channels a chunk

  int64_t chunks(const DirectConv& conv) const {
    return conv.kernel_height / rows * (conv.kernel_width / columns) *
           (conv.group_inputs / channels);
  }
};

// The weights of a chunk should stay in L1 beside the input while pixels pass by. Where those of a
// kernel row do not, it is cut into taps or into ranges of channels, whichever are fewer: sums move
// to memory and back for every chunk.
Chunking choose_chunks(const DirectConv& conv, int64_t tile_width) {
  const int64_t step_bytes = tile_width * kFloatBytes;
  const int64_t row_bytes = conv.kernel_width * conv.group_inputs * step_bytes;
  if (conv.kernel_height * row_bytes <= kWeightChunkBytes) {
    return {conv.kernel_height, conv.kernel_width, conv.group_inputs};
  }
  if (row_bytes <= kWeightChunkBytes) return {1, conv.kernel_width, conv.group_inputs};
  // Where the channels have no divisor near the wanted one they are not cut: a short chunk would
  // move sums to and from memory all the time.
  const auto of_columns = [&](int64_t columns) -> Chunking {
    const int64_t wanted = std::max<int64_t>(1, kWeightChunkBytes / (columns * step_bytes));
    const int64_t chunk = largest_divisor(conv.group_inputs, wanted);
    const bool is_near = 2 * chunk >= std::min(wanted, conv.group_inputs);
    return {1, columns, is_near ? chunk : conv.group_inputs};
  };
  const Chunking rows = of_columns(conv.kernel_width), taps = of_columns(1);
  return taps.chunks(conv) < rows.chunks(conv) ? taps : rows;
}

// What a step of the reduction costs a row's tiles; `overhead` is of each tile.
int64_t tiles_cost(int64_t columns, int64_t vectors, int64_t overhead, Isa isa) {
  int64_t products = 0;
  for (const Tiles& tiles : balanced_tiles(columns, tile_rows(isa))) {
    products += tiles.count * (std::max(kLatencyHidingSums, tiles.size * vectors) + overhead);
  }
  return products;
}

bool reads_pixel_by_pixel(const DirectConv& conv) {
  return conv.kernel_height == 1 && conv.kernel_width == 1 && conv.input_row_step == 1 &&
         conv.input_column_step == 1 && conv.output_row_step == 1 && conv.output_column_step == 1;
}

// A convolution of single pixels does not see where rows end. Where rows touch, in input and
// output, and leave tiles that do not fill registers, they are cut anew: 7 rows of 7 pixels are one
// of 49. Of the lengths within a fiftieth of the best the least is taken, for groups of rows have
// to fit L2.
DirectConv with_better_rows(const DirectConv& conv, Isa isa) {
  const bool rows_touch = conv.input.rows_touch() && conv.output.rows_touch() &&
                          conv.columns == conv.input.shape.width &&
                          conv.columns == conv.output.shape.width;
  if (!reads_pixel_by_pixel(conv) || !rows_touch) return conv;
  const int64_t pixels = conv.rows * conv.columns;
  const int64_t vectors = conv.blocks[0].vectors;
  constexpr int64_t kLoop = 1;  // a tile's step also advances pointers and branches
  const auto cost = [&](int64_t columns) {
    return pixels / columns * tiles_cost(columns, vectors, kLoop, isa);
  };
  int64_t least = cost(conv.columns);
  for (int64_t columns = 1; columns <= pixels; ++columns) {
    if (pixels % columns == 0) least = std::min(least, cost(columns));
  }
  const auto is_good = [&](int64_t columns) {
    return pixels % columns == 0 && 50 * cost(columns) <= 51 * least;
  };
  if (is_good(conv.columns)) return conv;
  int64_t columns = 1;
  while (!is_good(columns)) ++columns;
  DirectConv cut = conv;
  cut.rows = pixels / columns;
  cut.columns = columns;
  cut.input = {{conv.input.shape.channels, cut.rows, columns}, conv.input.channel_pitch, {}};
  cut.output = {{conv.output.shape.channels, cut.rows, columns}, conv.output.channel_pitch, {}};
  return cut;
}

ReductionPasses passes_of(const DirectConv& conv) {
  const Chunking chunks = choose_chunks(conv, conv.blocks[0].width());
  return {conv.kernel_height / chunks.rows * (conv.kernel_width / chunks.columns),
          chunks.chunks(conv)};
}

class DirectConvEmitter {
 public:
  DirectConvEmitter(NestBuilder& nest, DirectConv conv)
      : nest_(nest),
        conv_(std::move(conv)),
        group_rows_(choose_group_rows(conv_, passes_of(conv_), nest.isa())) {}

  void emit() {
    for_each_group(nest_, conv_, [&](const ProductTile& group) { emit_row_groups(group); });
  }

 private:
  int64_t input_row_bytes() const { return conv_.input_row_step * conv_.input.row_bytes(); }
  int64_t output_row_bytes() const { return conv_.output_row_step * conv_.output.row_bytes(); }

  void emit_row_groups(const ProductTile& base) {
    nest_.loop("row_group", conv_.rows / group_rows_, [&](LoopVariable y) {
      ProductTile tile = base;
      tile.input = stepped(base.input, y, group_rows_ * input_row_bytes());
      tile.output = stepped(base.output, y, group_rows_ * output_row_bytes());
      for_each_block(nest_, conv_, tile, [&](const ProductTile& block, const BlockWidth& width) {
        emit_chunks(width.one, width.together, block);
      });
    });
  }

  // Chunks from `first` on, `count` of them.
  struct Chunks {
    int64_t first = 0, count = 1;
  };

  // The first chunk starts from the bias, the others go on from the output; with the last comes the
  // epilogue, where there is one.
  void emit_chunks(int64_t block_width, int64_t blocks, const ProductTile& base) {
    const Chunking chunks = choose_chunks(conv_, block_width * blocks);
    const int64_t rows = conv_.kernel_height / chunks.rows;
    const int64_t columns = conv_.kernel_width / chunks.columns;
    const int64_t channels = conv_.group_inputs / chunks.channels;
    ProductTile tile = base;
    set_reduction(chunks, block_width, tile);
    tile.start = conv_.start;
    if (rows * columns * channels == 1) tile.epilogue = conv_.epilogue;
    emit_part(chunks, block_width, {}, {}, {}, tile);
    if (rows * columns * channels == 1) return;
    tile.start = TileStart::kOutput;
    // The last chunk stands apart where something is done with its sums.
    const int64_t kept = conv_.epilogue ? 1 : 0;
    const int64_t last_row = rows - 1, last_column = columns - 1;
    emit_part(chunks, block_width, {}, {},
              {1, channels - 1 - (last_row == 0 && last_column == 0 ? kept : 0)}, tile);
    emit_part(chunks, block_width, {}, {1, last_column - (last_row == 0 ? kept : 0)}, {0, channels},
              tile);
    emit_part(chunks, block_width, {1, last_row - kept}, {0, columns}, {0, channels}, tile);
    if (kept == 0) return;
    if (last_row > 0) {
      emit_part(chunks, block_width, {last_row, 1}, {0, last_column}, {0, channels}, tile);
    }
    if (last_row > 0 || last_column > 0) {
      emit_part(chunks, block_width, {last_row, 1}, {last_column, 1}, {0, channels - 1}, tile);
    }
    tile.epilogue = conv_.epilogue;
    emit_part(chunks, block_width, {last_row, 1}, {last_column, 1}, {channels - 1, 1}, tile);
  }

  void emit_part(const Chunking& chunks, int64_t block_width, const Chunks& rows,
                 const Chunks& columns, const Chunks& channels, const ProductTile& base) {
    if (rows.count <= 0 || columns.count <= 0 || channels.count <= 0) return;
    const int64_t step = block_width * kFloatBytes;
    const int64_t tap = conv_.group_inputs * step;
    nest_.loop("kernel_row", rows.count, [&](LoopVariable r) {
      nest_.loop("kernel_column", columns.count, [&](LoopVariable s) {
        nest_.loop("channel_chunk", channels.count, [&](LoopVariable c) {
          const auto at = [&](const Address& address, int64_t row, int64_t column,
                              int64_t channel) {
            const Address first = moved(
                address, rows.first * row + columns.first * column + channels.first * channel);
            return stepped(stepped(stepped(first, r, row), s, column), c, channel);
          };
          ProductTile tile = base;
          tile.input = at(base.input, chunks.rows * conv_.tap_row_bytes(),
                          chunks.columns * conv_.tap_column_bytes(), chunks.channels * kFloatBytes);
          tile.weights = at(base.weights, chunks.rows * conv_.kernel_width * tap,
                            chunks.columns * tap, chunks.channels * step);
          emit_pixels(tile);
        });
      });
    });
  }

  void set_reduction(const Chunking& chunks, int64_t block_width, ProductTile& tile) const {
    const int64_t channels = conv_.group_inputs;
    const int64_t step = block_width * kFloatBytes;
    const int64_t columns = chunks.columns;
    tile.reduction = {
        {"kernel_row", chunks.rows, conv_.tap_row_bytes(), conv_.kernel_width * channels * step}};
    if (chunks.channels == channels && channels == conv_.input.channel_pitch &&
        (conv_.taps_touch() || columns == 1)) {
      tile.reduction.push_back({"tap", columns * channels, kFloatBytes, step});
    } else {
      tile.reduction.push_back(
          {"kernel_column", columns, conv_.tap_column_bytes(), channels * step});
      tile.reduction.push_back({"channel", chunks.channels, kFloatBytes, step});
    }
  }

  void emit_pixels(const ProductTile& base) {
    ProductTile tile = base;
    tile.input_row_bytes = conv_.input_column_step * conv_.input.channel_bytes();
    tile.output_row_bytes = conv_.output_column_step * conv_.output.channel_bytes();
    nest_.loop("row", group_rows_, [&](LoopVariable y) {
      for (const Tiles& tiles : balanced_tiles(conv_.columns, tile_rows(nest_.isa()))) {
        nest_.loop("column", tiles.count, [&](LoopVariable x) {
          tile.rows = tiles.size;
          tile.input = stepped(stepped(base.input, y, input_row_bytes()), x,
                               tiles.size * tile.input_row_bytes);
          tile.output = stepped(stepped(base.output, y, output_row_bytes()), x,
                                tiles.size * tile.output_row_bytes);
          tile.input.offset_bytes += tiles.start * tile.input_row_bytes;
          tile.output.offset_bytes += tiles.start * tile.output_row_bytes;
          emit_product_tile(nest_, tile);
        });
      }
    });
  }

  NestBuilder& nest_;
  const DirectConv conv_;
  const int64_t group_rows_;
};

}  // namespace

void emit_direct_conv(NestBuilder& nest, const DirectConv& conv) {
  DirectConvEmitter(nest, with_better_rows(conv, nest.isa())).emit();
}

int64_t direct_conv_cost(const DirectConv& conv, Isa isa) {
  int64_t vectors = 0;
  for (const ColumnBlock& block : conv.blocks) vectors += block.vectors;
  const DirectConv cut = with_better_rows(conv, isa);
  return cut.taps() * cut.rows * tiles_cost(cut.columns, vectors, 0, isa);
}

}  // namespace wattgrind
