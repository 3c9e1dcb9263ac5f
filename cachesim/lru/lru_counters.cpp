#include "cachesim/lru/lru_counters.h"

#include <numeric>

namespace wattgrind {

void count_lookups(LevelTraffic& level, bool is_write, uint64_t lookups) {
  (is_write ? level.writes : level.reads) += lookups;
}

void count_misses(LevelTraffic& level, bool is_write, uint64_t misses) {
  (is_write ? level.write_misses : level.read_misses) += misses;
}

LruCounters::LruCounters(const HierarchyConfig& config) : model_(config.model) {
  for (const LevelConfig& level : config.levels) {
    containments_.push_back(level.containment);
  }
}

void LruCounters::start_program(const LineOwners& owners, size_t buffers) {
  owners_ = &owners;
  owners_size_ = buffers + 1;
  missed_.assign(containments_.size() * 2 * owners_size_, 0);
  first_level_missed_.assign(2 * owners_size_, {});
  compulsory_.assign(2 * owners_size_, 0);
  merged_compulsory_ = compulsory_;
  merged_misses_ = compulsory_;
  counts_.assign((containments_.size() + 1) * owners_size_, {});
}

// Each addition to a counter waits for the one before it to the same counter, so there are several
// counters, and they take turns.
void LruCounters::count_first_level(std::span<const FirstLevelMiss> misses) {
  auto* const counters = first_level_missed_.data();
  const size_t whole = misses.size() / kTurns * kTurns;
  for (size_t i = 0; i < whole; i += kTurns) {
#pragma GCC unroll 4
    for (size_t turn = 0; turn < kTurns; ++turn) {
      counters[misses[i + turn].requester()][turn] += misses[i + turn].count();
    }
  }
  for (size_t i = whole; i < misses.size(); ++i) {
    counters[misses[i].requester()][0] += misses[i].count();
  }
}

void LruCounters::merge_into_one_miss(size_t requester, uint64_t missed_lines,
                                      uint64_t compulsory_lines) {
  merged_misses_[requester] += missed_lines > 1 ? missed_lines - 1 : 0;
  merged_compulsory_[requester] += compulsory_lines > 1 ? compulsory_lines - 1 : 0;
}

void LruCounters::add_to(ProgramTraffic& traffic) const {
  const size_t levels = containments_.size();
  const auto add = [&](size_t buffer, BufferTraffic& out) {
    const LevelTraffic& dram = counts_[levels * owners_size_ + buffer];
    out.dram_reads += dram.reads;
    out.dram_writes += dram.updates;
    for (size_t level = 0; level < levels; ++level) {
      out.levels[level] += counts_[level * owners_size_ + buffer];
    }
    add_misses(buffer, out);
    out.levels[0].reads = out.references.reads;
    out.levels[0].writes = out.references.writes;
  };
  for (size_t buffer = 0; buffer < traffic.buffers.size(); ++buffer) {
    add(buffer, traffic.buffers[buffer]);
  }
  add(traffic.buffers.size(), traffic.elsewhere);
}

void LruCounters::add_misses(size_t buffer, BufferTraffic& out) const {
  const size_t levels = containments_.size();
  for (const bool is_write : {false, true}) {
    const size_t requester = buffer * 2 + is_write;
    uint64_t looked_up = 0;
    for (size_t level = 0; level < levels; ++level) {
      LevelTraffic& traffic = out.levels[level];
      uint64_t misses = missed_[level * 2 * owners_size_ + requester];
      if (level == 0) {
        const auto& turns = first_level_missed_[requester];
        misses = std::accumulate(turns.begin(), turns.end(), misses);
      }
      count_lookups(traffic, is_write, looked_up);
      count_misses(traffic, is_write, level == 0 ? misses - merged_misses_[requester] : misses);
      traffic.compulsory_misses += compulsory_[requester];
      if (level == 0 || model_ == CacheModel::kCachegrind) {
        traffic.compulsory_misses -= merged_compulsory_[requester];
      }
      if (model_ == CacheModel::kMachine && containments_[level] != Containment::kVictim) {
        traffic.fills += misses;
      }
      looked_up = level == 0 || model_ == CacheModel::kMachine ? misses : looked_up;
    }
    out.dram_reads += missed_[(levels - 1) * 2 * owners_size_ + requester];
  }
}

}  // namespace wattgrind
