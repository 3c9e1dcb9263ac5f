// A convolution's way forward by tiles: Winograd's minimal filtering, which takes 16
// multiplications for the 36 of a tile of 2 x 2 outputs and 36 for the 144 of 4 x 4, and Fourier
// transforms.
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/tiled_conv.h"

namespace wattgrind {
namespace {

template <ConvAlgorithm kAlgorithm>
AlgorithmEntry entry_of_tiles() {
  AlgorithmEntry entry;
  entry.algorithm = kAlgorithm;
  entry.cost = [](const ConvProblem& problem) -> std::optional<double> {
    const WeightForm form = weight_form(kAlgorithm);
    if (!has_tiles(problem, form)) return std::nullopt;
    return tiled_conv_cost(problem, form);
  };
  entry.scratch_bytes = [](const ConvProblem& problem) {
    return tiled_conv_scratch(problem, weight_form(kAlgorithm));
  };
  entry.emit = [](NestBuilder& nest, const ConvProblem& problem) {
    emit_tiled_conv(nest, problem, weight_form(kAlgorithm));
  };
  return entry;
}

}  // namespace

std::array<AlgorithmEntry, 4> tiled_forward() {
  return {entry_of_tiles<ConvAlgorithm::kWinograd2>(), entry_of_tiles<ConvAlgorithm::kWinograd4>(),
          entry_of_tiles<ConvAlgorithm::kFft8>(), entry_of_tiles<ConvAlgorithm::kFft16>()};
}

}  // namespace wattgrind
