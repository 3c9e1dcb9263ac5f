// The data gradient of a convolution of few channels on planes. Weights are read where they lie,
// from the last tap to the first.
#include "kernels/conv/planar_conv.h"
#include "kernels/conv/thresholds.h"
#include "kernels/gradients/data_gradient.h"
#include "kernels/gradients/gradient_algorithms.h"

namespace wattgrind {
namespace {

std::optional<double> cost(const ConvProblem& problem) {
  if (problem.is_dense || !is_one_phase(problem) || problem.filter_blocks().size() > 1) {
    return std::nullopt;
  }
  const auto image_cost = planar_conv_cost(whole_convolution(problem), problem.isa);
  if (!image_cost) return std::nullopt;
  return static_cast<double>(problem.batch) * static_cast<double>(*image_cost);
}

PlanesBytes planes_bytes(const ConvProblem& problem) {
  return planar_conv_scratch(whole_convolution(problem), problem.isa);
}

uint64_t scratch_bytes(const ConvProblem& problem) { return planes_bytes(problem).total(); }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const Window2d& w = problem.window;
  const Address weights = packed_weights(nest, problem);
  const GradientMaps maps = gradient_maps(nest, problem);
  const PlanesBytes bytes = planes_bytes(problem);
  PlanarOperands planar;
  planar.output_bytes = problem.packed_filters() * kFloatBytes;
  planar.input_bytes = kFloatBytes;
  planar.column_bytes = -problem.group_inputs() * planar.output_bytes;
  planar.row_bytes = w.kernel_width * planar.column_bytes;
  planar.input_planes = nest.buffer(Operand::kGradientPlanes, TensorRole::kScratch, bytes.input);
  planar.output_planes =
      nest.buffer(Operand::kInputGradientPlanes, TensorRole::kScratch, bytes.output);
  const Address last_tap = moved(weights, -(w.kernel_height - 1) * planar.row_bytes -
                                              (w.kernel_width - 1) * planar.column_bytes);
  nest.loop("image", problem.batch, [&](LoopVariable n) {
    emit_planar_conv(nest, whole_of_image(problem, maps, last_tap, n), planar);
  });
}

}  // namespace

AlgorithmEntry planar_data_gradient() {
  return {ConvAlgorithm::kPlanar, kWorthOfCopies, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
