#include "kernels/gradients/untrainable.h"

#include <variant>

namespace wattgrind {

std::optional<std::string_view> untrainable_part(const Operation& operation) {
  // Tokens that look up the same row add to the same gradient, at addresses that depend on data.
  if (std::holds_alternative<Embedding>(operation)) return "embedding";
  // Roundings have no slope; layers on bytes stand between these.
  if (std::holds_alternative<Quantize>(operation)) return "quantization";
  if (std::holds_alternative<Dequantize>(operation)) return "quantization";
  if (const auto* binary = std::get_if<Binary>(&operation)) {
    if (binary->function == BinaryFunction::kPower) return "power of two maps";
  }
  if (const auto* reduce = std::get_if<Reduce>(&operation)) {
    if (reduce->function == ReduceFunction::kMin) return "reduction to the smallest value";
    if (reduce->function == ReduceFunction::kMax && reduce->axes.channels) {
      return "reduction to the largest value along channels";
    }
  }
  return std::nullopt;
}

}  // namespace wattgrind
