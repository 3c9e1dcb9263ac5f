#include "kernels/count/program_work.h"

#include <fmt/format.h>

#include <map>

#include "estimator/base/error.h"

namespace wattgrind {

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

}  // namespace wattgrind
