#include "kernels/workload_counts.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cachesim/simulator.h"
#include "estimator/operations.h"
#include "estimator/prices.h"
#include "kernels/matmul_counts.h"
#include "kernels/matmul_program.h"
#include "kernels/program.h"

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

WorkloadCounts count(const Network& network, int64_t batch, const Machine& machine) {
  const Program program = lower_network(network, machine.isa, batch);
  std::vector<AccessProgram> programs;
  for (const Step& step : program.steps) programs.push_back(program.access_program(step));
  WorkloadCounts result;
  result.counts = count_second_pass(programs, machine);
  OperationCounts operations;
  const auto images = static_cast<uint64_t>(batch);
  for (const Layer& layer : network.layers) {
    operations.macs += images * layer.macs;
    operations.other += images * other_operations(layer);
  }
  result.macs = operations.macs;
  const PriceTable prices = machine_prices(machine);
  result.operations_pj = static_cast<double>(operations.macs) * prices.mac_pj +
                         static_cast<double>(operations.other) * prices.other_operation_pj;
  return result;
}

// A quarter of a minute's work.
constexpr uint64_t kMostSimulatedMacs = uint64_t{1} << 25;

double mac_pj(const Matmul& matmul, const OperationEnergy& operations) {
  if (matmul.type == ElementType::kFloat32) return operations.mac_pj();
  return 4 * operations.int_multiply_pj.value + 2 * operations.int_add_pj.value;
}

WorkloadCounts count(const Matmul& matmul, int64_t, const Machine& machine) {
  WorkloadCounts result;
  result.macs = matmul.macs();
  result.operations_pj = static_cast<double>(matmul.macs()) * mac_pj(matmul, machine.operations);
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
