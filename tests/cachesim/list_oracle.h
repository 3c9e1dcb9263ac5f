// The oracle: a cache hierarchy made of lists, written from the rules in
// cachesim/model/reference_model.h alone and sharing nothing with the simulator but the types of
// its result. It is slow and obvious.
#pragma once

#include <algorithm>
#include <list>
#include <set>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/access_program.h"

namespace wattgrind {

struct OracleLine {
  uint64_t line;
  bool dirty;
};

// A level with LRU: each set is a list with the most recently used line in front.
class OracleLevel {
 public:
  explicit OracleLevel(const LevelConfig& level) : config(level), sets_(level.geometry.sets()) {}

  OracleLine* find(uint64_t line) {
    std::list<OracleLine>& set = of(line);
    const auto it =
        std::find_if(set.begin(), set.end(), [&](const OracleLine& l) { return l.line == line; });
    return it == set.end() ? nullptr : &*it;
  }
  bool touch(uint64_t line) {
    std::list<OracleLine>& set = of(line);
    for (auto it = set.begin(); it != set.end(); ++it) {
      if (it->line == line) {
        set.splice(set.begin(), set, it);
        return true;
      }
    }
    return false;
  }
  void push(OracleLine line) { of(line.line).push_front(line); }
  bool full(uint64_t line) { return of(line).size() == config.geometry.ways; }
  OracleLine pop(uint64_t line) {
    const OracleLine last = of(line).back();
    of(line).pop_back();
    return last;
  }
  void drop(uint64_t line) {
    of(line).remove_if([&](const OracleLine& l) { return l.line == line; });
  }

  LevelConfig config;

 private:
  std::list<OracleLine>& of(uint64_t line) { return sets_[line % sets_.size()]; }
  std::vector<std::list<OracleLine>> sets_;
};

class ListOracle {
 public:
  explicit ListOracle(const HierarchyConfig& config) : model_(config.model) {
    for (const LevelConfig& level : config.levels) {
      levels_.emplace_back(level);
    }
  }

  ProgramTraffic run(const AccessProgram& program) {
    program_ = &program;
    traffic_ = {};
    traffic_.buffers.resize(program.buffers.size());
    traffic_.elsewhere.levels.resize(levels_.size());
    for (BufferTraffic& buffer : traffic_.buffers) {
      buffer.levels.resize(levels_.size());
    }
    std::vector<uint64_t> iteration(program.loop_count, 0);
    run_body(program.body, iteration);
    return traffic_;
  }

 private:
  void run_body(const std::vector<AccessStep>& body, std::vector<uint64_t>& iteration) {
    for (const AccessStep& step : body) {
      if (const AccessLoop* loop = std::get_if<AccessLoop>(&step.node)) {
        for (uint64_t i = 0; i < loop->trips; ++i) {
          iteration[loop->id] = i;
          run_body(loop->body, iteration);
        }
        continue;
      }
      const Access& access = std::get<Access>(step.node);
      int64_t address = static_cast<int64_t>(program_->buffers[access.buffer].address);
      address += access.offset_bytes;
      for (const AccessStride& stride : access.strides) {
        address += stride.bytes * static_cast<int64_t>(iteration[stride.loop]);
      }
      refer(access, static_cast<uint64_t>(address));
    }
  }

  void refer(const Access& access, uint64_t address) {
    BufferTraffic& traffic = traffic_.buffers[access.buffer];
    ReferenceCounts& references = traffic.references;
    (access.is_write ? references.writes : references.reads) += 1;
    (access.is_write ? references.written_bytes : references.read_bytes) += access.bytes;
    std::vector<uint64_t> lines;
    for (uint64_t byte = address; byte < address + access.bytes; ++byte) {
      const uint64_t line = byte / levels_[0].config.geometry.line_bytes;
      if (lines.empty() || lines.back() != line) {
        lines.push_back(line);
      }
    }
    model_ == CacheModel::kCachegrind ? refer_cachegrind(traffic, access.is_write, lines)
                                      : refer_machine(traffic, access.is_write, lines);
  }

  static void count(LevelTraffic& level, bool is_write, bool miss, bool compulsory) {
    level.reads += !is_write;
    level.writes += is_write;
    level.read_misses += miss && !is_write;
    level.write_misses += miss && is_write;
    level.compulsory_misses += miss && compulsory;
  }

  void refer_cachegrind(BufferTraffic& traffic, bool is_write, const std::vector<uint64_t>& lines) {
    bool fresh = false;
    for (const uint64_t line : lines) {
      fresh |= seen_.insert(line).second;
    }
    for (size_t i = 0; i < levels_.size(); ++i) {
      bool miss = false;
      for (const uint64_t line : lines) {
        if (!levels_[i].touch(line)) {
          miss = true;
          if (levels_[i].full(line)) {
            levels_[i].pop(line);
          }
          levels_[i].push({line, false});
        }
      }
      count(traffic.levels[i], is_write, miss, fresh);
      traffic.dram_reads += miss && i + 1 == levels_.size();
      if (i == 0 && !miss) {
        break;
      }
    }
  }

  void refer_machine(BufferTraffic& traffic, bool is_write, const std::vector<uint64_t>& lines) {
    bool any_miss = false, any_fresh = false;
    for (const uint64_t line : lines) {
      const bool fresh = seen_.insert(line).second;
      size_t k = 0;
      while (k < levels_.size() && !levels_[k].touch(line)) {
        ++k;
      }
      for (size_t i = 1; i < levels_.size() && i <= k; ++i) {
        count(traffic.levels[i], is_write, i < k, fresh);
      }
      any_miss |= k > 0;
      any_fresh |= fresh;
      bring_in(traffic, line, k);
      if (is_write) {
        levels_[0].find(line)->dirty = true;
      }
    }
    count(traffic.levels[0], is_write, any_miss, any_fresh);
  }

  // Fills the levels above `from`, which holds the line; DRAM holds it if `from` is the number of
  // levels.
  void bring_in(BufferTraffic& traffic, uint64_t line, size_t from) {
    bool dirty = false;
    if (from == levels_.size()) {
      ++traffic.dram_reads;
    } else if (from > 0 && levels_[from].config.containment == Containment::kVictim) {
      dirty = levels_[from].find(line)->dirty;
      levels_[from].drop(line);
    }
    for (size_t i = from; i > 0; --i) {
      if (levels_[i - 1].config.containment != Containment::kVictim) {
        put(i - 1, {line, dirty});
        ++traffic.levels[i - 1].fills;
        dirty = false;
      }
    }
  }

  void put(size_t k, OracleLine line) {
    if (!levels_[k].full(line.line)) {
      levels_[k].push(line);
      return;
    }
    OracleLine out = levels_[k].pop(line.line);
    levels_[k].push(line);
    if (levels_[k].config.containment == Containment::kInclusive) {
      for (size_t i = 0; i < k; ++i) {
        if (const OracleLine* copy = levels_[i].find(out.line)) {
          out.dirty |= copy->dirty;
          levels_[i].drop(out.line);
        }
      }
    }
    if (out.dirty) {
      ++owner(out.line).levels[k].write_backs;
    }
    if (k + 1 < levels_.size() && levels_[k + 1].config.containment == Containment::kVictim) {
      ++owner(out.line).levels[k + 1].fills;
      put(k + 1, out);
      return;
    }
    if (out.dirty) {
      for (size_t i = k + 1; i < levels_.size(); ++i) {
        if (OracleLine* copy = levels_[i].find(out.line)) {
          copy->dirty = true;
          ++owner(out.line).levels[i].updates;
          return;
        }
      }
      ++owner(out.line).dram_writes;
    }
  }

  BufferTraffic& owner(uint64_t line) {
    const uint64_t size = levels_[0].config.geometry.line_bytes;
    size_t best = program_->buffers.size();
    for (size_t i = 0; i < program_->buffers.size(); ++i) {
      const AccessBuffer& buffer = program_->buffers[i];
      const bool holds_line = buffer.bytes > 0 && buffer.address < (line + 1) * size &&
                              buffer.address + buffer.bytes > line * size;
      if (holds_line &&
          (best == program_->buffers.size() || buffer.address < program_->buffers[best].address)) {
        best = i;
      }
    }
    return best == program_->buffers.size() ? traffic_.elsewhere : traffic_.buffers[best];
  }

  CacheModel model_;
  std::vector<OracleLevel> levels_;
  std::set<uint64_t> seen_;
  const AccessProgram* program_ = nullptr;
  ProgramTraffic traffic_;
};

}  // namespace wattgrind
