// A convolution's way forward as direct sums without the taps on padding, image by image.
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/conv/trimmed_conv.h"

namespace wattgrind {
namespace {

std::optional<double> cost(const ConvProblem& problem) {
  if (problem.is_dense) return std::nullopt;
  const std::optional<int64_t> of_group = trimmed_conv_cost(problem);
  if (!of_group) return std::nullopt;
  return static_cast<double>(problem.batch * problem.groups) * static_cast<double>(*of_group);
}

uint64_t scratch_bytes(const ConvProblem&) { return 0; }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  for_each_image(nest, problem, operands,
                 [&](const DirectConv& image) { emit_trimmed_conv(nest, problem, image); });
}

}  // namespace

AlgorithmEntry trimmed_forward() {
  return {ConvAlgorithm::kTrimmed, std::nullopt, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
