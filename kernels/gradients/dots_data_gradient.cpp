// The data gradient of a convolution of few channels as dot products, on weights turned around once
// a batch.
#include "kernels/conv/dot_conv.h"
#include "kernels/conv/thresholds.h"
#include "kernels/gradients/data_gradient.h"
#include "kernels/gradients/gradient_algorithms.h"

namespace wattgrind {
namespace {

// A tap's filters have to be stored as the channels of the output's gradient are, in one block.
std::optional<double> cost(const ConvProblem& problem) {
  const std::vector<ColumnBlock> filters = problem.filter_blocks();
  if (problem.is_dense || !is_one_phase(problem) || filters.size() > 1 ||
      padded_width(filters) != problem.output.channel_pitch) {
    return std::nullopt;
  }
  const auto image_cost = dot_conv_cost(whole_convolution(problem), problem.isa);
  if (!image_cost) return std::nullopt;
  return static_cast<double>(problem.batch) * static_cast<double>(*image_cost);
}

uint64_t scratch_bytes(const ConvProblem& problem) { return problem.packed_weights_bytes(); }

// Copies the weights to the order of dot products: of each input channel, the taps from the last to
// the first.
void emit_flip(NestBuilder& nest, const ConvProblem& problem, const Address& weights,
               const Address& flipped) {
  const Window2d& w = problem.window;
  const ColumnBlock block = problem.filter_blocks()[0];
  const int64_t tap_bytes = block.width() * kFloatBytes;
  const int64_t column_bytes = problem.group_inputs() * tap_bytes;
  const int64_t row_bytes = w.kernel_width * column_bytes;
  const Address last =
      moved(weights, (w.kernel_height - 1) * row_bytes + (w.kernel_width - 1) * column_bytes);
  nest.loop("input", problem.group_inputs(), [&](LoopVariable c) {
    nest.loop("kernel_row", w.kernel_height, [&](LoopVariable r) {
      nest.loop("kernel_column", w.kernel_width, [&](LoopVariable s) {
        const Address from =
            stepped(stepped(stepped(last, c, tap_bytes), r, -row_bytes), s, -column_bytes);
        const Address to =
            stepped(stepped(stepped(flipped, c, w.kernel_height * w.kernel_width * tap_bytes), r,
                            w.kernel_width * tap_bytes),
                    s, tap_bytes);
        for (int64_t v = 0; v < block.vectors; ++v) {
          const int64_t vector_bytes = v * block.lanes * kFloatBytes;
          nest.store(nest.load(block.lanes, moved(from, vector_bytes)), moved(to, vector_bytes));
        }
      });
    });
  });
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const Address weights = packed_weights(nest, problem);
  const Address flipped =
      nest.buffer(Operand::kTransposed, TensorRole::kScratch, scratch_bytes(problem));
  const GradientMaps maps = gradient_maps(nest, problem);
  emit_flip(nest, problem, weights, flipped);
  nest.loop("image", problem.batch, [&](LoopVariable n) {
    emit_dot_conv(nest, whole_of_image(problem, maps, flipped, n));
  });
}

}  // namespace

AlgorithmEntry dots_data_gradient() {
  return {ConvAlgorithm::kDots, kWorthOfCopies, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
