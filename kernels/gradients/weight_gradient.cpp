#include "kernels/gradients/weight_gradient.h"

#include <algorithm>
#include <vector>

#include "kernels/layout/blocking.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Pixels whose bias gradients are summed side by side, which hides the latency of the additions.
constexpr int64_t kBiasPixels = 4;

// A single pixel an image is no reason to keep sums in memory: all images are one chunk.
int64_t chunk_images(const ConvProblem& problem) {
  if (problem.output.shape.is_vector()) return problem.batch;
  const int64_t image_bytes = problem.input.image_bytes() + problem.output.image_bytes();
  return largest_divisor(problem.batch,
                         std::max<int64_t>(1, resident_map_bytes(problem.isa) / image_bytes));
}

std::vector<ReductionLoop> reduction(const ConvProblem& problem, int64_t images) {
  const MapLayout& in = problem.input;
  const MapLayout& out = problem.output;
  return {{"image", images, in.image_bytes(), out.image_bytes()},
          {"row", out.shape.height, problem.window.stride_height * in.row_bytes(), out.row_bytes()},
          {"column", out.shape.width, problem.window.stride_width * in.channel_bytes(),
           out.channel_bytes()}};
}

// Adds the gradients of a row's pixels, each tile's first to the first sum.
void add_pixels(NestBuilder& nest, const Tiles& tiles, const Address& row, int64_t pixel_bytes,
                const std::vector<Register>& sums) {
  nest.loop("column", tiles.count, [&](LoopVariable x) {
    const Address first =
        stepped(moved(row, tiles.start * pixel_bytes), x, tiles.size * pixel_bytes);
    for (int64_t p = 0; p < tiles.size; ++p) {
      const Register sum = sums[static_cast<size_t>(p)];
      const Register value = nest.load(nest.lanes(sum), moved(first, p * pixel_bytes));
      nest.assign(sum, Opcode::kAdd, sum, value);
    }
  });
}

}  // namespace

WeightGradientOperands weight_gradient_operands(NestBuilder& nest, const ConvProblem& problem) {
  const MapLayout& in = problem.input;
  const MapLayout& out = problem.output;
  WeightGradientOperands operands;
  operands.input = moved(nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(problem.batch)),
                         in.pixel_bytes(-problem.window.pad_top, -problem.window.pad_left));
  operands.gradient =
      moved(nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(problem.batch)),
            out.pixel_bytes(0, 0));
  operands.weights =
      nest.buffer(Operand::kWeightGradient, TensorRole::kGradient, problem.packed_weights_bytes());
  operands.bias =
      nest.buffer(Operand::kBiasGradient, TensorRole::kGradient, problem.packed_bias_bytes());
  return operands;
}

void for_each_image_chunk(NestBuilder& nest, const ConvProblem& problem,
                          const WeightGradientOperands& operands, bool is_zero,
                          const std::function<void(const ProductTile&)>& body) {
  const int64_t images = chunk_images(problem);
  const int64_t input_bytes = images * problem.input.image_bytes();
  const int64_t gradient_bytes = images * problem.output.image_bytes();
  const auto part = [&](int64_t first_chunk, int64_t chunks) {
    if (chunks == 0) return;
    nest.loop("image_chunk", chunks, [&](LoopVariable n) {
      ProductTile tile;
      tile.start = first_chunk == 0 && !is_zero ? TileStart::kZero : TileStart::kOutput;
      tile.input = stepped(moved(operands.input, first_chunk * input_bytes), n, input_bytes);
      tile.weights =
          stepped(moved(operands.gradient, first_chunk * gradient_bytes), n, gradient_bytes);
      tile.reduction = reduction(problem, images);
      body(tile);
    });
  };
  const int64_t chunks = problem.batch / images;
  if (is_zero) {
    part(0, chunks);
  } else {
    part(0, 1);
    part(1, chunks - 1);
  }
}

void emit_bias_gradient(NestBuilder& nest, const ConvProblem& problem,
                        const WeightGradientOperands& operands) {
  const MapLayout& out = problem.output;
  const auto pixels = balanced_tiles(out.shape.width, kBiasPixels);
  for (const Tiles& piece : vector_pieces(out.channel_pitch, nest.max_lanes())) {
    const int lanes = static_cast<int>(piece.size);
    nest.loop("filter", piece.count, [&](LoopVariable f) {
      const auto at = [&](const Address& address) {
        return stepped(moved(address, piece.start * kFloatBytes), f, piece.size * kFloatBytes);
      };
      std::vector<Register> sums;
      for (int64_t p = 0; p < pixels[0].size; ++p) sums.push_back(nest.constant(lanes, 0));
      nest.loop("image", problem.batch, [&](LoopVariable n) {
        nest.loop("row", out.shape.height, [&](LoopVariable y) {
          const Address row =
              stepped(stepped(at(operands.gradient), n, out.image_bytes()), y, out.row_bytes());
          for (const Tiles& tiles : pixels) {
            add_pixels(nest, tiles, row, out.channel_bytes(), sums);
          }
        });
      });
      for (size_t p = 1; p < sums.size(); ++p) {
        nest.assign(sums[0], Opcode::kAdd, sums[0], sums[p]);
      }
      nest.store(sums[0], at(operands.bias));
    });
  }
}

}  // namespace wattgrind
