#include "kernels/conv/byte_product.h"

#include <algorithm>

#include "kernels/layout/blocking.h"
#include "kernels/layout/byte_reduction.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/byte_values.h"

namespace wattgrind {
namespace {

// The largest register tile: its rows beside two vectors, and its sums. They leave registers for
// operands and for what a dot product needs where it is no instruction: sums of pairs and ones, or
// bytes widened to 16 bits, of which AVX2's sixteen registers hold few.
struct TileLimits {
  int64_t rows = 0, sums = 0;
};
TileLimits tile_limits(Isa isa, int weight_bits) {
  switch (isa) {
    case Isa::kSse42:
      return weight_bits == 7 ? TileLimits{4, 8} : TileLimits{2, 4};
    case Isa::kAvx2:
      return weight_bits == 7 ? TileLimits{5, 10} : TileLimits{3, 6};
    case Isa::kAvx512:
      return {12, 24};
    case Isa::kNeon:
      return {8, 16};
  }
  return {1, 2};
}
constexpr int64_t kMostVectors = 8;

// Output pixels of an image or, of a dense layer, the images: what the rows of tiles are.
struct PixelGrid {
  int64_t images = 1, rows = 1, columns = 1;
  // From one to the next, of the input and of the output.
  int64_t input_image = 0, input_row = 0, input_column = 0;
  int64_t output_image = 0, output_row = 0, output_column = 0;
};

PixelGrid pixel_grid(const Dense&, const LayerContext& context) {
  PixelGrid grid;
  grid.columns = context.batch;
  grid.input_column = context.input().image_bytes();
  grid.output_column = context.output.image_bytes();
  return grid;
}

PixelGrid pixel_grid(const Conv2d& conv, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  const Window2d& window = conv.window;
  PixelGrid grid{context.batch,
                 out.shape.height,
                 out.shape.width,
                 in.image_bytes(),
                 window.stride_height * in.row_bytes(),
                 window.stride_width * in.channel_bytes(),
                 out.image_bytes(),
                 out.row_bytes(),
                 out.channel_bytes()};
  const bool is_one_row = window.kernel_height == 1 && window.kernel_width == 1 &&
                          window.stride_height == 1 && window.stride_width == 1 &&
                          in.shape == FeatureShape{in.shape.channels, grid.rows, grid.columns} &&
                          in.rows_touch() && out.rows_touch();
  if (is_one_row) {
    grid.columns *= grid.rows;
    grid.rows = 1;
  }
  return grid;
}

struct ByteOperands {
  Address input, weights, bias, scales, output;
};

class ByteProductLowering {
 public:
  template <typename Product>
  ByteProductLowering(const Layer& layer, const Product& product, const LayerContext& context)
      : nest_(std::string(kind_name(layer.operation)) + "_int8", context.isa),
        context_(context),
        weight_bits_(context.int8.value().weight_bits),
        dot_(context.isa == Isa::kNeon ? Opcode::kDotS8S8
             : weight_bits_ == 7       ? Opcode::kDotU8S7
                                       : Opcode::kDotU8S8),
        limits_(tile_limits(context.isa, weight_bits_)),
        reduction_(byte_reduction(product, context.input())),
        blocks_(byte_blocks(product, context.isa)),
        grid_(pixel_grid(product, context)),
        sizes_(byte_packed_sizes(layer, context.input(), context.isa)) {}

  LoopNest lower(int64_t groups, int64_t first_row, int64_t first_column) && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    ByteOperands at;
    at.input = moved(nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch)),
                     in.pixel_bytes(first_row, first_column));
    at.weights = nest_.buffer(Operand::kWeights, TensorRole::kWeights, sizes_.weights);
    at.bias = nest_.buffer(Operand::kBias, TensorRole::kBias, sizes_.channels * kFloatBytes);
    at.scales = nest_.buffer(Operand::kScales, TensorRole::kBias, sizes_.channels * kFloatBytes);
    at.output =
        moved(nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch)),
              out.pixel_bytes(0, 0));
    epilogue_ = make_byte_epilogue(nest_, context_);
    nest_.loop("image", grid_.images, [&](LoopVariable n) {
      nest_.loop("group", groups, [&](LoopVariable g) { emit_group(groups, n, g, at); });
    });
    return std::move(nest_).finish();
  }

 private:
  void emit_group(int64_t groups, LoopVariable n, LoopVariable g, ByteOperands at) {
    const int64_t width = padded_width(blocks_);
    const int64_t outputs = context_.output.shape.channels / groups;
    at.input =
        stepped(stepped(at.input, n, grid_.input_image), g, reduction_.channels * kByteBytes);
    at.output = stepped(stepped(at.output, n, grid_.output_image), g,
                        outputs * context_.output.value_bytes);
    at.weights = stepped(at.weights, g, width * reduction_.lanes() * kLaneBytes);
    at.bias = stepped(at.bias, g, width * kFloatBytes);
    at.scales = stepped(at.scales, g, width * kFloatBytes);
    const int64_t rows = group_rows();
    nest_.loop("row_group", grid_.rows / rows, [&](LoopVariable y) {
      ByteOperands here = at;
      here.input = stepped(at.input, y, rows * grid_.input_row);
      here.output = stepped(at.output, y, rows * grid_.output_row);
      for (const BlockRun& run : runs(blocks_)) emit_run(rows, run, here);
    });
  }

  // So many rows pass before the next block of channels meets them: their input stays in L2.
  int64_t group_rows() const {
    const int64_t row_bytes = std::max<int64_t>(1, grid_.input_row);
    return largest_divisor(grid_.rows,
                           std::max<int64_t>(1, resident_map_bytes(nest_.isa()) / row_bytes));
  }

  void emit_run(int64_t rows, const BlockRun& run, const ByteOperands& at) {
    const int64_t tile = balanced_tiles(grid_.columns, limits_.rows)[0].size;
    const int64_t vectors = std::clamp<int64_t>(limits_.sums / tile, 1, kMostVectors);
    const int64_t together = std::clamp<int64_t>(vectors / run.block.vectors, 1, run.count);
    for (const Tiles& tiles : full_tiles(run.count, together)) {
      const int64_t first = run.block.first + tiles.start * run.block.width();
      const int64_t step = tiles.size * run.block.width();
      nest_.loop("block", tiles.count, [&](LoopVariable b) {
        const auto of_channels = [&](const Address& address, int64_t bytes) {
          return stepped(moved(address, first * bytes), b, step * bytes);
        };
        ByteOperands here = at;
        here.weights = of_channels(at.weights, reduction_.lanes() * kLaneBytes);
        here.bias = of_channels(at.bias, kFloatBytes);
        here.scales = of_channels(at.scales, kFloatBytes);
        here.output = of_channels(at.output, context_.output.value_bytes);
        emit_rows(rows, run.block, tiles.size, here);
      });
    }
  }

  void emit_rows(int64_t rows, const ColumnBlock& block, int64_t blocks, const ByteOperands& at) {
    nest_.loop("row", rows, [&](LoopVariable y) {
      for (const Tiles& tiles : balanced_tiles(grid_.columns, limits_.rows)) {
        nest_.loop("column", tiles.count, [&](LoopVariable x) {
          const auto pixels = [&](const Address& address, int64_t row, int64_t column) {
            return stepped(stepped(moved(address, tiles.start * column), y, row), x,
                           tiles.size * column);
          };
          ByteOperands here = at;
          here.input = pixels(at.input, grid_.input_row, grid_.input_column);
          here.output = pixels(at.output, grid_.output_row, grid_.output_column);
          emit_tile(tiles.size, block, blocks, here);
        });
      }
    });
  }

  // A register tile: `rows` pixels by the vectors of `blocks` blocks.
  void emit_tile(int64_t rows, const ColumnBlock& block, int64_t blocks, const ByteOperands& at) {
    const int lanes = block.lanes;
    const int64_t vectors = blocks * block.vectors;
    std::vector<Register> sums(static_cast<size_t>(rows * vectors));
    for (int64_t v = 0; v < vectors; ++v) {
      const Register bias = nest_.load(lanes, moved(at.bias, v * lanes * kFloatBytes));
      for (int64_t row = 0; row < rows; ++row) {
        sums[static_cast<size_t>(row * vectors + v)] = nest_.apply(Opcode::kMove, bias);
      }
    }
    const int64_t lane_bytes = block.width() * kLaneBytes;
    const int64_t run_bytes = reduction_.run_lanes() * lane_bytes;
    nest_.loop("kernel_row", reduction_.rows, [&](LoopVariable r) {
      nest_.loop("kernel_column", reduction_.runs, [&](LoopVariable s) {
        nest_.loop("tap", reduction_.run_lanes(), [&](LoopVariable q) {
          const Address input = stepped(stepped(stepped(at.input, r, reduction_.row_step_bytes), s,
                                                reduction_.run_step_bytes),
                                        q, kLaneBytes);
          const Address weights =
              stepped(stepped(stepped(at.weights, r, reduction_.runs * run_bytes), s, run_bytes), q,
                      lane_bytes);
          emit_step(rows, block, vectors, input, weights, sums);
        });
      });
    });
    for (int64_t v = 0; v < vectors; ++v) {
      const Register scale = nest_.load(lanes, moved(at.scales, v * lanes * kFloatBytes));
      for (int64_t row = 0; row < rows; ++row) {
        const Register sum = sums[static_cast<size_t>(row * vectors + v)];
        epilogue_(
            nest_.apply(Opcode::kMul, nest_.apply(Opcode::kToFloat, sum), scale),
            moved(at.output, row * grid_.output_column + v * lanes * context_.output.value_bytes));
      }
    }
  }

  void emit_step(int64_t rows, const ColumnBlock& block, int64_t vectors, const Address& input,
                 const Address& weights, const std::vector<Register>& sums) {
    std::vector<Register> columns, values;
    const auto column = [&](int64_t v) {
      const int64_t in_block = v % block.vectors * block.lanes * kLaneBytes;
      const int64_t block_bytes = reduction_.lanes() * block.width() * kLaneBytes;
      return nest_.load(block.lanes, moved(weights, v / block.vectors * block_bytes + in_block));
    };
    const auto value = [&](int64_t row) {
      return nest_.broadcast(block.lanes, moved(input, row * grid_.input_column));
    };
    const auto add = [&](int64_t row, int64_t v, Register bytes, Register weight) {
      const Register sum = sums[static_cast<size_t>(row * vectors + v)];
      nest_.assign(sum, dot_, bytes, weight, sum);
    };
    if (rows < vectors) {
      for (int64_t row = 0; row < rows; ++row) values.push_back(value(row));
      for (int64_t v = 0; v < vectors; ++v) {
        const Register weight = column(v);
        for (int64_t row = 0; row < rows; ++row) {
          add(row, v, values[static_cast<size_t>(row)], weight);
        }
      }
      return;
    }
    for (int64_t v = 0; v < vectors; ++v) columns.push_back(column(v));
    for (int64_t row = 0; row < rows; ++row) {
      const Register bytes = value(row);
      for (int64_t v = 0; v < vectors; ++v) {
        add(row, v, bytes, columns[static_cast<size_t>(v)]);
      }
    }
  }

  NestBuilder nest_;
  const LayerContext& context_;
  const int weight_bits_;
  const Opcode dot_;
  const TileLimits limits_;
  const ByteReduction reduction_;
  const std::vector<ColumnBlock> blocks_;
  const PixelGrid grid_;
  const BytePackedSizes sizes_;
  ByteEpilogue epilogue_;
};

}  // namespace

LoopNest lower_byte_product(const Layer& layer, const LayerContext& context) {
  if (const auto* dense = std::get_if<Dense>(&layer.operation)) {
    return ByteProductLowering(layer, *dense, context).lower(1, 0, 0);
  }
  const auto& conv = std::get<Conv2d>(layer.operation);
  return ByteProductLowering(layer, conv, context)
      .lower(conv.groups, -conv.window.pad_top, -conv.window.pad_left);
}

}  // namespace wattgrind
