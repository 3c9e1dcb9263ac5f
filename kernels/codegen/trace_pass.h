// The pass over machine code that adds what writes a trace (trace_frame.h).
#pragma once

#include <cstdint>
#include <memory>

namespace llvm {
class Pass;
}  // namespace llvm

namespace wattgrind {

// The pass belongs at the end of code generation, when registers are allocated and nothing is left
// but to emit the instructions. `frame_address` is where the TraceFrame lies, below 2^31.
// `most_records` becomes the largest number of records that any function may write between two
// checks for room; it must outlive the pass. Functions are numbered in the module's order.
std::unique_ptr<llvm::Pass> make_trace_pass(uint64_t frame_address, uint64_t& most_records);

}  // namespace wattgrind
