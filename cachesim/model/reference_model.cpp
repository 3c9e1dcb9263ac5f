#include "cachesim/model/reference_model.h"

#include <optional>
#include <vector>

#include "cachesim/model/cache.h"
#include "cachesim/model/seen_lines.h"

namespace wattgrind {
namespace {

void count_lookup(LevelTraffic& level, bool is_write) { ++(is_write ? level.writes : level.reads); }

void count_miss(LevelTraffic& level, bool is_write, bool compulsory) {
  ++(is_write ? level.write_misses : level.read_misses);
  level.compulsory_misses += compulsory;
}

// Touches the line, and puts it in where it is not held. Returns whether it was held.
bool touch_or_insert(Cache& cache, uint64_t line) {
  const bool hit = cache.touch(line);
  if (!hit) {
    cache.insert({line, false});
  }
  return hit;
}

// Follows a line from level to level, as CacheModel::kMachine says.
class MachineModel : public ReferenceModel {
 public:
  explicit MachineModel(const HierarchyConfig& config);

  void access(const Reference& reference) override;

 private:
  struct Level {
    Cache cache;
    Containment containment;
  };
  struct Outcome {
    bool missed = false;      // the first level missed the line
    bool compulsory = false;  // the line was never referenced before
  };
  Outcome access_line(uint64_t line, const Reference& reference);
  void fill(size_t level, HeldLine line);
  void evict(size_t level, HeldLine line);
  void write_back(size_t to_level, uint64_t line);

  uint32_t line_bytes_;
  std::vector<Level> levels_;
  SeenLines seen_;
};

// Looks up every level on its own, as CacheModel::kCachegrind says.
class CachegrindModel : public ReferenceModel {
 public:
  explicit CachegrindModel(const HierarchyConfig& config);

  void access(const Reference& reference) override;

 private:
  uint32_t line_bytes_;
  std::vector<Cache> caches_;
  SeenLines seen_;
};

MachineModel::MachineModel(const HierarchyConfig& config)
    : line_bytes_(config.levels[0].geometry.line_bytes) {
  for (const LevelConfig& level : config.levels) {
    levels_.push_back({Cache(level.geometry, level.replacement), level.containment});
  }
}

void MachineModel::access(const Reference& reference) {
  const uint64_t first = reference.address / line_bytes_;
  const uint64_t last = (reference.address + reference.bytes - 1) / line_bytes_;
  Outcome outcome;
  for (uint64_t line = first; line <= last; ++line) {
    const Outcome one = access_line(line, reference);
    outcome.missed |= one.missed;
    outcome.compulsory |= one.compulsory;
  }
  LevelTraffic& first_level = requester(reference).levels[0];
  count_lookup(first_level, reference.is_write);
  if (outcome.missed) {
    count_miss(first_level, reference.is_write, outcome.compulsory);
  }
}

MachineModel::Outcome MachineModel::access_line(uint64_t line, const Reference& reference) {
  BufferTraffic& traffic = requester(reference);
  size_t held_at = 0;
  while (held_at < levels_.size() && !levels_[held_at].cache.touch(line)) {
    ++held_at;
  }
  if (held_at == 0) {
    if (reference.is_write) {
      levels_[0].cache.mark_dirty(line);
    }
    return {};
  }
  const bool from_dram = held_at == levels_.size();
  const bool compulsory = from_dram && seen_.mark(line);
  traffic.dram_reads += from_dram;
  for (size_t level = 1; level < levels_.size() && level <= held_at; ++level) {
    count_lookup(traffic.levels[level], reference.is_write);
    if (level < held_at) {
      count_miss(traffic.levels[level], reference.is_write, compulsory);
    }
  }
  bool dirty = false;
  if (!from_dram && levels_[held_at].containment == Containment::kVictim) {
    dirty = levels_[held_at].cache.remove(line)->dirty;
  }
  for (size_t level = held_at; level-- > 0;) {
    if (levels_[level].containment != Containment::kVictim) {
      ++traffic.levels[level].fills;
      fill(level, {line, dirty || (level == 0 && reference.is_write)});
      dirty = false;  // only the lowest copy needs to remember that the line is dirty
    }
  }
  return {true, compulsory};
}

void MachineModel::fill(size_t level, HeldLine line) {
  if (const std::optional<HeldLine> evicted = levels_[level].cache.insert(line)) {
    evict(level, *evicted);
  }
}

void MachineModel::evict(size_t level, HeldLine line) {
  if (levels_[level].containment == Containment::kInclusive) {
    for (size_t above = 0; above < level; ++above) {
      const std::optional<HeldLine> copy = levels_[above].cache.remove(line.line);
      line.dirty = line.dirty || (copy && copy->dirty);
    }
  }
  if (line.dirty) {
    ++owner(line.line).levels[level].write_backs;
  }
  const size_t below = level + 1;
  if (below < levels_.size() && levels_[below].containment == Containment::kVictim) {
    ++owner(line.line).levels[below].fills;
    fill(below, line);
  } else if (line.dirty) {
    write_back(below, line.line);
  }
}

void MachineModel::write_back(size_t to_level, uint64_t line) {
  for (size_t level = to_level; level < levels_.size(); ++level) {
    if (levels_[level].cache.mark_dirty(line)) {
      ++owner(line).levels[level].updates;
      return;
    }
  }
  ++owner(line).dram_writes;
}

CachegrindModel::CachegrindModel(const HierarchyConfig& config)
    : line_bytes_(config.levels[0].geometry.line_bytes) {
  for (const LevelConfig& level : config.levels) {
    caches_.emplace_back(level.geometry, level.replacement);
  }
}

void CachegrindModel::access(const Reference& reference) {
  BufferTraffic& traffic = requester(reference);
  const uint64_t first = reference.address / line_bytes_;
  const uint64_t last = (reference.address + reference.bytes - 1) / line_bytes_;
  bool compulsory = false;
  for (size_t i = 0; i < caches_.size(); ++i) {
    bool hit = true;
    for (uint64_t line = first; line <= last; ++line) {
      const bool line_hit = touch_or_insert(caches_[i], line);
      compulsory |= i == 0 && !line_hit && seen_.mark(line);
      hit &= line_hit;
    }
    count_lookup(traffic.levels[i], reference.is_write);
    if (!hit) {
      count_miss(traffic.levels[i], reference.is_write, compulsory);
    }
    traffic.dram_reads += !hit && i + 1 == caches_.size();
    if (hit && i == 0) {
      return;
    }
  }
}

}  // namespace

std::unique_ptr<ReferenceModel> make_reference_model(const HierarchyConfig& config) {
  if (config.model == CacheModel::kCachegrind) {
    return std::make_unique<CachegrindModel>(config);
  }
  return std::make_unique<MachineModel>(config);
}

}  // namespace wattgrind
