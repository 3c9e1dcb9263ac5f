// Gradients by weights and biases of convolutions and dense layers: products whose rows are a
// filter's taps, whose columns are filters, and whose reduction runs over images and pixels. A
// dense layer is the convolution whose window is the whole map. Where filters are few, taps are the
// columns (tap_columns.h), or pixels the lanes (planar_gradient.h).
#include <algorithm>
#include <optional>
#include <string>

#include "kernels/gradients/backward.h"
#include "kernels/gradients/planar_gradient.h"
#include "kernels/gradients/tap_columns.h"
#include "kernels/layout/blocking.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {
namespace {

// Pixels whose bias gradients are summed side by side, which hides the latency of the additions.
constexpr int64_t kBiasPixels = 4;

// Taps that follow each other without gaps, in the input and in the packed weights.
struct TapLoops {
  int64_t rows = 1, columns = 1;  // of taps, outside
  int64_t taps = 0;               // in a run
};

class WeightGradientLowering {
 public:
  WeightGradientLowering(std::string name, const Conv2d& conv, const BackwardContext& context)
      : conv_(conv),
        context_(context),
        nest_(std::move(name), context.isa),
        group_inputs_(context.input().shape.channels / conv.groups),
        group_filters_(conv.filters / conv.groups),
        taps_(conv.window.kernel_height * conv.window.kernel_width * group_inputs_),
        blocks_(column_blocks(group_filters_, context.isa,
                              conv.groups == 1 ? Surplus::kPad : Surplus::kExact)) {
    if (conv.groups > 1 || blocks_.size() > 1) return;
    planar_.emplace(conv, context);
    tap_columns_.emplace(conv, context);
    if (!pays(*planar_)) planar_.reset();
    if (planar_ || !pays(*tap_columns_)) tap_columns_.reset();
  }

  LoopNest lower() && {
    const int64_t width = padded_width(blocks_);
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    input_ =
        nest_.buffer(Operand::kInput, TensorRole::kInput, context_.input().bytes(context_.batch));
    gradient_ = nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                             context_.output_gradient.bytes(context_.batch));
    weights_ = nest_.buffer(Operand::kWeightGradient, TensorRole::kGradient,
                            floats(conv_.groups * taps_ * width));
    bias_ =
        nest_.buffer(Operand::kBiasGradient, TensorRole::kGradient, floats(conv_.groups * width));
    input_.offset_bytes =
        context_.input().pixel_bytes(-conv_.window.pad_top, -conv_.window.pad_left);
    gradient_.offset_bytes = context_.output_gradient.pixel_bytes(0, 0);
    if (planar_) {
      planar_->emit(nest_, input_, gradient_, weights_, width);
    } else {
      lower_products(width);
    }
    lower_bias();
    return std::move(nest_).finish();
  }

 private:
  void lower_products(int64_t width) {
    if (tap_columns_) {
      sums_ = nest_.buffer(Operand::kSums, TensorRole::kScratch, tap_columns_->sums_bytes());
    }
    const int64_t images = chunk_images();
    lower_part(0, 1, images);
    if (context_.batch > images) lower_part(1, context_.batch / images - 1, images);
    if (tap_columns_) tap_columns_->emit_copy(nest_, sums_, weights_, width);
  }

  bool pays(const TapColumns& tap_columns) const {
    // Less than twice as good is not worth it: LeNet-5's first layer takes as long either way.
    if (!context_.output.shape.is_vector()) return 2 * tap_columns.cost() <= filter_columns_cost();
    // Of one pixel an image, the copy at the end counts; a fifth less is worth it.
    const int64_t cost = context_.batch * tap_columns.cost() + tap_columns.copy_cost();
    return has_lanes_to_fill(context_.isa) &&
           5 * cost <= 4 * context_.batch * filter_columns_cost();
  }

  bool pays(const PlanarGradient& planar) const {
    const auto cost = planar.cost();
    const FeatureShape& out = context_.output.shape;
    const int64_t others =
        out.height * out.width * std::min(tap_columns_->cost(), filter_columns_cost());
    return cost && *cost < others;
  }

  // As many images at a time as stay in L2 while filters and taps pass by. A single pixel an image
  // is no reason to keep sums in memory.
  int64_t chunk_images() const {
    if (context_.output.shape.is_vector()) return context_.batch;
    const int64_t image_bytes =
        context_.input().image_bytes() + context_.output_gradient.image_bytes();
    return largest_divisor(context_.batch,
                           std::max<int64_t>(1, resident_map_bytes(context_.isa) / image_bytes));
  }

  // Multiply-adds a pixel, counted as TapColumns::cost() does.
  int64_t filter_columns_cost() const {
    const TapLoops loops = tap_loops();
    int64_t sums = 0;
    for (const Tiles& tiles : balanced_tiles(loops.taps, tile_rows(context_.isa))) {
      sums += tiles.count * std::max(kLatencyHidingSums, tiles.size * blocks_[0].vectors);
    }
    return loops.rows * loops.columns * sums;
  }

  TapLoops tap_loops() const {
    const Window2d& window = conv_.window;
    const MapLayout& in = context_.input();
    if (in.channel_pitch != group_inputs_) {
      return {window.kernel_height, window.kernel_width, group_inputs_};
    }
    const int64_t row_taps = window.kernel_width * group_inputs_;
    if (row_taps * kFloatBytes != in.row_bytes()) return {window.kernel_height, 1, row_taps};
    return {1, 1, taps_};
  }

  void lower_part(int64_t first_chunk, int64_t chunks, int64_t images) {
    const int64_t input_bytes = images * context_.input().image_bytes();
    const int64_t gradient_bytes = images * context_.output_gradient.image_bytes();
    const int64_t group_weights = taps_ * padded_width(blocks_) * kFloatBytes;
    nest_.loop("image_chunk", chunks, [&](LoopVariable n) {
      nest_.loop("group", conv_.groups, [&](LoopVariable g) {
        ProductTile tile;
        tile.start = first_chunk == 0 ? TileStart::kZero : TileStart::kOutput;
        tile.input = stepped(stepped(moved(input_, first_chunk * input_bytes), n, input_bytes), g,
                             group_inputs_ * kFloatBytes);
        tile.weights =
            stepped(stepped(moved(gradient_, first_chunk * gradient_bytes), n, gradient_bytes), g,
                    group_filters_ * kFloatBytes);
        tile.output = stepped(weights_, g, group_weights);
        tile.reduction = reduction(images);
        if (tap_columns_) {
          tap_columns_->emit_products(nest_, tile.input, tile.weights, sums_, tile.reduction,
                                      tile.start);
          return;
        }
        for (const BlockRun& run : runs(blocks_)) lower_run(run, tile);
      });
    });
  }

  std::vector<ReductionLoop> reduction(int64_t images) const {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output_gradient;
    return {{"image", images, in.image_bytes(), out.image_bytes()},
            {"row", out.shape.height, conv_.window.stride_height * in.row_bytes(), out.row_bytes()},
            {"column", out.shape.width, conv_.window.stride_width * in.channel_bytes(),
             out.channel_bytes()}};
  }

  void lower_run(const BlockRun& run, const ProductTile& base) {
    const int64_t rows = balanced_tiles(tap_loops().taps, tile_rows(context_.isa))[0].size;
    const int64_t together =
        std::clamp<int64_t>(tile_vectors(context_.isa, rows) / run.block.vectors, 1, run.count);
    const int64_t width_bytes = run.block.width() * kFloatBytes;
    for (const Tiles& tiles : full_tiles(run.count, together)) {
      ProductTile tile = base;
      const int64_t first_bytes = run.block.first * kFloatBytes + tiles.start * width_bytes;
      tile.lanes = run.block.lanes;
      for (int64_t b = 0; b < tiles.size; ++b) {
        for (int64_t v = 0; v < run.block.vectors; ++v) {
          const int64_t vector_bytes = v * run.block.lanes * kFloatBytes;
          tile.vectors.push_back(
              {b * width_bytes + vector_bytes, b * taps_ * width_bytes + vector_bytes});
        }
      }
      const int64_t step_bytes = tiles.size * width_bytes;
      nest_.loop("block", tiles.count, [&](LoopVariable b) {
        tile.weights = stepped(moved(base.weights, first_bytes), b, step_bytes);
        tile.output = stepped(moved(base.output, taps_ * first_bytes), b, taps_ * step_bytes);
        lower_taps(width_bytes, tile);
      });
    }
  }

  void lower_taps(int64_t width_bytes, const ProductTile& base) {
    const TapLoops loops = tap_loops();
    ProductTile tile = base;
    tile.input_row_bytes = kFloatBytes;
    tile.output_row_bytes = width_bytes;
    nest_.loop("kernel_row", loops.rows, [&](LoopVariable r) {
      nest_.loop("kernel_column", loops.columns, [&](LoopVariable s) {
        for (const Tiles& tiles : balanced_tiles(loops.taps, tile_rows(context_.isa))) {
          tile.rows = tiles.size;
          nest_.loop("tap", tiles.count, [&](LoopVariable t) {
            tile.input = stepped(stepped(base.input, r, context_.input().row_bytes()), s,
                                 context_.input().channel_bytes());
            tile.input =
                stepped(moved(tile.input, tiles.start * kFloatBytes), t, tiles.size * kFloatBytes);
            tile.output = stepped(stepped(base.output, r, loops.columns * loops.taps * width_bytes),
                                  s, loops.taps * width_bytes);
            tile.output =
                stepped(moved(tile.output, tiles.start * width_bytes), t, tiles.size * width_bytes);
            emit_product_tile(nest_, tile);
          });
        }
      });
    });
  }

  void lower_bias() {
    const MapLayout& out = context_.output_gradient;
    const auto pixels = balanced_tiles(out.shape.width, kBiasPixels);
    for (const Tiles& piece : vector_pieces(out.channel_pitch, nest_.max_lanes())) {
      const int lanes = static_cast<int>(piece.size);
      nest_.loop("filter", piece.count, [&](LoopVariable f) {
        const auto at = [&](const Address& address) {
          return stepped(moved(address, piece.start * kFloatBytes), f, piece.size * kFloatBytes);
        };
        std::vector<Register> sums;
        for (int64_t p = 0; p < pixels[0].size; ++p) sums.push_back(nest_.constant(lanes, 0));
        nest_.loop("image", context_.batch, [&](LoopVariable n) {
          nest_.loop("row", out.shape.height, [&](LoopVariable y) {
            const Address row =
                stepped(stepped(at(gradient_), n, out.image_bytes()), y, out.row_bytes());
            for (const Tiles& tiles : pixels) add_pixels(tiles, row, sums);
          });
        });
        for (size_t p = 1; p < sums.size(); ++p) {
          nest_.assign(sums[0], Opcode::kAdd, sums[0], sums[p]);
        }
        nest_.store(sums[0], at(bias_));
      });
    }
  }

  void add_pixels(const Tiles& tiles, const Address& row, const std::vector<Register>& sums) {
    const int64_t pixel_bytes = context_.output_gradient.channel_bytes();
    nest_.loop("column", tiles.count, [&](LoopVariable x) {
      const Address first =
          stepped(moved(row, tiles.start * pixel_bytes), x, tiles.size * pixel_bytes);
      for (int64_t p = 0; p < tiles.size; ++p) {
        const Register sum = sums[static_cast<size_t>(p)];
        const Register value = nest_.load(nest_.lanes(sum), moved(first, p * pixel_bytes));
        nest_.assign(sum, Opcode::kAdd, sum, value);
      }
    });
  }

  const Conv2d conv_;
  const BackwardContext& context_;
  NestBuilder nest_;
  const int64_t group_inputs_;
  const int64_t group_filters_;
  const int64_t taps_;  // of one filter: kernel rows x columns x channels
  const std::vector<ColumnBlock> blocks_;
  std::optional<PlanarGradient> planar_;
  std::optional<TapColumns> tap_columns_;
  Address input_, gradient_, weights_, bias_, sums_;
};

}  // namespace

LoopNest lower_weight_gradient(const Dense& dense, const BackwardContext& context) {
  BackwardContext whole_map = context;
  if (const auto vectors = context.input().as_vectors()) whole_map.inputs.front() = *vectors;
  const FeatureShape& shape = whole_map.input().shape;
  const Conv2d conv{dense.units, {shape.height, shape.width}, 1};
  return WeightGradientLowering("dense_weight_gradient", conv, whole_map).lower();
}

LoopNest lower_weight_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d_weight_gradient(conv, context);
  }
  return WeightGradientLowering("conv2d_weight_gradient", conv, context).lower();
}

}  // namespace wattgrind
