// Runs a network natively on logical (NCHW) values, to be compared with the obvious computation.
#pragma once

#include <span>
#include <vector>

#include "kernels/program/program.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {

// Memory of a program's buffers, from zero, as they lie in the arena.
class NetworkMemory {
 public:
  explicit NetworkMemory(const Program& program);

  float* buffer(uint32_t index) { return memory_.data() + offsets_[index]; }
  // Makes everything in maps' buffers no number.
  void poison();
  // NCHW images to and from a map's layout.
  void write_map(const OutputMap& map, int64_t batch, const std::vector<float>& images);
  std::vector<float> read_map(const OutputMap& map, int64_t batch);
  // Whether everything in the map's buffer that is no value of the map is zero.
  bool surroundings_are_zero(const OutputMap& map, int64_t batch);

 private:
  const Program& program_;
  std::vector<size_t> offsets_;  // in values
  std::vector<float> storage_;
  std::span<float> memory_;
};

// Packs every layer's parameters into the program's buffers.
void write_parameters(const Network& network, const Program& program,
                      const std::vector<ReferenceParameters>& parameters, NetworkMemory& memory);

// All steps once.
void run_natively(const Program& program, bool fuse_multiply_add, NetworkMemory& memory);

}  // namespace wattgrind
