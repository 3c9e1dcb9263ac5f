// A convolution's way forward on planes, image by image; its filters are one block.
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/conv/planar_conv.h"
#include "kernels/conv/thresholds.h"

namespace wattgrind {
namespace {

std::optional<double> cost(const ConvProblem& problem) {
  const DirectConv conv = forward_convolution(problem);
  // Sums are stored in planes, where another map's values do not lie beside them.
  if (problem.is_dense || conv.blocks.size() > 1 || reads_maps(problem.fused)) return std::nullopt;
  const auto image_cost = planar_conv_cost(conv, problem.isa);
  if (!image_cost) return std::nullopt;
  return static_cast<double>(problem.batch) * static_cast<double>(*image_cost);
}

PlanesBytes planes_bytes(const ConvProblem& problem) {
  return planar_conv_scratch(forward_convolution(problem), problem.isa);
}

uint64_t scratch_bytes(const ConvProblem& problem) { return planes_bytes(problem).total(); }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  const PlanesBytes bytes = planes_bytes(problem);
  PlanarOperands planar;
  planar.output_bytes = kFloatBytes;
  planar.input_bytes = problem.packed_filters() * kFloatBytes;
  planar.column_bytes = problem.group_inputs() * planar.input_bytes;
  planar.row_bytes = problem.window.kernel_width * planar.column_bytes;
  planar.input_planes = nest.buffer(Operand::kInputPlanes, TensorRole::kScratch, bytes.input);
  planar.output_planes = nest.buffer(Operand::kOutputPlanes, TensorRole::kScratch, bytes.output);
  for_each_image(nest, problem, operands,
                 [&](const DirectConv& conv) { emit_planar_conv(nest, conv, planar); });
}

}  // namespace

AlgorithmEntry planar_forward() {
  return {ConvAlgorithm::kPlanar, kWorthOfCopies, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
