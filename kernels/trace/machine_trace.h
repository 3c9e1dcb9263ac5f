// The data references that machine code makes, in order, found by running it here: what
// instrumented kernels write down as they go. Unlike an access program it holds what the compiler
// did, spilled registers included; unlike cachegrind it knows every instruction set this processor
// runs.
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
  std::vector<KernelCall> calls;  // in order; buffers from kArenaAddress on
  uint64_t arena_bytes = 0;
  CodegenOptions options;  // an instruction set this processor runs
  uint64_t buffer_records =
      256 << 10;  // 4 MiB; more only if a kernel's longest straight run wants it
};

// Receives references in order, all of them made by the call at `call` in the list. Addresses are
// those of the executable that cachegrind runs (arena.h), wherever the memory really lies.
using TraceConsumer = std::function<void(size_t call, std::span<const TraceRecord> references)>;

// The calls as machine code, the same as in the executable for cachegrind but for what writes the
// trace, with an arena that starts zeroed.
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
