#include "kernels/workload_counts.h"

#include <vector>

#include "cachesim/simulator.h"
#include "estimator/operations.h"
#include "estimator/prices.h"
#include "kernels/matmul_program.h"
#include "kernels/program.h"

namespace wattgrind {
namespace {

EventCounts count_second_pass(const std::vector<AccessProgram>& programs, const Machine& machine) {
  Simulator simulator(machine_hierarchy(machine));
  for (const AccessProgram& program : programs) simulator.run(program);
  BufferTraffic total;
  total.levels.resize(machine.levels.size());
  for (const AccessProgram& program : programs) {
    total += simulator.run(program).traffic.total();
  }
  return event_counts(total, true);
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

WorkloadCounts count(const Matmul& matmul, int64_t, const Machine& machine) {
  const OperationEnergy& operations = machine.operations;
  const double mac_pj =
      matmul.type == ElementType::kFloat32
          ? operations.mac_pj()
          : 4 * operations.int_multiply_pj.value + 2 * operations.int_add_pj.value;
  return {count_second_pass({matmul_program(matmul)}, machine), matmul.macs(),
          static_cast<double>(matmul.macs()) * mac_pj};
}

}  // namespace

WorkloadCounts count_workload(const Workload& workload, int64_t batch, const Machine& machine) {
  return std::visit([&](const auto& load) { return count(load, batch, machine); }, workload);
}

}  // namespace wattgrind
