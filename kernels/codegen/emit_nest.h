// Writes a loop nest as LLVM IR, in the shape it is to have as machine code: registers become phis,
// addresses running pointers (stream_pointers.h), and small innermost loops are unrolled. Nothing
// is left to LLVM's optimiser.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/nest/nest.h"

namespace llvm {
class BasicBlock;
class Function;
class Value;
}  // namespace llvm

namespace wattgrind {

// Where a kIndexedLoad loads from.
enum class Lookups { kAssumedRow, kIndexedRow };

// How often a block runs in one call of its function.
struct BlockRuns {
  uint64_t executions = 1;
  uint64_t entries = 1;  // of them, those that do not come back from the block's own loop
};

using BlockRunsMap = std::map<const llvm::BasicBlock*, BlockRuns>;

// Appends blocks that execute the nest to `function`. They begin in its entry block, which holds
// what made `buffers`, the buffers' addresses, and has no terminator yet. The last block is left
// without a terminator too. Returns how often each block of the function runs.
BlockRunsMap emit_nest(const LoopNest& nest, const CodegenOptions& options, Lookups lookups,
                       llvm::Function& function, std::vector<llvm::Value*> buffers);

}  // namespace wattgrind
