#include "kernels/codegen/core_peak.h"

#include <vector>

#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// As many chains as cover a multiply-add's latency on two units, and few enough for 16 registers.
constexpr int kChains = 12;
constexpr int64_t kTrips = 100000;

LoopNest multiply_adds(Isa isa) {
  NestBuilder nest("peak", isa);
  const int lanes = nest.max_lanes();
  const auto bytes = static_cast<uint64_t>(lanes) * sizeof(float);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, bytes);
  const Address output = nest.buffer(Operand::kMap, TensorRole::kOutput, kChains * bytes);
  const Register factor = nest.load(lanes, input);
  std::vector<Register> sums;
  for (int i = 0; i < kChains; ++i) {
    sums.push_back(nest.apply(Opcode::kMove, factor));
  }
  nest.loop("repetition", kTrips, [&](LoopVariable) {
    for (const Register sum : sums) nest.assign(sum, Opcode::kMulAdd, factor, factor, sum);
  });
  for (int i = 0; i < kChains; ++i) {
    nest.store(sums[static_cast<size_t>(i)], moved(output, i * static_cast<int64_t>(bytes)));
  }
  return std::move(nest).finish();
}

}  // namespace

double peak_operations_per_cycle(Isa isa, const CoreModel& core) {
  const LoopNest nest = multiply_adds(isa);
  const KernelCall call{"peak", &nest, {1 << 20, 1 << 21}};
  const std::vector<MachineWork> work =
      machine_work({&call, 1}, {isa, traits(isa).fused_multiply_add}, core);
  const auto operations =
      static_cast<double>(2 * kChains * kTrips) * static_cast<double>(traits(isa).float_lanes);
  return operations / static_cast<double>(work.at(0).cycles.value());
}

}  // namespace wattgrind
