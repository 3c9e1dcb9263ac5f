#include "kernels/conv/forward_conv.h"

#include "kernels/layout/blocking.h"

namespace wattgrind {

ForwardOperands forward_operands(NestBuilder& nest, const ConvProblem& problem) {
  return forward_operands(nest, problem, problem.packed_weights_bytes());
}

ForwardOperands forward_operands(NestBuilder& nest, const ConvProblem& problem,
                                 uint64_t weight_bytes) {
  const MapLayout& in = problem.input;
  const MapLayout& out = problem.output;
  ForwardOperands operands;
  if (problem.part) {
    operands.input = problem.part->input;
  } else {
    operands.input =
        moved(nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(problem.batch)),
              in.pixel_bytes(-problem.window.pad_top, -problem.window.pad_left));
  }
  operands.weights = nest.buffer(Operand::kWeights, TensorRole::kWeights, weight_bytes);
  operands.bias = nest.buffer(Operand::kBias, TensorRole::kBias, problem.packed_bias_bytes());
  if (problem.part) {
    operands.output = problem.part->output;
  } else {
    operands.output =
        moved(nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(problem.batch)),
              out.pixel_bytes(0, 0));
  }
  operands.epilogue = make_epilogue(nest, problem.fused, out, problem.batch);
  return operands;
}

int64_t ahead_bytes(const ConvProblem& problem, int64_t weight_bytes) {
  return problem.prefetches && pays_to_prefetch(weight_bytes, problem.isa) ? kPrefetchBytes : 0;
}

DirectConv forward_convolution(const ConvProblem& problem) {
  DirectConv conv;
  conv.groups = problem.groups;
  conv.group_inputs = problem.group_inputs();
  conv.group_outputs = problem.group_filters();
  conv.kernel_height = problem.window.kernel_height;
  conv.kernel_width = problem.window.kernel_width;
  conv.dilation_height = problem.window.dilation_height;
  conv.dilation_width = problem.window.dilation_width;
  conv.rows = problem.output.shape.height;
  conv.columns = problem.output.shape.width;
  conv.input = problem.input;
  conv.output = problem.output;
  conv.input_row_step = problem.window.stride_height;
  conv.input_column_step = problem.window.stride_width;
  conv.blocks = problem.filter_blocks();
  conv.weights_ahead_bytes =
      ahead_bytes(problem, static_cast<int64_t>(problem.packed_weights_bytes()));
  return conv;
}

}  // namespace wattgrind
