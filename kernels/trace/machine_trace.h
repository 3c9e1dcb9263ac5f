// The data references that machine code makes, in order, found by running it here: instrumented
// kernels write them down as they go. Unlike an access program, a trace holds what the compiler
// did, spilled registers included; unlike cachegrind, it knows every instruction set that this
// processor runs. trace_frame.h tells how kernels and this program work together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "kernels/codegen/codegen.h"
#include "kernels/codegen/trace_frame.h"
#include "kernels/layout/arena.h"

namespace wattgrind {

struct TraceSpec {
  std::vector<KernelCall> calls;  // in order, on buffers from kArenaAddress on
  uint64_t arena_bytes = 0;
  CodegenOptions options;  // for an instruction set that this processor runs
  // How many records the buffer holds, 4 MiB of them. It becomes larger if a kernel writes more
  // between two checks for room.
  uint64_t buffer_records = 256 << 10;
};

// Receives references in order. All that one call of it receives were made by the kernel call at
// position `call` of the list. Addresses are those of arena.h, as in the executable that cachegrind
// runs, wherever the memory really lies.
using TraceConsumer = std::function<void(size_t call, std::span<const TraceRecord> references)>;

// The calls as machine code, which is that of the executable for cachegrind and in between what
// writes the trace, and an arena that starts zeroed.
class MachineTrace {
 public:
  // Throws Error(kFailed) when the system refuses memory.
  explicit MachineTrace(const TraceSpec& spec);
  ~MachineTrace();
  MachineTrace(const MachineTrace&) = delete;
  MachineTrace& operator=(const MachineTrace&) = delete;

  // Runs the calls once. What the consumer throws ends the run and is thrown on.
  void run(const TraceConsumer& consumer);

  // The memory at kArenaAddress.
  std::span<uint8_t> arena() const;

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

}  // namespace wattgrind
