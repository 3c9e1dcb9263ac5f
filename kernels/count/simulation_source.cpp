#include <algorithm>

#include "cachesim/walk/simulator.h"
#include "estimator/system/interrupt.h"
#include "kernels/count/count_source.h"
#include "kernels/count/tensor_counts.h"

namespace wattgrind {
namespace {

class SimulationSource : public CountSource {
 public:
  explicit SimulationSource(CacheModel model) : model_(model) {}

  Isa isa(const Machine& machine) const override {
    // Cachegrind's model is there to be compared with cachegrind, which runs no AVX-512.
    const bool compared = model_ == CacheModel::kCachegrind && machine.isa != Isa::kNeon;
    return compared ? std::min(machine.isa, Isa::kAvx2) : machine.isa;
  }

  // Cachegrind runs separate multiplications and additions; what is deployed is fused.
  CodegenOptions code(Isa isa) const override {
    return {isa, model_ == CacheModel::kMachine && traits(isa).fused_multiply_add};
  }

  CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                      const ProgressReport& progress) override {
    const HierarchyConfig config =
        model_ == CacheModel::kMachine ? machine_hierarchy(machine) : cachegrind_hierarchy(machine);
    Simulator simulator(config);
    CountedPasses result;
    uint64_t done = 0, steps = 0;
    for (const Program* program : passes) steps += program->steps.size();
    for (const Program* program : passes) {
      CountedPass& pass = result.passes.emplace_back();
      for (const Step& step : program->steps) {
        throw_if_interrupted();
        progress("simulating " + step.symbol, done++, steps);
        const AccessProgram accesses = program->access_program(step);
        const Simulation simulation = simulator.run(accesses);
        pass.steps.push_back(event_counts(simulation.traffic.total(), config));
        pass.tensors.push_back(tensor_counts(accesses.buffers, simulation.traffic, config));
      }
    }
    result.origin.source = "simulate";
    result.origin.isa = passes[0]->isa;
    return result;
  }

 private:
  CacheModel model_;
};

}  // namespace

std::unique_ptr<CountSource> make_simulation_source(CacheModel model) {
  return std::make_unique<SimulationSource>(model);
}

}  // namespace wattgrind
