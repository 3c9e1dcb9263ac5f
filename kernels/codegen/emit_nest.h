// A loop nest as LLVM IR, in the shape it is to have as machine code: registers as phis, addresses
// as running pointers, small innermost loops unrolled. Nothing is left to LLVM's optimiser.
#pragma once

#include <functional>
#include <vector>

#include "kernels/nest/nest.h"

namespace llvm {
class Function;
class Value;
}  // namespace llvm

namespace wattgrind {

// Appends blocks that execute the nest to `function`, from its entry block on, which holds what
// made `buffers` and has no terminator yet. Returns with the last block open likewise.
void emit_nest(const LoopNest& nest, bool fuse_multiply_add, llvm::Function& function,
               std::vector<llvm::Value*> buffers);

}  // namespace wattgrind
