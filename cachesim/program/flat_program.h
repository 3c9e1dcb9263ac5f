// An access program laid out for walking: accesses, loops and steps in arrays, and for each loop
// by how much it moves each of the accesses inside it.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/program/access_program.h"

namespace wattgrind {

struct FlatAccess {
  uint64_t address = 0;  // in the first iteration of every loop
  uint32_t bytes = 0;
  uint32_t buffer = 0;
  bool is_write = false;
  // True where the access before it is in the same body and has the same strides in all loops.
  bool moves_with_previous = false;
};

struct FlatStep {
  bool is_loop = false;
  uint32_t index = 0;  // the number of the loop or of the access
};

struct FlatLoop {
  uint64_t trips = 0;
  std::vector<FlatStep> body;
  uint32_t first_access = 0;     // the accesses inside are numbered consecutively from here
  std::vector<int64_t> strides;  // by so many bytes an iteration moves each of these accesses
  bool is_innermost = false;     // the body holds no loop
  uint64_t body_references = 0;  // so many references does one iteration make
};

struct FlatProgram {
  explicit FlatProgram(const AccessProgram& program);  // which must be valid

  std::vector<FlatAccess> accesses;  // in program order
  std::vector<FlatLoop> loops;
  std::vector<FlatStep> body;
};

// The addresses that every access of a program has at the moment.
class Addresses {
 public:
  explicit Addresses(const FlatProgram& program);

  uint64_t operator[](size_t access) const { return addresses_[access]; }

  // The address of this access, with those of the accesses that follow behind it.
  const uint64_t* from(size_t access) const { return addresses_.data() + access; }

  // Moves the accesses inside the loop on by `iterations`, which may be negative.
  void advance(const FlatLoop& loop, int64_t iterations) {
    for (size_t i = 0; i < loop.strides.size(); ++i) {
      addresses_[loop.first_access + i] += static_cast<uint64_t>(loop.strides[i] * iterations);
    }
  }

 private:
  std::vector<uint64_t> addresses_;
};

}  // namespace wattgrind
