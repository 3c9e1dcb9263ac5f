#include <future>
#include <thread>

#include "kernels/count/count_source.h"
#include "kernels/count/program_work.h"

namespace wattgrind {
namespace {

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
    CodegenOptions options = code(isa);
    // What is deployed on a core that is known takes its dot products.
    options.byte_dots = options.fuse_multiply_add && core && has_byte_dots(isa, core->llvm_cpu);
    auto work = std::async(policy, [&] { return work_of(passes, options, core); });
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
