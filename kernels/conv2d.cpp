#include <algorithm>

#include "estimator/error.h"
#include "kernels/blocking.h"
#include "kernels/lowering.h"
#include "kernels/nest_builder.h"
#include "kernels/product_tile.h"
#include "kernels/tiling.h"

namespace wattgrind {
namespace {

// A range of the reduction that tiles walk at a time: kernel rows, and channels of all columns.
struct Chunking {
  int64_t rows = 1;      // kernel rows a chunk
  int64_t channels = 1;  // channels a chunk
};

// The weights of a chunk should stay in L1 beside the input while pixels pass by.
Chunking choose_chunks(const Window2d& window, int64_t channels, int64_t tile_width) {
  const int64_t step_bytes = tile_width * kFloatBytes;
  const int64_t row_bytes = window.kernel_width * channels * step_bytes;
  if (window.kernel_height * row_bytes <= kWeightChunkBytes) {
    return {window.kernel_height, channels};
  }
  if (row_bytes <= kWeightChunkBytes) return {1, channels};
  const int64_t wanted =
      std::max<int64_t>(1, kWeightChunkBytes / (window.kernel_width * step_bytes));
  const int64_t chunk = largest_divisor(channels, wanted);
  // Channels with no divisor near: a short chunk would move sums to and from memory all the time.
  return {1, 2 * chunk >= wanted ? chunk : channels};
}

// How many output rows are computed for all blocks of channels before the next rows begin: the
// divisor of the rows that moves the least between L2 and what lies below. Weights move once a
// group of rows; the input once where a group's rows stay in L2, else once a block of channels;
// partial sums in and out for every chunk after the first, unless a block's stay in L2.
int64_t choose_group_rows(const Conv2d& conv, const LayerContext& context,
                          const std::vector<ColumnBlock>& blocks, int64_t taps) {
  const MapLayout& in = context.input;
  const MapLayout& out = context.output;
  const int64_t channels = in.shape.channels / conv.groups;
  const Chunking chunks = choose_chunks(conv.window, channels, blocks[0].width());
  const int64_t passes = conv.window.kernel_height / chunks.rows * (channels / chunks.channels) - 1;
  const int64_t resident = resident_map_bytes(context.isa);
  const int64_t weight_bytes = conv.groups * taps * padded_width(blocks) * kFloatBytes;
  const int64_t input_passes = static_cast<int64_t>(blocks.size()) * conv.groups;
  const auto moved_bytes = [&](int64_t group) {
    const int64_t groups = out.shape.height / group;
    const int64_t read_rows = (group - 1) * conv.window.stride_height + conv.window.kernel_height;
    const bool input_stays = read_rows * in.row_bytes() <= resident;
    const bool sums_stay = group * out.shape.width * blocks[0].width() * kFloatBytes <= resident;
    return groups * weight_bytes + in.image_bytes() * (input_stays ? 1 : input_passes) +
           (sums_stay ? 0 : 2 * passes * out.image_bytes());
  };
  int64_t best = out.shape.height;
  for (int64_t group = best - 1; group > 0; --group) {
    if (out.shape.height % group == 0 && moved_bytes(group) < moved_bytes(best)) best = group;
  }
  return best;
}

class ConvLowering {
 public:
  ConvLowering(const Conv2d& conv, const LayerContext& context)
      : conv_(conv),
        context_(context),
        nest_("conv2d", context.isa),
        group_inputs_(context.input.shape.channels / conv.groups),
        group_filters_(conv.filters / conv.groups),
        taps_(conv.window.kernel_height * conv.window.kernel_width * group_inputs_),
        blocks_(column_blocks(group_filters_, context.isa,
                              conv.groups == 1 ? Surplus::kPad : Surplus::kExact)) {}

  LoopNest lower() && {
    const int64_t width = padded_width(blocks_);
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    input_ = nest_.buffer("input", TensorRole::kInput, context_.input.bytes(context_.batch));
    weights_ = nest_.buffer("weights", TensorRole::kWeights, floats(conv_.groups * taps_ * width));
    bias_ = nest_.buffer("bias", TensorRole::kBias, floats(conv_.groups * width));
    output_ = nest_.buffer("output", TensorRole::kOutput, context_.output.bytes(context_.batch));
    input_.offset_bytes = context_.input.pixel_bytes(-conv_.window.pad_top, -conv_.window.pad_left);
    output_.offset_bytes = context_.output.pixel_bytes(0, 0);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("group", conv_.groups, [&](LoopVariable g) {
        ProductTile tile;
        tile.input = stepped(stepped(input_, n, context_.input.image_bytes()), g,
                             group_inputs_ * kFloatBytes);
        tile.output = stepped(stepped(output_, n, context_.output.image_bytes()), g,
                              group_filters_ * kFloatBytes);
        tile.weights = stepped(weights_, g, taps_ * width * kFloatBytes);
        tile.bias = stepped(bias_, g, width * kFloatBytes);
        lower_row_groups(tile);
      });
    });
    return std::move(nest_).finish();
  }

 private:
  void lower_row_groups(const ProductTile& base) {
    group_rows_ = choose_group_rows(conv_, context_, blocks_, taps_);
    nest_.loop("row_group", context_.output.shape.height / group_rows_, [&](LoopVariable y) {
      ProductTile tile = base;
      tile.input = stepped(base.input, y,
                           group_rows_ * conv_.window.stride_height * context_.input.row_bytes());
      tile.output = stepped(base.output, y, group_rows_ * context_.output.row_bytes());
      for (const BlockRun& run : runs(blocks_)) lower_run(run, tile);
    });
  }

  void lower_run(const BlockRun& run, const ProductTile& base) {
    const int64_t rows =
        balanced_tiles(context_.output.shape.width, tile_rows(context_.isa))[0].size;
    const int64_t together =
        std::clamp<int64_t>(tile_vectors(context_.isa, rows) / run.block.vectors, 1, run.count);
    const int64_t width_bytes = run.block.width() * kFloatBytes;
    for (const Tiles& tiles : full_tiles(run.count, together)) {
      ProductTile tile = base;
      const int64_t first_bytes = run.block.first * kFloatBytes + tiles.start * width_bytes;
      const int64_t step_bytes = tiles.size * width_bytes;
      tile.lanes = run.block.lanes;
      for (int64_t b = 0; b < tiles.size; ++b) {
        for (int64_t v = 0; v < run.block.vectors; ++v) {
          const int64_t vector_bytes = v * run.block.lanes * kFloatBytes;
          tile.vectors.push_back(
              {b * taps_ * width_bytes + vector_bytes, b * width_bytes + vector_bytes});
        }
      }
      nest_.loop("block", tiles.count, [&](LoopVariable b) {
        tile.weights = stepped(moved(base.weights, taps_ * first_bytes), b, taps_ * step_bytes);
        tile.bias = stepped(moved(base.bias, first_bytes), b, step_bytes);
        tile.output = stepped(moved(base.output, first_bytes), b, step_bytes);
        lower_chunks(run.block.width(), tiles.size, tile);
      });
    }
  }

  // The first chunk starts from the bias, the others go on from the output.
  void lower_chunks(int64_t block_width, int64_t blocks, const ProductTile& base) {
    const Window2d& window = conv_.window;
    const Chunking chunks = choose_chunks(window, group_inputs_, block_width * blocks);
    const int64_t row_chunks = window.kernel_height / chunks.rows;
    const int64_t channel_chunks = group_inputs_ / chunks.channels;
    const auto part = [&](int64_t row, int64_t row_trips, int64_t channel, int64_t channel_trips) {
      if (row_trips == 0 || channel_trips == 0) return;
      ProductTile tile = base;
      tile.starts_from_bias = row == 0 && channel == 0;
      const int64_t input_row = context_.input.row_bytes() * chunks.rows;
      const int64_t weight_row = window.kernel_width * group_inputs_ * block_width * kFloatBytes;
      const int64_t input_channel = chunks.channels * kFloatBytes;
      const int64_t weight_channel = chunks.channels * block_width * kFloatBytes;
      nest_.loop("kernel_row", row_trips, [&](LoopVariable r) {
        nest_.loop("channel_chunk", channel_trips, [&](LoopVariable c) {
          tile.input = stepped(stepped(base.input, r, input_row), c, input_channel);
          tile.weights = stepped(stepped(base.weights, r, weight_row), c, weight_channel);
          tile.input.offset_bytes += row * input_row + channel * input_channel;
          tile.weights.offset_bytes += row * weight_row + channel * weight_channel;
          set_reduction(chunks, block_width, tile);
          lower_pixels(tile);
        });
      });
    };
    part(0, 1, 0, 1);
    part(0, 1, 1, channel_chunks - 1);
    part(1, row_chunks - 1, 0, channel_chunks);
  }

  void set_reduction(const Chunking& chunks, int64_t block_width, ProductTile& tile) const {
    const int64_t channels = group_inputs_;
    const int64_t step = block_width * kFloatBytes;
    const int64_t columns = conv_.window.kernel_width;
    tile.reduction = {
        {"kernel_row", chunks.rows, context_.input.row_bytes(), columns * channels * step}};
    if (chunks.channels == channels && channels == context_.input.channel_pitch) {
      tile.reduction.push_back({"tap", columns * channels, kFloatBytes, step});
    } else {
      tile.reduction.push_back(
          {"kernel_column", columns, context_.input.channel_bytes(), channels * step});
      tile.reduction.push_back({"channel", chunks.channels, kFloatBytes, step});
    }
  }

  void lower_pixels(const ProductTile& base) {
    const FeatureShape& shape = context_.output.shape;
    ProductTile tile = base;
    tile.input_row_bytes = conv_.window.stride_width * context_.input.channel_bytes();
    tile.output_row_bytes = context_.output.channel_bytes();
    nest_.loop("row", group_rows_, [&](LoopVariable y) {
      for (const Tiles& tiles : balanced_tiles(shape.width, tile_rows(context_.isa))) {
        nest_.loop("column", tiles.count, [&](LoopVariable x) {
          tile.rows = tiles.size;
          tile.input = stepped(
              stepped(base.input, y, conv_.window.stride_height * context_.input.row_bytes()), x,
              tiles.size * tile.input_row_bytes);
          tile.output = stepped(stepped(base.output, y, context_.output.row_bytes()), x,
                                tiles.size * tile.output_row_bytes);
          tile.input.offset_bytes += tiles.start * tile.input_row_bytes;
          tile.output.offset_bytes += tiles.start * tile.output_row_bytes;
          emit_product_tile(nest_, tile);
        });
      }
    });
  }

  const Conv2d& conv_;
  const LayerContext& context_;
  NestBuilder nest_;
  const int64_t group_inputs_;
  const int64_t group_filters_;
  const int64_t taps_;  // of one filter: kernel rows x columns x channels
  const std::vector<ColumnBlock> blocks_;
  int64_t group_rows_ = 1;
  Address input_, weights_, bias_, output_;
};

}  // namespace

LoopNest lower_conv2d(const Conv2d& conv, const LayerContext& context) {
  return ConvLowering(conv, context).lower();
}

Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output) {
  const Window2d& window = conv.window;
  const auto beyond = [](int64_t outputs, int64_t stride, int64_t kernel, int64_t pad,
                         int64_t extent) {
    return std::max<int64_t>(0, (outputs - 1) * stride + kernel - pad - extent);
  };
  return {
      window.pad_top, window.pad_left,
      beyond(output.height, window.stride_height, window.kernel_height, window.pad_top,
             input.height),
      beyond(output.width, window.stride_width, window.kernel_width, window.pad_left, input.width)};
}

}  // namespace wattgrind
