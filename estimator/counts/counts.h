// Event counts tell what a kernel did to the memory hierarchy. They know no prices.
//
// A count that a source cannot give is absent, never zero.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/counts/instructions.h"

namespace wattgrind {

// Data references and their bytes.
struct References {
  uint64_t reads = 0;
  uint64_t writes = 0;

  uint64_t total() const { return reads + writes; }
};

// What happened at one cache level. accesses = hits + misses where all three are there.
struct LevelCounts {
  uint64_t accesses = 0;         // look-ups: references at L1; at other levels, misses above
  std::optional<uint64_t> hits;  // absent where two cachegrind runs disagree (negative)
  uint64_t misses = 0;
  std::optional<uint64_t> read_misses;
  std::optional<uint64_t> write_misses;
  std::optional<uint64_t> write_backs;  // dirty lines that left this level; absent: not modelled
  // Lines written into this level from above: those it holds that the level above wrote back and,
  // in a victim level, all that the level above evicted, clean ones included. Absent where they are
  // not modelled; 0 in the first level, whose writes are references.
  std::optional<uint64_t> lines_from_above;
  std::optional<uint64_t> compulsory_misses;
};

struct DramCounts {
  uint64_t reads = 0;                   // lines fetched: misses of the last level
  std::optional<uint64_t> write_backs;  // lines written back; absent: not modelled
};

// What one layer, or one pass of a layer, did.
struct EventCounts {
  References refs;                  // as the source saw them
  std::optional<References> bytes;  // from the loop nest; absent for the row `runtime`
  std::vector<LevelCounts> levels;  // as many as the machine has
  DramCounts dram;
  // Executed, as the source saw them; where it sees none, as the machine code tells.
  std::optional<uint64_t> executed_instructions;
  std::optional<InstructionCounts> instructions;  // of the machine code, by class
  // What the core takes if no cache misses and no branch is mispredicted, by a scheduling model of
  // it; absent where there is none.
  std::optional<uint64_t> core_cycles;
};

// Adds counts field by field; an absent field makes the sum's field absent. The number of levels
// must agree. Throws Error(kFailed) if a sum overflows 64 bits.
EventCounts sum(const EventCounts& a, const EventCounts& b);

// Returns a - b field by field, which is what happened between two countings. A negative difference
// of a hit count makes it absent; any other negative difference throws Error(kFailed).
EventCounts difference(const EventCounts& a, const EventCounts& b);

// Multiplies every count by `times`. Throws Error(kFailed) if one overflows 64 bits.
EventCounts scaled(const EventCounts& counts, uint64_t times);

// Bytes that went between this level and the one above it, which for the first is the core: the
// lines looked up here and the lines written here. Absent where lines_from_above is.
std::optional<uint64_t> bytes_moved(const EventCounts& counts, size_t level, uint64_t line_bytes);

// Operations of the network as written, and what kernels add to them or do without.
struct OperationCounts {
  uint64_t macs = 0;          // multiply-accumulates
  uint64_t other = 0;         // comparisons, additions, divisions outside multiply-accumulates
  uint64_t padding_macs = 0;  // of vector lanes that hold no channel: work without a result
  // Of these, those on bytes; the rest are of single precision.
  uint64_t byte_macs = 0;
  uint64_t other_byte = 0;
  // Multiply-accumulates that an algorithm does without, and the operations that it transforms
  // values by instead (Winograd's and Fourier's of convolutions).
  uint64_t saved_macs = 0;
  uint64_t transform_operations = 0;

  uint64_t executed_macs() const { return macs - saved_macs; }
  uint64_t executed_other() const { return other + transform_operations; }
};

OperationCounts sum(const OperationCounts& a, const OperationCounts& b);

}  // namespace wattgrind
