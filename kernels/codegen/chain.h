// Compiles loop nests to functions that jump from one to the next (codegen.h).
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/codegen/codegen.h"
#include "kernels/codegen/emit_nest.h"

namespace llvm {
class Function;
class FunctionType;
class Module;
class Pass;
}  // namespace llvm

namespace wattgrind {

// Adds a function, with an empty entry block, that is to be compiled for the instruction set.
llvm::Function* create_kernel(llvm::Module& module, llvm::FunctionType* type,
                              const std::string& name, const CodegenOptions& options);

// Compiles the calls as a chain. Before the code is made, `runs` gets how often each block of each
// function runs; `pass`, if there is one, runs last before emission.
MachineCode compile_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                          BlockRunsMap& runs, std::unique_ptr<llvm::Pass> pass);

}  // namespace wattgrind
