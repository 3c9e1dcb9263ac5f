// A convolution's data gradient as direct convolutions, one a phase of the stride, on transposed
// weights.
#include "kernels/gradients/data_gradient.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// Bytes of a group's transposed weights of one phase.
int64_t group_weight_bytes(const ConvProblem& problem, const StridePhase& row,
                           const StridePhase& column) {
  return row.taps * column.taps * problem.group_filters() * padded_width(input_blocks(problem)) *
         kFloatBytes;
}

// Calls visit(row phase, column phase, address of the phase's transposed weights).
template <typename Visit>
void for_each_phase(const ConvProblem& problem, Address transposed, const Visit& visit) {
  for (const StridePhase& row : row_phases(problem.window, problem.input.shape)) {
    for (const StridePhase& column : column_phases(problem.window, problem.input.shape)) {
      visit(row, column, transposed);
      transposed.offset_bytes += problem.groups * group_weight_bytes(problem, row, column);
    }
  }
}

void transpose_phase(NestBuilder& nest, const ConvProblem& problem, const StridePhase& row,
                     const StridePhase& column, const Address& weights, const Address& transposed) {
  const Window2d& w = problem.window;
  const int64_t inputs = problem.group_inputs(), filters = problem.group_filters();
  WeightTranspose transpose;
  transpose.from_blocks = problem.filter_blocks();
  transpose.to_blocks = input_blocks(problem);
  transpose.outputs = filters;
  transpose.inputs = inputs;
  transpose.from_steps = problem.taps();
  transpose.to_steps = row.taps * column.taps * filters;
  transpose.first_from_step = (row.last_tap() * w.kernel_width + column.last_tap()) * inputs;
  transpose.loops = {
      {"kernel_row", row.taps, -row.tap_step * w.kernel_width * inputs, column.taps * filters, 0},
      {"kernel_column", column.taps, -column.tap_step * inputs, filters, 0}};
  const int64_t group_bytes =
      transpose.from_steps * padded_width(transpose.from_blocks) * kFloatBytes;
  nest.loop("group", problem.groups, [&](LoopVariable g) {
    transpose.from = stepped(weights, g, group_bytes);
    transpose.to = stepped(transposed, g, group_weight_bytes(problem, row, column));
    emit_weight_transpose(nest, transpose);
  });
}

// The transposition counts nothing: it is made once a batch.
std::optional<double> cost(const ConvProblem& problem) {
  if (problem.is_dense) return std::nullopt;
  double group_cost = 0;
  for_each_phase(problem, {}, [&](const StridePhase& row, const StridePhase& column, Address) {
    group_cost +=
        static_cast<double>(direct_conv_cost(phase_convolution(problem, row, column), problem.isa));
  });
  return static_cast<double>(problem.batch * problem.groups) * group_cost;
}

uint64_t scratch_bytes(const ConvProblem& problem) {
  return static_cast<uint64_t>(problem.groups * problem.window.kernel_height *
                               problem.window.kernel_width * problem.group_filters() *
                               padded_width(input_blocks(problem)) * kFloatBytes);
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const Address weights = packed_weights(nest, problem);
  const Address transposed =
      nest.buffer(Operand::kTransposed, TensorRole::kScratch, scratch_bytes(problem));
  const GradientMaps maps = gradient_maps(nest, problem);
  for_each_phase(problem, transposed,
                 [&](const StridePhase& row, const StridePhase& column, const Address& to) {
                   transpose_phase(nest, problem, row, column, weights, to);
                 });
  nest.loop("image", problem.batch, [&](LoopVariable n) {
    for_each_phase(problem, transposed,
                   [&](const StridePhase& row, const StridePhase& column, const Address& from) {
                     emit_direct_conv(nest, phase_of_image(problem, row, column, maps, from, n));
                   });
  });
}

}  // namespace

AlgorithmEntry direct_data_gradient() {
  return {ConvAlgorithm::kDirect, Share{}, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
