#include "kernels/count/pass_calls.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattgrind {

std::vector<KernelCall> calls_of(std::span<const Program* const> passes) {
  std::vector<KernelCall> calls;
  for (size_t pass = 0; pass < passes.size(); ++pass) {
    for (const Step& step : passes[pass]->steps) {
      const std::string symbol =
          pass == 0 ? step.symbol : fmt::format("{}:pass{}", step.symbol, pass + 1);
      calls.push_back({symbol, &step.nest, passes[pass]->addresses(step)});
    }
  }
  return calls;
}

uint64_t arena_bytes(std::span<const Program* const> passes) {
  uint64_t bytes = 0;
  for (const Program* program : passes) bytes = std::max(bytes, program->arena_bytes());
  return bytes;
}

}  // namespace wattgrind
