// The weight gradient of a convolution or a dense layer as a product whose rows are a filter's
// taps, whose columns are filters, and whose reduction runs over images and pixels.
#include <algorithm>
#include <optional>

#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/gradients/packed_pixels.h"
#include "kernels/gradients/weight_gradient.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Taps that follow each other without gaps, in the input and in the packed weights, and the loops
// around them.
struct TapLoops {
  int64_t rows = 1, columns = 1;
  int64_t taps = 0;  // in a run
};

TapLoops tap_loops(const ConvProblem& problem) {
  const Window2d& window = problem.window;
  const MapLayout& in = problem.input;
  if (in.channel_pitch != problem.group_inputs()) {
    return {window.kernel_height, window.kernel_width, problem.group_inputs()};
  }
  if (window.kernel_width > 1 && window.dilation_width > 1) {
    return {window.kernel_height, window.kernel_width, problem.group_inputs()};
  }
  const int64_t row_taps = window.kernel_width * problem.group_inputs();
  if (row_taps * kFloatBytes != in.row_bytes() || window.dilation_height > 1) {
    return {window.kernel_height, 1, row_taps};
  }
  return {1, 1, problem.taps()};
}

// Multiply-adds, where a tile too small to hide their latency counts as the smallest that hides it.
std::optional<double> cost(const ConvProblem& problem) {
  const TapLoops loops = tap_loops(problem);
  int64_t sums = 0;
  for (const ColumnBlock& block : problem.filter_blocks()) {
    for (const Tiles& tiles : balanced_tiles(loops.taps, tile_rows(problem.isa))) {
      sums += tiles.count * std::max(kLatencyHidingSums, tiles.size * block.vectors);
    }
  }
  const FeatureShape& out = problem.output.shape;
  const int64_t image_cost = out.height * out.width * loops.rows * loops.columns * sums;
  return static_cast<double>(problem.batch * problem.groups) * static_cast<double>(image_cost);
}

// Blocks of filters that are walked together.
struct BlockGroup {
  ColumnBlock block;  // the first of them
  int64_t together = 1;
  std::optional<PackedPixels> packed;

  int64_t width_bytes() const { return block.width() * kFloatBytes; }
};

BlockGroup block_group(const ConvProblem& problem, const TapLoops& loops, const BlockRun& run) {
  const std::vector<Tiles> taps = balanced_tiles(loops.taps, tile_rows(problem.isa));
  BlockGroup group{run.block};
  group.together = std::clamp<int64_t>(tile_vectors(problem.isa, taps[0].size) / run.block.vectors,
                                       1, run.count);
  int64_t walks = 0;
  for (const Tiles& tiles : taps) walks += loops.rows * loops.columns * tiles.count;
  group.packed = packed_pixels(problem, group.together * group.width_bytes(), walks);
  return group;
}

// Of packed pixels.
uint64_t scratch_bytes(const ConvProblem& problem) {
  uint64_t most = 0;
  for (const BlockRun& run : runs(problem.filter_blocks())) {
    const BlockGroup group = block_group(problem, tap_loops(problem), run);
    if (!group.packed) continue;
    most = std::max(most, static_cast<uint64_t>(group.packed->bytes(problem)));
  }
  return most;
}

class FilterColumns {
 public:
  FilterColumns(NestBuilder& nest, const ConvProblem& problem)
      : nest_(nest),
        problem_(problem),
        loops_(tap_loops(problem)),
        taps_(problem.taps()),
        operands_(weight_gradient_operands(nest, problem)) {
    if (const uint64_t bytes = scratch_bytes(problem); bytes > 0) {
      packed_ = nest.buffer(Operand::kPackedPixels, TensorRole::kScratch, bytes);
    }
  }

  void emit() {
    const std::vector<ColumnBlock> blocks = problem_.filter_blocks();
    if (packed_) emit_zeros();
    for_each_image_chunk(
        nest_, problem_, operands_, packed_.has_value(), [&](const ProductTile& chunk) {
          nest_.loop("group", problem_.groups, [&](LoopVariable g) {
            ProductTile tile = chunk;
            tile.input = stepped(chunk.input, g, problem_.group_inputs() * kFloatBytes);
            tile.weights = stepped(chunk.weights, g, problem_.group_filters() * kFloatBytes);
            tile.output = stepped(operands_.weights, g, taps_ * padded_width(blocks) * kFloatBytes);
            for (const BlockRun& run : runs(blocks)) emit_run(run, tile);
          });
        });
    emit_bias_gradient(nest_, problem_, operands_);
  }

 private:
  // Packed pixels come chunk by chunk, all of which add to what is there.
  void emit_zeros() {
    const int64_t floats = static_cast<int64_t>(problem_.packed_weights_bytes()) / kFloatBytes;
    for (const Tiles& piece : vector_pieces(floats, nest_.max_lanes())) {
      const Register zero = nest_.constant(static_cast<int>(piece.size), 0);
      nest_.loop("vector", piece.count, [&](LoopVariable v) {
        nest_.store(zero, stepped(moved(operands_.weights, piece.start * kFloatBytes), v,
                                  piece.size * kFloatBytes));
      });
    }
  }

  void emit_run(const BlockRun& run, const ProductTile& base) {
    const BlockGroup group = block_group(problem_, loops_, run);
    const int64_t width_bytes = group.width_bytes();
    for (const Tiles& tiles : full_tiles(run.count, group.together)) {
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
        if (!group.packed) {
          emit_taps(width_bytes, tile);
          return;
        }
        const PackedPixels packed{group.packed->rows, step_bytes};
        for_each_packed_chunk(nest_, packed, *packed_, tile,
                              [&](const ProductTile& chunk) { emit_taps(width_bytes, chunk); });
      });
    }
  }

  void emit_taps(int64_t width_bytes, const ProductTile& base) {
    ProductTile tile = base;
    tile.input_row_bytes = kFloatBytes;
    tile.output_row_bytes = width_bytes;
    nest_.loop("kernel_row", loops_.rows, [&](LoopVariable r) {
      nest_.loop("kernel_column", loops_.columns, [&](LoopVariable s) {
        const Address input = stepped(
            stepped(base.input, r, problem_.window.dilation_height * problem_.input.row_bytes()), s,
            problem_.window.dilation_width * problem_.input.channel_bytes());
        const Address output =
            stepped(stepped(base.output, r, loops_.columns * loops_.taps * width_bytes), s,
                    loops_.taps * width_bytes);
        for (const Tiles& tiles : balanced_tiles(loops_.taps, tile_rows(problem_.isa))) {
          tile.rows = tiles.size;
          nest_.loop("tap", tiles.count, [&](LoopVariable t) {
            tile.input =
                stepped(moved(input, tiles.start * kFloatBytes), t, tiles.size * kFloatBytes);
            tile.output =
                stepped(moved(output, tiles.start * width_bytes), t, tiles.size * width_bytes);
            emit_product_tile(nest_, tile);
          });
        }
      });
    });
  }

  NestBuilder& nest_;
  const ConvProblem& problem_;
  const TapLoops loops_;
  const int64_t taps_;
  const WeightGradientOperands operands_;
  std::optional<Address> packed_;
};

void emit(NestBuilder& nest, const ConvProblem& problem) { FilterColumns(nest, problem).emit(); }

}  // namespace

AlgorithmEntry direct_weight_gradient() {
  return {ConvAlgorithm::kDirect, Share{}, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
