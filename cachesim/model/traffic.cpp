#include "cachesim/model/traffic.h"

#include "estimator/base/error.h"

namespace wattgrind {

LevelTraffic& LevelTraffic::operator+=(const LevelTraffic& other) {
  reads += other.reads;
  writes += other.writes;
  read_misses += other.read_misses;
  write_misses += other.write_misses;
  compulsory_misses += other.compulsory_misses;
  fills += other.fills;
  updates += other.updates;
  write_backs += other.write_backs;
  return *this;
}

BufferTraffic& BufferTraffic::operator+=(const BufferTraffic& other) {
  CHECK(levels.size() == other.levels.size(), "levels {} and {}", levels.size(),
        other.levels.size());
  references.reads += other.references.reads;
  references.writes += other.references.writes;
  references.read_bytes += other.references.read_bytes;
  references.written_bytes += other.references.written_bytes;
  for (size_t i = 0; i < levels.size(); ++i) {
    levels[i] += other.levels[i];
  }
  dram_reads += other.dram_reads;
  dram_writes += other.dram_writes;
  return *this;
}

BufferTraffic ProgramTraffic::total() const {
  BufferTraffic sum = elsewhere;
  for (const BufferTraffic& buffer : buffers) {
    sum += buffer;
  }
  return sum;
}

ProgramTraffic empty_traffic(const AccessProgram& program, size_t levels) {
  ProgramTraffic traffic;
  traffic.elsewhere.levels.resize(levels);
  for (const ReferenceCounts& references : count_references_by_buffer(program)) {
    traffic.buffers.push_back({references, std::vector<LevelTraffic>(levels)});
  }
  return traffic;
}

EventCounts event_counts(const BufferTraffic& traffic, const HierarchyConfig& config) {
  const bool has_write_backs = config.model == CacheModel::kMachine;
  EventCounts counts;
  counts.refs = {traffic.references.reads, traffic.references.writes};
  counts.bytes = References{traffic.references.read_bytes, traffic.references.written_bytes};
  for (size_t i = 0; i < traffic.levels.size(); ++i) {
    const LevelTraffic& level = traffic.levels[i];
    const bool is_victim = config.levels.at(i).containment == Containment::kVictim;
    LevelCounts& out = counts.levels.emplace_back();
    out.accesses = level.lookups();
    out.hits = level.hits();
    out.misses = level.misses();
    out.read_misses = level.read_misses;
    out.write_misses = level.write_misses;
    out.compulsory_misses = level.compulsory_misses;
    if (has_write_backs) {
      out.write_backs = level.write_backs;
      out.lines_from_above = level.updates + (is_victim ? level.fills : 0);
    }
  }
  counts.dram.reads = traffic.dram_reads;
  if (has_write_backs) {
    counts.dram.write_backs = traffic.dram_writes;
  }
  return counts;
}

}  // namespace wattgrind
