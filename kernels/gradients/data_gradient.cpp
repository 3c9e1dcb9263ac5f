#include "kernels/gradients/data_gradient.h"

#include "estimator/base/error.h"

namespace wattgrind {

Address packed_weights(NestBuilder& nest, const ConvProblem& problem) {
  return nest.buffer(Operand::kWeights, TensorRole::kWeights, problem.packed_weights_bytes());
}

GradientMaps gradient_maps(NestBuilder& nest, const ConvProblem& problem) {
  GradientMaps maps;
  maps.output_gradient = nest.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                                     problem.output.bytes(problem.batch));
  maps.input_gradient = nest.buffer(Operand::kInputGradient, TensorRole::kGradient,
                                    problem.input.bytes(problem.batch));
  return maps;
}

std::vector<ColumnBlock> input_blocks(const ConvProblem& problem) {
  const int64_t columns =
      problem.groups == 1 ? problem.input.channel_pitch : problem.group_inputs();
  return column_blocks(columns, problem.isa, Surplus::kExact);
}

bool is_one_phase(const ConvProblem& problem) {
  return problem.window.stride_height == 1 && problem.window.stride_width == 1;
}

DirectConv phase_convolution(const ConvProblem& problem, const StridePhase& row,
                             const StridePhase& column) {
  DirectConv conv;
  conv.groups = problem.groups;
  conv.group_inputs = problem.group_filters();
  conv.group_outputs = problem.group_inputs();
  conv.kernel_height = row.taps;
  conv.kernel_width = column.taps;
  conv.dilation_height = row.dilation;
  conv.dilation_width = column.dilation;
  conv.rows = row.inputs;
  conv.columns = column.inputs;
  conv.input = problem.output;
  conv.output = problem.input;
  conv.output_row_step = problem.window.stride_height;
  conv.output_column_step = problem.window.stride_width;
  conv.blocks = input_blocks(problem);
  conv.start = TileStart::kZero;
  return conv;
}

DirectConv whole_convolution(const ConvProblem& problem) {
  CHECK(is_one_phase(problem), "a stride makes several phases");
  return phase_convolution(problem, row_phases(problem.window, problem.input.shape)[0],
                           column_phases(problem.window, problem.input.shape)[0]);
}

DirectConv phase_of_image(const ConvProblem& problem, const StridePhase& row,
                          const StridePhase& column, const GradientMaps& maps,
                          const Address& weights, LoopVariable image) {
  const MapLayout& in = problem.input;
  const MapLayout& out = problem.output;
  DirectConv conv = phase_convolution(problem, row, column);
  conv.weights = weights;
  conv.input_values =
      stepped(moved(maps.output_gradient, out.pixel_bytes(row.first_output, column.first_output)),
              image, out.image_bytes());
  conv.output_values =
      stepped(moved(maps.input_gradient, in.pixel_bytes(row.first_input, column.first_input)),
              image, in.image_bytes());
  return conv;
}

DirectConv whole_of_image(const ConvProblem& problem, const GradientMaps& maps,
                          const Address& weights, LoopVariable image) {
  CHECK(is_one_phase(problem), "a stride makes several phases");
  return phase_of_image(problem, row_phases(problem.window, problem.input.shape)[0],
                        column_phases(problem.window, problem.input.shape)[0], maps, weights,
                        image);
}

}  // namespace wattgrind
