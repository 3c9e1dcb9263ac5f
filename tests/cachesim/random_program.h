// Random access programs and hierarchies for tests that compare two ways of counting.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/program/access_program.h"

namespace wattgrind {

class RandomProgram {
 public:
  explicit RandomProgram(uint64_t seed) : random_(seed) {}

  // Makes programs like next(), but with an outer loop around all of it in which every buffer
  // moves, mostly by whole kibibytes, so that iterations often repeat once the caches are full of
  // them.
  AccessProgram next_repeating(uint64_t max_references) {
    program_ = {};
    program_.name = "repeating";
    aligned_ = true;
    program_.buffers.resize(1 + below(4));
    extents_.assign(program_.buffers.size(), 0);
    pitches_.clear();
    for (size_t i = 0; i < program_.buffers.size(); ++i) {
      const int64_t pitches[] = {0, 0, 1024, 1024, 2048, 4096, -1024, 512, 64};
      pitches_.push_back(pitches[below(9)]);
    }
    const uint64_t trips = 8 + below(32);
    std::vector<Enclosing> around = {{program_.loop_count++, trips}};
    AccessLoop outer{0, "image", trips, {}};
    outer.body = body(1, max_references / trips, around);
    program_.body.emplace_back().node.emplace<AccessLoop>(std::move(outer));
    place_buffers();
    pitches_.clear();
    return program_;
  }

  // Makes loop nests of up to four loops around reads and writes of one to five buffers, of at most
  // `max_references` references. Strides are below, at and above a line, negative, or multiples of
  // the caches' sets; references may straddle lines, and buffers may share a line. Every program of
  // one generator uses the same buffers' addresses.
  AccessProgram next(uint64_t max_references) {
    program_ = {};
    program_.name = "random";
    // Kernels keep to aligned vectors; a fuzzer must not.
    aligned_ = below(3) != 0;
    const size_t buffers = 1 + below(5);
    program_.buffers.resize(buffers);
    extents_.assign(buffers, 0);
    std::vector<Enclosing> around;
    program_.body = body(0, max_references, around);
    place_buffers();
    return program_;
  }

  uint64_t below(uint64_t bound) { return random_() % bound; }

 private:
  struct Enclosing {
    uint32_t id;
    uint64_t trips;
  };

  std::vector<AccessStep> body(int depth, uint64_t budget, std::vector<Enclosing>& around) {
    std::vector<AccessStep> steps;
    const size_t count = 1 + below(depth == 0 ? 3 : 5);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t share = budget / count;
      if (share > 4 && depth < 4 && below(depth < 2 ? 4 : 2) != 0) {
        steps.emplace_back().node.emplace<AccessLoop>(loop(depth, share, around));
      } else if (share > 0) {
        add_accesses(steps, std::min<uint64_t>(share, 1 + below(6)), around);
      }
    }
    return steps;
  }

  AccessLoop loop(int depth, uint64_t budget, std::vector<Enclosing>& around) {
    AccessLoop loop;
    loop.id = program_.loop_count++;
    loop.name = "loop" + std::to_string(loop.id);
    loop.trips = 1 + below(std::min<uint64_t>(budget / 2, below(4) == 0 ? 200 : 20));
    around.push_back({loop.id, loop.trips});
    loop.body = body(depth + 1, budget / loop.trips, around);
    around.pop_back();
    return loop;
  }

  // Several accesses in a row are often the lanes of one vector or the rows of one tile.
  void add_accesses(std::vector<AccessStep>& steps, size_t count,
                    const std::vector<Enclosing>& around) {
    const uint32_t widths[] = {4, 4, 8, 16, 32, 64};
    const int64_t gaps[] = {0, 4, 32, 64, 48, 256, 1024, 4096};
    Access access;
    access.buffer = static_cast<uint32_t>(below(program_.buffers.size()));
    access.bytes = widths[below(6)];
    access.is_write = below(4) == 0;
    for (const Enclosing& enclosing : around) {
      const bool is_image = !pitches_.empty() && enclosing.id == 0;
      const int64_t bytes = is_image ? pitches_[access.buffer] : stride(access.bytes);
      if (bytes != 0) {
        access.strides.push_back({enclosing.id, bytes});
      }
    }
    const int64_t gap = gaps[below(8)];
    const int64_t start = aligned_ ? static_cast<int64_t>(below(16) * access.bytes)
                                   : static_cast<int64_t>(below(256) * 4);
    for (size_t i = 0; i < count; ++i) {
      access.offset_bytes = start + static_cast<int64_t>(i) * gap;
      steps.emplace_back().node.emplace<Access>(keep_inside(access, around));
    }
  }

  int64_t stride(int64_t width) {
    const int64_t strides[] = {0,   0,   width, width, 4,    4,    32, 64,  64,  64,   128,
                               256, 512, 1024,  2048,  4096, 4096, -4, -32, -64, -128, 1088};
    const int64_t odd[] = {24, 48, 96, 12, -36, 100, 1000};
    return aligned_ || below(2) == 0 ? strides[below(22)] : odd[below(7)];
  }

  Access keep_inside(Access access, const std::vector<Enclosing>& around) {
    int64_t low = 0, high = 0;
    for (const AccessStride& stride : access.strides) {
      const auto trips = std::ranges::find(around, stride.loop, &Enclosing::id)->trips;
      const int64_t span = stride.bytes * static_cast<int64_t>(trips - 1);
      (span < 0 ? low : high) += span;
    }
    access.offset_bytes -= low;
    int64_t& extent = extents_[access.buffer];
    extent = std::max(extent, access.offset_bytes + high + access.bytes);
    return access;
  }

  void place_buffers() {
    const uint64_t alignments[] = {4, 64, 64, 4096};
    const uint64_t alignment = aligned_ ? alignments[1 + below(3)] : alignments[below(4)];
    uint64_t address = 0x10000000;
    for (size_t i = 0; i < program_.buffers.size(); ++i) {
      AccessBuffer& buffer = program_.buffers[i];
      address = (address + alignment - 1) / alignment * alignment;
      buffer = {"buffer" + std::to_string(i), TensorRole::kInput, address,
                static_cast<uint64_t>(extents_[i])};
      address += buffer.bytes;
    }
  }

  std::mt19937_64 random_;
  AccessProgram program_;
  std::vector<int64_t> extents_;
  std::vector<int64_t> pitches_;  // by buffer: the outermost loop's stride; empty if it may be any
  bool aligned_ = true;
};

inline LevelConfig level(std::string name, uint64_t size_bytes, uint32_t ways,
                         Containment containment = Containment::kNonInclusive,
                         uint32_t line_bytes = 64) {
  return {std::move(name), {size_bytes, ways, line_bytes}, Replacement::kLru, containment};
}

// Makes small caches, so that small programs make every kind of event. Their numbers of sets are
// powers of two or not, they have one to three levels, and every containment occurs.
inline std::vector<HierarchyConfig> small_hierarchies() {
  using enum Containment;
  using enum CacheModel;
  const LevelConfig l1 = level("L1", 2048, 2);
  const LevelConfig wide_l1 = level("L1", 4096, 4);
  return {
      {kMachine, {l1}},
      {kMachine, {l1, level("L2", 16384, 4)}},
      {kMachine, {l1, level("L2", 8192, 4), level("L3", 3 * 16384, 12)}},
      {kMachine, {wide_l1, level("L2", 4096, 4), level("L3", 3 * 4096, 3)}},
      {kMachine, {l1, level("L2", 4096, 2), level("L3", 8192, 4, kInclusive)}},
      {kMachine, {wide_l1, level("L2", 8192, 2), level("L3", 3 * 4096, 4, kInclusive)}},
      {kMachine, {l1, level("L2", 4096, 2, kInclusive), level("L3", 6144, 3)}},
      {kMachine, {wide_l1, level("L2", 4096, 4, kInclusive), level("L3", 16384, 4, kInclusive)}},
      {kMachine, {wide_l1, level("L2", 4096, 4), level("L3", 5120, 5, kVictim)}},
      {kMachine, {l1, level("L2", 2048, 2, kVictim), level("L3", 16384, 8)}},
      {kMachine, {l1, level("L2", 4096, 4, kVictim), level("L3", 8192, 8, kVictim)}},
      {kMachine, {wide_l1, level("L2", 4096, 4, kVictim), level("L3", 16384, 8, kInclusive)}},
      {kCachegrind, {l1, level("L2", 16384, 4)}},
      {kCachegrind, {wide_l1, level("L2", 4096, 4), level("L3", 16384, 8)}},
      {kCachegrind, {level("D1", 32768, 8), level("LL", 262144, 8)}},
      {kMachine, {level("L1", 32768, 8), level("L2", 65536, 8), level("L3", 3 * 65536, 12)}},
  };
}

}  // namespace wattgrind
