#include "kernels/parts/epilogue.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "kernels/parts/value_function.h"

namespace wattgrind {
namespace {

bool reads_map(const FusedLayer& layer) { return std::holds_alternative<Binary>(layer.operation); }

}  // namespace

Epilogue make_epilogue(NestBuilder& nest, const std::vector<FusedLayer>& fused,
                       const MapLayout& output, int64_t batch) {
  std::vector<std::function<Register(Register, const Address&)>> steps;
  for (const FusedLayer& layer : fused) {
    if (reads_map(layer)) {
      const Address other = nest.buffer(Operand::kInput, TensorRole::kInput, output.bytes(batch),
                                        static_cast<uint32_t>(layer.input));
      steps.push_back([&nest, buffer = other.buffer](Register sum, const Address& at) {
        Address same_place = at;
        same_place.buffer = buffer;
        return nest.apply(Opcode::kAdd, sum, nest.load(nest.lanes(sum), same_place));
      });
    } else if (is_value_function(layer.operation)) {
      steps.push_back([&nest, function = layer.operation](Register sum, const Address&) {
        return emit_value_function(nest, function, sum);
      });
    } else {
      CHECK(std::holds_alternative<BatchNorm>(layer.operation) ||
                std::holds_alternative<Dropout>(layer.operation),
            "{} in an epilogue", layer.name);
    }
  }
  if (steps.empty()) return {};
  return [steps = std::move(steps)](Register sum, const Address& at) {
    for (const auto& step : steps) sum = step(sum, at);
    return sum;
  };
}

bool reads_maps(const std::vector<FusedLayer>& fused) {
  return std::ranges::any_of(fused, reads_map);
}

}  // namespace wattgrind
