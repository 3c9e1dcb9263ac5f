// What a simulation counts, by buffer and level: references, and the lines that they move.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/program/access_program.h"
#include "estimator/counts/counts.h"

namespace wattgrind {

// The traffic of one buffer at one level. At the first level a look-up is a reference, and a
// reference that straddles two lines misses at most once. Below it, a look-up is a line that the
// level above missed or, under cachegrind's model, a reference that the first level missed.
struct LevelTraffic {
  uint64_t reads = 0, writes = 0;  // look-ups
  uint64_t read_misses = 0, write_misses = 0;
  uint64_t compulsory_misses = 0;  // those of the misses whose line was never referenced before
  // These count lines moved. Cachegrind's model moves none, and leaves them 0.
  uint64_t fills = 0;        // lines put in: on a miss, or into a victim level by the level above
  uint64_t updates = 0;      // lines that were held here when the level above wrote them back
  uint64_t write_backs = 0;  // lines evicted dirty

  uint64_t lookups() const { return reads + writes; }
  uint64_t misses() const { return read_misses + write_misses; }
  uint64_t hits() const { return lookups() - misses(); }

  LevelTraffic& operator+=(const LevelTraffic& other);
  friend bool operator==(const LevelTraffic&, const LevelTraffic&) = default;
};

// Reads are counted for the buffer that asked; fills of victim levels, updates and write-backs for
// the buffer the line belongs to.
struct BufferTraffic {
  ReferenceCounts references;
  std::vector<LevelTraffic> levels;
  uint64_t dram_reads = 0;   // lines fetched
  uint64_t dram_writes = 0;  // lines written back

  BufferTraffic& operator+=(const BufferTraffic& other);
  friend bool operator==(const BufferTraffic&, const BufferTraffic&) = default;
};

struct ProgramTraffic {
  std::vector<BufferTraffic> buffers;  // as the program lists them
  BufferTraffic elsewhere;             // lines of earlier programs' buffers that this one moved

  BufferTraffic total() const;
  friend bool operator==(const ProgramTraffic&, const ProgramTraffic&) = default;
};

// Returns traffic that has the program's buffers with their references, counted from trip counts,
// and nothing else yet.
ProgramTraffic empty_traffic(const AccessProgram& program, size_t levels);

// Returns the traffic in the vocabulary of estimates, as caches of this configuration move lines.
// Under cachegrind's model, what is written to lower levels is absent.
EventCounts event_counts(const BufferTraffic& traffic, const HierarchyConfig& config);

}  // namespace wattgrind
