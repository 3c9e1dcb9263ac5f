// An access program: the loops and memory references of a kernel, its arithmetic dropped.
//
// Loops have constant trip counts and every address is affine in the loop variables, so the
// simulator can walk (and reason about) a program without executing anything. A program knows
// buffers and what they hold; it knows nothing of layers or networks.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "estimator/base/tensor_role.h"

namespace wattgrind {

struct AccessBuffer {
  std::string name;
  TensorRole role = TensorRole::kInput;
  uint64_t address = 0;  // the first byte's
  uint64_t bytes = 0;
};

// Each iteration of loop `loop` moves the address on by `bytes`.
struct AccessStride {
  uint32_t loop = 0;
  int64_t bytes = 0;

  friend bool operator==(const AccessStride&, const AccessStride&) = default;
};

// One reference. Its address is buffers[buffer].address + offset_bytes + the sum, over its strides,
// of the stride times the number of the loop's iteration.
struct Access {
  uint32_t buffer = 0;
  int64_t offset_bytes = 0;
  std::vector<AccessStride> strides;  // for enclosing loops only, outermost first, none of 0 bytes
  uint32_t bytes = 4;                 // width of the reference
  bool is_write = false;
};

struct AccessStep;

struct AccessLoop {
  uint32_t id = 0;     // unique in the program, less than loop_count
  std::string name;    // for readers
  uint64_t trips = 0;  // at least 1
  std::vector<AccessStep> body;
};

struct AccessStep {
  std::variant<Access, AccessLoop> node;
};

struct AccessProgram {
  std::string name;
  std::vector<AccessBuffer> buffers;  // disjoint
  uint32_t loop_count = 0;
  std::vector<AccessStep> body;
};

// Readable text, one loop or reference a line: what tests compare.
std::string to_text(const AccessProgram& program);

// Throws Error(kInput) naming the buffer or loop when a reference can leave its buffer, buffers
// overlap, a trip count is zero, or the number of references overflows 64 bits.
void validate(const AccessProgram& program);

// How often a program reads and writes, and how many bytes, counted from trip counts alone.
struct ReferenceCounts {
  uint64_t reads = 0, writes = 0;
  uint64_t read_bytes = 0, written_bytes = 0;

  friend bool operator==(const ReferenceCounts&, const ReferenceCounts&) = default;
};
ReferenceCounts count_references(const AccessProgram& program);
std::vector<ReferenceCounts> count_references_by_buffer(const AccessProgram& program);

}  // namespace wattgrind
