#include "experiments/kernel_speed/openblas.h"

#include <cblas.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace wattgrind {
namespace {

struct DenseOperands {
  std::vector<float> input, weights, bias, output;
};

std::optional<PreparedLayer> prepare(const TimedLayer& timed, Isa) {
  const auto* dense = std::get_if<Dense>(&timed.layer.operation);
  if (!dense) return std::nullopt;
  const int64_t inputs = timed.layer.input_shape().elements();
  const auto m = static_cast<blasint>(timed.batch), n = static_cast<blasint>(dense->units),
             k = static_cast<blasint>(inputs);
  DenseOperands operands{random_values(timed.batch * inputs, OperandSeed::kInput),
                         random_values(inputs * dense->units, OperandSeed::kWeights),
                         random_values(dense->units, OperandSeed::kBias),
                         std::vector<float>(static_cast<size_t>(timed.batch * dense->units))};
  return PreparedLayer{
      openblas_get_corename(), [m, n, k, o = std::move(operands)]() mutable {
        for (blasint row = 0; row < m; ++row) {
          std::copy(o.bias.begin(), o.bias.end(), o.output.begin() + ptrdiff_t{row} * n);
        }
        if (m == 1) {
          cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, o.weights.data(), n, o.input.data(), 1, 1,
                      o.output.data(), 1);
        } else {
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, o.input.data(), k,
                      o.weights.data(), n, 1, o.output.data(), n);
        }
      }};
}

}  // namespace

KernelImplementation openblas() { return {"OpenBLAS", prepare}; }

}  // namespace wattgrind
