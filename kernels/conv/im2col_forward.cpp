// A convolution's way forward as Caffe computes it: what each output pixel reads is copied to a row
// of a matrix (Chellapilla et al. 2006), a strip of rows of the output at a time, and the matrix is
// multiplied with the weights.
#include <algorithm>

#include "kernels/conv/direct_conv.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/layout/blocking.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {
namespace {

// The matrix of some rows of the output of one group, as a map whose channels are taps.
class Im2col {
 public:
  explicit Im2col(const ConvProblem& problem) : problem_(problem), rows_(choose_rows()) {}

  std::vector<Tiles> strips() const { return full_tiles(problem_.output.shape.height, rows_); }

  MapLayout matrix(int64_t rows) const {
    return {{problem_.taps(), rows, problem_.output.shape.width},
            staggered_pitch(problem_.taps(), traits(problem_.isa).float_lanes),
            {}};
  }
  int64_t bytes(int64_t rows) const { return rows * matrix(rows).row_bytes(); }
  int64_t bytes() const { return bytes(rows_); }

  // A strip's product, without addresses.
  DirectConv product(int64_t rows) const {
    DirectConv conv;
    conv.group_inputs = problem_.taps();
    conv.group_outputs = problem_.group_filters();
    conv.rows = rows;
    conv.columns = problem_.output.shape.width;
    conv.input = matrix(rows);
    conv.output = problem_.output;
    conv.blocks = problem_.filter_blocks();
    return conv;
  }

  // Copies what a strip reads of a group; `from` is the first value that its first output reads.
  void emit_copy_of(NestBuilder& nest, int64_t rows, const Address& from, const Address& to) const {
    const Window2d& window = problem_.window;
    const MapLayout& in = problem_.input;
    const MapLayout matrix = this->matrix(rows);
    const int64_t tap_bytes = problem_.group_inputs() * kFloatBytes;
    emit_copy(nest, from, to,
              {{"row", rows, window.stride_height * in.row_bytes(), matrix.row_bytes()},
               {"column", problem_.output.shape.width, window.stride_width * in.channel_bytes(),
                matrix.channel_bytes()},
               {"kernel_row", window.kernel_height, window.dilation_height * in.row_bytes(),
                window.kernel_width * tap_bytes},
               {"kernel_column", window.kernel_width, window.dilation_width * in.channel_bytes(),
                tap_bytes},
               {"channel", problem_.group_inputs(), kFloatBytes, kFloatBytes}});
  }

 private:
  // The rows of a strip for which the fewest bytes move between L2 and what lies below: weights
  // come once a strip, and the matrix goes and comes where it does not stay in L2.
  int64_t choose_rows() const {
    const auto weights = static_cast<int64_t>(problem_.packed_weights_bytes()) / problem_.groups;
    const int64_t height = problem_.output.shape.height;
    const auto moved = [&](int64_t rows) {
      const int64_t strips = (height + rows - 1) / rows;
      const bool stays = bytes(rows) <= resident_map_bytes(problem_.isa);
      return strips * weights * distance_from_l2(weights) +
             (stays ? 0 : 2 * bytes(height) * distance_from_l2(bytes(rows)));
    };
    int64_t best = height;
    for (int64_t rows = height - 1; rows > 0; --rows) {
      if (moved(rows) < moved(best)) best = rows;
    }
    return best;
  }

  const ConvProblem& problem_;
  const int64_t rows_;
};

std::optional<double> cost(const ConvProblem& problem) {
  if (problem.is_dense) return std::nullopt;
  const Im2col im2col(problem);
  double image_cost = 0;
  for (const Tiles& strip : im2col.strips()) {
    image_cost += static_cast<double>(strip.count *
                                      direct_conv_cost(im2col.product(strip.size), problem.isa));
  }
  const int64_t pixels = problem.output.shape.height * problem.output.shape.width;
  const int64_t lanes = traits(problem.isa).float_lanes;
  const int64_t vectors = (problem.taps() + lanes - 1) / lanes;
  const auto copies = static_cast<double>(2 * pixels * vectors);
  return static_cast<double>(problem.batch * problem.groups) * (image_cost + copies);
}

uint64_t scratch_bytes(const ConvProblem& problem) {
  return static_cast<uint64_t>(Im2col(problem).bytes());
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  const Im2col im2col(problem);
  const Address matrix =
      nest.buffer(Operand::kScratch, TensorRole::kScratch, scratch_bytes(problem));
  const int64_t in_row = problem.window.stride_height * problem.input.row_bytes();
  const int64_t out_row = problem.output.row_bytes();
  for_each_image(nest, problem, operands, [&](const DirectConv& image) {
    for (const Tiles& strip : im2col.strips()) {
      nest.loop("strip", strip.count, [&](LoopVariable s) {
        nest.loop("group", problem.groups, [&](LoopVariable g) {
          const auto of = [&](const Address& first, int64_t row_bytes, int64_t group_values) {
            const Address in_strip =
                stepped(moved(first, strip.start * row_bytes), s, strip.size * row_bytes);
            return stepped(in_strip, g, group_values * kFloatBytes);
          };
          im2col.emit_copy_of(nest, strip.size,
                              of(image.input_values, in_row, problem.group_inputs()), matrix);
          DirectConv product = im2col.product(strip.size);
          const int64_t width = padded_width(product.blocks);
          product.input_values = matrix;
          product.weights = stepped(operands.weights, g, problem.taps() * width * kFloatBytes);
          product.bias = stepped(operands.bias, g, width * kFloatBytes);
          product.output_values = of(image.output_values, out_row, problem.group_filters());
          product.epilogue = operands.epilogue;
          emit_direct_conv(nest, product);
        });
      });
    }
  });
}

}  // namespace

AlgorithmEntry im2col_forward() {
  return {ConvAlgorithm::kIm2col, std::nullopt, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
