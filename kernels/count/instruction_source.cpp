#include <fmt/format.h>

#include <future>
#include <map>
#include <thread>

#include "estimator/base/error.h"
#include "kernels/codegen/machine_work.h"
#include "kernels/count/count_source.h"
#include "kernels/count/pass_calls.h"

namespace wattgrind {
namespace {

std::optional<CoreModel> core_model(const Machine& machine, Isa isa) {
  if (!machine.core || machine.core->llvm_cpu.empty()) return std::nullopt;
  CoreModel core{machine.core->llvm_cpu, std::nullopt};
  if (!has_core_model(isa, core.llvm_cpu)) {
    fail(ErrorKind::kInput,
         "machine {}: core.llvm_cpu: found \"{}\", wanted a processor of {} of which LLVM {} has a "
         "scheduling model (llc -mcpu=help lists them)",
         machine.name, core.llvm_cpu, traits(isa).name, llvm_version());
  }
  if (machine.operations_512_per_cycle) {
    core.operations_512_per_cycle = machine.operations_512_per_cycle->value;
  }
  return core;
}

// The work of each step of each pass. Kernels that are the same nest are compiled once.
std::vector<std::vector<MachineWork>> work_of(std::span<const Program* const> passes,
                                              const CodegenOptions& options,
                                              const std::optional<CoreModel>& core) {
  std::vector<KernelCall> calls;
  std::map<std::string, size_t> call_of;  // by the nest's text without its name
  std::vector<std::vector<size_t>> calls_of_passes;
  for (const Program* program : passes) {
    std::vector<size_t>& own = calls_of_passes.emplace_back();
    for (const Step& step : program->steps) {
      std::string text = to_text(step.nest);
      text.erase(0, text.find('\n'));  // the first line names the nest
      const auto [at, is_new] = call_of.emplace(std::move(text), calls.size());
      if (is_new) {
        calls.push_back(
            {fmt::format("kernel{}", calls.size()), &step.nest, program->addresses(step)});
      }
      own.push_back(at->second);
    }
  }
  const std::vector<MachineWork> work = machine_work(calls, options, core);
  std::vector<std::vector<MachineWork>> result;
  for (const std::vector<size_t>& own : calls_of_passes) {
    std::vector<MachineWork>& pass = result.emplace_back();
    for (const size_t call : own) pass.push_back(work[call]);
  }
  return result;
}

void add(const MachineWork& work, EventCounts& counts) {
  counts.instructions = work.instructions;
  if (!counts.executed_instructions) counts.executed_instructions = work.instructions.total();
  counts.core_cycles = work.cycles;
}

// Start-up code moves the stack and clears registers, one instruction after the other.
void add_start_up(bool is_timed, EventCounts& counts) {
  const uint64_t executed = counts.executed_instructions.value();
  counts.instructions.emplace();
  counts.instructions->by_class[static_cast<size_t>(InstructionClass::kScalar)] = executed;
  if (is_timed) counts.core_cycles = executed;
}

class InstructionSource : public CountSource {
 public:
  explicit InstructionSource(CountSource& source) : source_(source) {}

  Isa isa(const Machine& machine) const override { return source_.isa(machine); }
  CodegenOptions code(Isa isa) const override { return source_.code(isa); }

  CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                      const ProgressReport& progress) override {
    const Isa isa = passes[0]->isa;
    const std::optional<CoreModel> core = core_model(machine, isa);
    const auto policy =
        std::thread::hardware_concurrency() > 1 ? std::launch::async : std::launch::deferred;
    auto work = std::async(policy, [&] { return work_of(passes, code(isa), core); });
    CountedPasses counted = source_.count(passes, machine, progress);
    const std::vector<std::vector<MachineWork>> of_passes = work.get();
    for (size_t pass = 0; pass < of_passes.size(); ++pass) {
      for (size_t step = 0; step < of_passes[pass].size(); ++step) {
        add(of_passes[pass][step], counted.passes[pass].steps[step]);
      }
    }
    if (counted.runtime) add_start_up(core.has_value(), *counted.runtime);
    counted.origin.reorders_instructions =
        core ? std::optional(reorders_instructions(isa, core->llvm_cpu)) : std::nullopt;
    return counted;
  }

 private:
  CountSource& source_;
};

}  // namespace

std::unique_ptr<CountSource> make_instruction_source(CountSource& source) {
  return std::make_unique<InstructionSource>(source);
}

}  // namespace wattgrind
