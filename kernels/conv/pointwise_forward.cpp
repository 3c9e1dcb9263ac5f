// The way forward of a convolution of one tap, with no stride or padding: a product of matrices
// over pixels. Where rows follow each other without a gap it does not see where they end, nor where
// images do. Pixels go by in tiles that fill the registers; those left over come last.
#include <algorithm>

#include "kernels/conv/direct_conv.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/layout/blocking.h"

namespace wattgrind {
namespace {

// The pixels that lie side by side in both maps, and of how many rows of how many images there are
// so many.
struct Pixels {
  int64_t images = 1, rows = 1;
  int64_t count = 0;
};

Pixels pixels_of(const ConvProblem& problem) {
  const FeatureShape& shape = problem.output.shape;
  const auto has_gap = [&](const MapLayout& map) {
    return map.image_bytes() != shape.height * map.row_bytes();
  };
  if (!problem.input.rows_touch() || !problem.output.rows_touch()) {
    return {problem.batch, shape.height, shape.width};
  }
  const int64_t image = shape.height * shape.width;
  if (has_gap(problem.input) || has_gap(problem.output)) return {problem.batch, 1, image};
  return {1, 1, problem.batch * image};
}

bool applies(const ConvProblem& problem) {
  const Window2d& window = problem.window;
  return !problem.is_dense && window.kernel_height == 1 && window.kernel_width == 1 &&
         window.stride_height == 1 && window.stride_width == 1 &&
         problem.input.shape.height == problem.output.shape.height &&
         problem.input.shape.width == problem.output.shape.width;
}

// Products of so many pixels in a row, whose inputs and sums stay in L2 together.
std::vector<Tiles> rows_of(const ConvProblem& problem, int64_t pixels) {
  const int64_t pixel_bytes = problem.input.channel_bytes() + problem.output.channel_bytes();
  const int64_t tile = tile_rows(problem.isa);
  const int64_t tiles =
      std::max<int64_t>(1, resident_map_bytes(problem.isa) / (pixel_bytes * tile));
  return full_tiles(pixels, tiles * tile);
}

DirectConv product(const ConvProblem& problem, int64_t pixels) {
  DirectConv conv = forward_convolution(problem);
  conv.rows = 1;
  conv.columns = pixels;
  conv.input = {{problem.input.shape.channels, 1, pixels}, problem.input.channel_pitch, {}};
  conv.output = {{problem.output.shape.channels, 1, pixels}, problem.output.channel_pitch, {}};
  return conv;
}

std::optional<double> cost(const ConvProblem& problem) {
  if (!applies(problem)) return std::nullopt;
  const Pixels pixels = pixels_of(problem);
  double cost = 0;
  for (const Tiles& row : rows_of(problem, pixels.count)) {
    cost +=
        static_cast<double>(row.count * direct_conv_cost(product(problem, row.size), problem.isa));
  }
  return static_cast<double>(pixels.images * pixels.rows * problem.groups) * cost;
}

uint64_t scratch_bytes(const ConvProblem&) { return 0; }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  const Pixels pixels = pixels_of(problem);
  nest.loop("image", pixels.images, [&](LoopVariable n) {
    nest.loop("row", pixels.rows, [&](LoopVariable y) {
      for (const Tiles& stretch : rows_of(problem, pixels.count)) {
        nest.loop("pixels", stretch.count, [&](LoopVariable p) {
          const auto at = [&](const Address& first, const MapLayout& map) {
            const Address row = stepped(stepped(first, n, map.image_bytes()), y, map.row_bytes());
            return stepped(moved(row, stretch.start * map.channel_bytes()), p,
                           stretch.size * map.channel_bytes());
          };
          DirectConv conv = product(problem, stretch.size);
          conv.input_values = at(operands.input, problem.input);
          conv.output_values = at(operands.output, problem.output);
          conv.weights = operands.weights;
          conv.bias = operands.bias;
          conv.epilogue = operands.epilogue;
          emit_direct_conv(nest, conv);
        });
      }
    });
  });
}

}  // namespace

AlgorithmEntry pointwise_forward() {
  return {ConvAlgorithm::kPointwise, std::nullopt, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
