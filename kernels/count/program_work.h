// What the machine code of programs' steps asks of a machine's core.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "estimator/machine/machine.h"
#include "kernels/codegen/machine_work.h"
#include "kernels/program/program.h"

namespace wattgrind {

// The scheduling model of the machine's core; absent where its profile names none. Throws
// Error(kInput) where LLVM has no model of what it names.
std::optional<CoreModel> core_model(const Machine& machine, Isa isa);

// The work of each step of each pass. Kernels that are the same nest are compiled once.
std::vector<std::vector<MachineWork>> work_of(std::span<const Program* const> passes,
                                              const CodegenOptions& options,
                                              const std::optional<CoreModel>& core);

}  // namespace wattgrind
