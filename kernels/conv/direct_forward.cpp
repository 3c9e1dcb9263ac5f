// A convolution's way forward as direct convolutions, image by image.
#include "kernels/conv/direct_conv.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"

namespace wattgrind {
namespace {

std::optional<double> cost(const ConvProblem& problem) {
  if (problem.is_dense) return std::nullopt;
  return static_cast<double>(problem.batch * problem.groups) *
         static_cast<double>(direct_conv_cost(forward_convolution(problem), problem.isa));
}

uint64_t scratch_bytes(const ConvProblem&) { return 0; }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  for_each_image(nest, problem, operands,
                 [&](const DirectConv& conv) { emit_direct_conv(nest, conv); });
}

}  // namespace

AlgorithmEntry direct_forward() {
  return {ConvAlgorithm::kDirect, Share{}, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
