#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/layout/blocking.h"
#include "kernels/parts/dense_product.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// The input's gradient as pieces of memory without gaps, each the columns of one product.
struct Segments {
  int64_t rows = 1, columns = 1;  // pieces
  int64_t values = 0;             // stored in a piece
  int64_t inputs = 0;             // of them, the first so many are no padding
};

Segments segments(const MapLayout& map) {
  const FeatureShape& shape = map.shape;
  if (map.is_dense()) return {1, 1, shape.elements(), shape.elements()};
  if (map.channel_pitch == shape.channels) {
    return {shape.height, 1, shape.width * shape.channels, shape.width * shape.channels};
  }
  return {shape.height, shape.width, map.channel_pitch, shape.channels};
}

// The gradient as dot products of an input's weights and an image's output gradient, with units as
// lanes: the weights are read as they lie, and the lanes of every sum are added. Where images are
// few, writing the weights over for a product with inputs as lanes takes longer than all products.
class DotGradient {
 public:
  DotGradient(const Dense& dense, const BackwardContext& context)
      : context_(context),
        nest_("dense_data_gradient", context.isa),
        units_(dense.units),
        steps_(context.input_gradient.shape.elements()),
        blocks_(column_blocks(dense.units, context.isa, Surplus::kPad)),
        lanes_(blocks_[0].lanes) {}

  // Whether it takes fewer instructions. Blocks have to be of equal vectors, and the output's
  // gradient stored as long as they are: its padding adds zeros. All images' must stay in L2 while
  // inputs pass by.
  bool pays() const {
    const int64_t width = padded_width(blocks_);
    const auto fits = [&](const ColumnBlock& block) { return block.lanes == lanes_; };
    if (lanes_ < 4 || !std::ranges::all_of(blocks_, fits)) return false;
    if (context_.output_gradient.channel_pitch != width) return false;
    if (context_.batch * width * kFloatBytes > resident_map_bytes(context_.isa)) return false;
    // A sum of lanes is a shuffle and an addition for every halving; then comes a store.
    const int64_t lane_sum = 2 * std::countr_zero(static_cast<unsigned>(lanes_)) + 1;
    const int64_t dots = context_.batch * (width / lanes_ + lane_sum);
    const int64_t copies = 2 * units_;
    return dots < copies + context_.batch * units_ / nest_.max_lanes();
  }

  LoopNest lower() && {
    const MapLayout& in = context_.input_gradient;
    const MapLayout& out = context_.output_gradient;
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights,
                            static_cast<uint64_t>(steps_ * padded_width(blocks_) * kFloatBytes));
    output_gradient_ = moved(
        nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context_.batch)),
        out.pixel_bytes(0, 0));
    input_gradient_ = moved(
        nest_.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context_.batch)),
        in.pixel_bytes(0, 0));
    const Segments pieces = segments(in);
    nest_.loop("row", pieces.rows, [&](LoopVariable y) {
      nest_.loop("column", pieces.columns, [&](LoopVariable x) {
        for (const Tiles& tiles : balanced_tiles(pieces.inputs, most_inputs())) {
          nest_.loop("input", tiles.count, [&](LoopVariable i) {
            emit_images({y, x, i, tiles, steps_ / pieces.rows, pieces.inputs});
          });
        }
      });
    });
    return std::move(nest_).finish();
  }

 private:
  // Of a tile. They hide the latency of their multiply-adds; more are longer to compile.
  static constexpr int64_t kMostSums = 16;
  static constexpr int64_t kMostImages = 4;

  // Neighbouring inputs: a tile of a piece.
  struct Inputs {
    LoopVariable row, column, tile;
    Tiles tiles;
    int64_t row_steps = 0, column_steps = 0;  // of weights

    Address in(const Address& first, int64_t row_bytes, int64_t column_bytes,
               int64_t value_bytes) const {
      return stepped(stepped(stepped(moved(first, tiles.start * value_bytes), row, row_bytes),
                             column, column_bytes),
                     tile, tiles.size * value_bytes);
    }
  };

  std::vector<Tiles> image_tiles() const { return balanced_tiles(context_.batch, kMostImages); }

  int64_t most_inputs() const {
    const int64_t images = image_tiles()[0].size;
    return std::min(kMostSums / images, most_vectors(context_.isa, images));
  }

  void emit_images(const Inputs& inputs) {
    const MapLayout& in = context_.input_gradient;
    const int64_t from_bytes = context_.output_gradient.image_bytes();
    const Address to = inputs.in(input_gradient_, in.row_bytes(), in.channel_bytes(), kFloatBytes);
    for (const Tiles& images : image_tiles()) {
      nest_.loop("image", images.count, [&](LoopVariable n) {
        const auto at = [&](const Address& first, int64_t image_bytes) {
          return stepped(moved(first, images.start * image_bytes), n, images.size * image_bytes);
        };
        emit_tile(inputs, images.size, at(output_gradient_, from_bytes), at(to, in.image_bytes()));
      });
    }
  }

  void emit_tile(const Inputs& inputs, int64_t images, const Address& from, const Address& to) {
    std::vector<Register> sums;  // [input][image]
    for (int64_t s = 0; s < inputs.tiles.size * images; ++s) {
      sums.push_back(nest_.constant(lanes_, 0));
    }
    for (const BlockRun& run : runs(blocks_)) {
      const int64_t width_bytes = run.block.width() * kFloatBytes;
      const int64_t first_bytes = run.block.first * kFloatBytes;
      const Address weights =
          inputs.in(moved(weights_, steps_ * first_bytes), inputs.row_steps * width_bytes,
                    inputs.column_steps * width_bytes, width_bytes);
      nest_.loop("block", run.count, [&](LoopVariable b) {
        for (int64_t v = 0; v < run.block.vectors; ++v) {
          const int64_t vector_bytes = v * lanes_ * kFloatBytes;
          add_products(inputs.tiles.size, images,
                       stepped(moved(weights, vector_bytes), b, steps_ * width_bytes), width_bytes,
                       stepped(moved(from, first_bytes + vector_bytes), b, width_bytes), sums);
        }
      });
    }
    for (size_t s = 0; s < sums.size(); ++s) {
      const auto input = static_cast<int64_t>(s) / images, image = static_cast<int64_t>(s) % images;
      nest_.store(nest_.reduce(Opcode::kReduceAdd, sums[s]),
                  moved(to, image * context_.input_gradient.image_bytes() + input * kFloatBytes));
    }
  }

  void add_products(int64_t inputs, int64_t images, const Address& weights, int64_t width_bytes,
                    const Address& from, const std::vector<Register>& sums) {
    std::vector<Register> errors;
    for (int64_t n = 0; n < images; ++n) {
      errors.push_back(nest_.load(lanes_, moved(from, n * context_.output_gradient.image_bytes())));
    }
    for (int64_t i = 0; i < inputs; ++i) {
      const Register weight = nest_.load(lanes_, moved(weights, i * width_bytes));
      for (int64_t n = 0; n < images; ++n) {
        const Register sum = sums[static_cast<size_t>(i * images + n)];
        nest_.assign(sum, Opcode::kMulAdd, errors[static_cast<size_t>(n)], weight, sum);
      }
    }
  }

  const BackwardContext& context_;
  NestBuilder nest_;
  const int64_t units_;
  const int64_t steps_;  // inputs
  const std::vector<ColumnBlock> blocks_;
  const int lanes_;
  Address weights_, output_gradient_, input_gradient_;
};

}  // namespace

LoopNest lower_data_gradient(const Dense& dense, const BackwardContext& context) {
  if (DotGradient dots(dense, context); dots.pays()) return std::move(dots).lower();
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("dense_data_gradient", context.isa);
  const Segments pieces = segments(in);
  const int64_t steps = in.shape.elements();
  const int64_t piece_bytes = dense.units * pieces.values * kFloatBytes;

  WeightTranspose transpose;
  transpose.from_blocks = column_blocks(dense.units, context.isa, Surplus::kPad);
  transpose.to_blocks = column_blocks(pieces.values, context.isa, Surplus::kExact);
  transpose.outputs = dense.units;
  transpose.inputs = pieces.inputs;
  transpose.from_steps = steps;
  transpose.to_steps = dense.units;
  transpose.loops = {
      {"row", pieces.rows, steps / pieces.rows, 0, pieces.columns * piece_bytes},
      {"column", pieces.columns, steps / (pieces.rows * pieces.columns), 0, piece_bytes}};
  transpose.from =
      nest.buffer(Operand::kWeights, TensorRole::kWeights,
                  static_cast<uint64_t>(steps * padded_width(transpose.from_blocks) * kFloatBytes));
  transpose.to = nest.buffer(Operand::kTransposed, TensorRole::kScratch,
                             static_cast<uint64_t>(pieces.rows * pieces.columns * piece_bytes));
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  emit_weight_transpose(nest, transpose);

  DenseProduct product;
  product.batch = context.batch;
  product.input = out;
  product.blocks = transpose.to_blocks;
  product.output_image_bytes = in.image_bytes();
  product.start = TileStart::kZero;
  product.input_values = moved(output_gradient, out.pixel_bytes(0, 0));
  nest.loop("row", pieces.rows, [&](LoopVariable y) {
    nest.loop("column", pieces.columns, [&](LoopVariable x) {
      product.weights =
          stepped(stepped(transpose.to, y, pieces.columns * piece_bytes), x, piece_bytes);
      product.output =
          stepped(stepped(moved(input_gradient, in.pixel_bytes(0, 0)), y, in.row_bytes()), x,
                  in.channel_bytes());
      emit_dense_product(nest, product);
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
