// A workload compiled for this computer, to be run again and again under a meter.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "estimator/network/workload.h"
#include "kernels/run/native_program.h"

namespace wattgrind {

// The kernels are those that are counted, lowered for this computer's widest instruction set.
// Inputs and parameters hold values drawn from a fixed seed, of a size that keeps a network's maps
// within single precision; what is looked up in a table is drawn among its rows. A kernel takes as
// long with any ordinary numbers, but not with denormal ones.
class NativeWorkload {
 public:
  // A network's workload is the inference of `batch` images; a matrix product has no batch. Throws
  // Error(kInput) where the buffers do not fit the arena, Error(kFailed) when the system refuses
  // memory.
  NativeWorkload(const Workload& workload, int64_t batch);

  // Runs one repetition, which is every kernel once, or nothing if there is none (is_empty()).
  void run() const;
  bool is_empty() const { return program_.steps.empty(); }
  // Leaves no cache with anything that a repetition reads or writes, but its code. There is a
  // kernel.
  void empty_caches() const { memory_->empty_caches(); }

  const Program& program() const { return program_; }
  std::span<float> buffer(uint32_t index) const { return memory_->buffer(index); }

 private:
  Program program_;
  std::unique_ptr<ProgramMemory> memory_;
  std::unique_ptr<NativeSteps> kernels_;
};

}  // namespace wattgrind
