// Writes a loop nest as LLVM IR, in the shape it is to have as machine code: registers become phis,
// addresses running pointers (stream_pointers.h), and small innermost loops are unrolled. Nothing
// is left to LLVM's optimiser.
#pragma once

#include <functional>
#include <vector>

#include "kernels/nest/nest.h"

namespace llvm {
class Function;
class Value;
}  // namespace llvm

namespace wattgrind {

// Where a kIndexedLoad loads from.
enum class Lookups { kAssumedRow, kIndexedRow };

// Appends blocks that execute the nest to `function`. They begin in its entry block, which holds
// what made `buffers`, the buffers' addresses, and has no terminator yet. The last block is left
// without a terminator too.
void emit_nest(const LoopNest& nest, bool fuse_multiply_add, Lookups lookups,
               llvm::Function& function, std::vector<llvm::Value*> buffers);

}  // namespace wattgrind
