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
  bool moves_with_previous = false;  // with the access before it, which is in the same loop's body
};

struct FlatStep {
  bool is_loop = false;
  uint32_t index = 0;  // in accesses or loops
};

struct FlatLoop {
  uint64_t trips = 0;
  std::vector<FlatStep> body;
  uint32_t first_access = 0;     // the accesses inside are numbered consecutively from here
  std::vector<int64_t> strides;  // of these accesses, bytes an iteration; 0 where it stays
  bool is_innermost = false;     // the body holds no loop
  uint64_t body_references = 0;  // of one iteration
};

struct FlatProgram {
  explicit FlatProgram(const AccessProgram& program);  // a valid one

  std::vector<FlatAccess> accesses;  // in program order
  std::vector<FlatLoop> loops;
  std::vector<FlatStep> body;
};

// Where every access of a program is at the moment.
class Addresses {
 public:
  explicit Addresses(const FlatProgram& program);

  uint64_t operator[](size_t access) const { return addresses_[access]; }

  // Of this access and, behind it, those that follow.
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
