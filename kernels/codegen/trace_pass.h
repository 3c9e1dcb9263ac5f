// The pass over machine code that adds what writes a trace (trace_frame.h).
#pragma once

#include <cstdint>
#include <memory>

namespace llvm {
class Pass;
}  // namespace llvm

namespace wattgrind {

// For the end of the code generation pipeline: registers are allocated, and nothing but the
// instructions themselves is left to be emitted. `frame_address`: of the TraceFrame, below 2^31.
// `most_records` becomes the number of records that a function may write between two checks for
// room, the largest of all functions'; it must outlive the pass. Functions are numbered in the
// module's order.
std::unique_ptr<llvm::Pass> make_trace_pass(uint64_t frame_address, uint64_t& most_records);

}  // namespace wattgrind
