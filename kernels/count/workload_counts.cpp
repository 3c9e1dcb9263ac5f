#include "kernels/count/workload_counts.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cachesim/walk/simulator.h"
#include "estimator/network/operations.h"
#include "kernels/count/matmul_counts.h"
#include "kernels/count/program_work.h"
#include "kernels/program/matmul_program.h"
#include "kernels/program/program.h"

namespace wattgrind {
namespace {

EventCounts count_second_pass(const std::vector<AccessProgram>& programs, const Machine& machine) {
  const HierarchyConfig config = machine_hierarchy(machine);
  Simulator simulator(config);
  for (const AccessProgram& program : programs) simulator.run(program);
  BufferTraffic total;
  total.levels.resize(machine.levels.size());
  for (const AccessProgram& program : programs) {
    total += simulator.run(program).traffic.total();
  }
  return event_counts(total, config);
}

InstructionCounts instructions_of(const Program& program) {
  const Program* const passes[] = {&program};
  const CodegenOptions deployed = {program.isa, traits(program.isa).fused_multiply_add};
  EventCounts sum;
  sum.instructions.emplace();
  const auto of_passes = work_of(passes, deployed, std::nullopt);
  for (const MachineWork& work : of_passes[0]) {
    EventCounts step;
    step.instructions = work.instructions;
    sum = wattgrind::sum(sum, step);
  }
  return *sum.instructions;
}

WorkloadCounts count(const Network& network, int64_t batch, const Machine& machine) {
  const Program program = lower_network(network, machine.isa, batch);
  std::vector<AccessProgram> programs;
  for (const Step& step : program.steps) programs.push_back(program.access_program(step));
  WorkloadCounts result;
  result.counts = count_second_pass(programs, machine);
  result.counts.instructions = instructions_of(program);
  const auto images = static_cast<uint64_t>(batch);
  for (const Layer& layer : network.layers) {
    result.operations.macs += images * layer.macs;
    result.operations.other += images * other_operations(layer);
    result.operations.byte_macs += images * byte_macs(layer);
    result.operations.other_byte += images * other_byte_operations(layer);
  }
  return result;
}

// The most multiply-accumulates of a product that is simulated whole, which takes a quarter of a
// minute.
constexpr uint64_t kMostSimulatedMacs = uint64_t{1} << 25;

WorkloadCounts count(const Matmul& matmul, int64_t, const Machine& machine) {
  WorkloadCounts result;
  result.operations.macs = matmul.macs();
  result.type = matmul.type;
  if (matmul.macs() <= kMostSimulatedMacs) {
    result.counts = count_second_pass({matmul_program(matmul)}, machine);
    return result;
  }
  MatmulCounts counted = count_matmul(matmul, machine_hierarchy(machine), kMostSimulatedMacs);
  result.counts = std::move(counted.counts);
  if (counted.simulated_rows < matmul.m) {
    result.note = fmt::format("{} of {} rows simulated, the others taken to be like the later half",
                              counted.simulated_rows, matmul.m);
  }
  return result;
}

}  // namespace

WorkloadCounts count_workload(const Workload& workload, int64_t batch, const Machine& machine) {
  return std::visit([&](const auto& load) { return count(load, batch, machine); }, workload);
}

}  // namespace wattgrind
