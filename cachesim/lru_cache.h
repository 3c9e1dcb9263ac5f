// One set-associative LRU cache that is quick to look up.
//
// Holds exactly what cache.h with LRU holds after the same uses. Lines must be below kLineLimit,
// ways at most kMaxLruWays.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "cachesim/lru_kernels.h"
#include "estimator/machine.h"

namespace wattgrind {

class LruCache {
 public:
  static constexpr uint64_t kLineLimit = kInvalidEntry >> 1;

  explicit LruCache(const CacheGeometry& geometry)
      : sets_(static_cast<uint32_t>(geometry.sets())),
        set_mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
        shape_(lru_shape(geometry.ways)),
        kernels_(lru_kernels(shape_)),
        storage_((size_t{sets_} * shape_.padded_ways + kChunk - 1) / kChunk, invalid_chunk()) {}

  // Uses the line, putting it in where it is not held; its entry is or-ed with `dirty`.
  LruTouch touch(uint64_t line, uint32_t dirty) {
    return kernels_.touch(set(line), shape_, entry(line), dirty);
  }

  // Tells the processor that the line is about to be looked up.
  void prefetch(uint64_t line) {
    const LruEntry* entries = set(line);
    for (uint32_t way = 0; way < shape_.padded_ways; way += kChunk) {
      __builtin_prefetch(entries + way, 1);
    }
  }

  // Takes the line out; kInvalidEntry where it is not held.
  LruEntry remove(uint64_t line) {
    LruEntry* entries = set(line);
    const uint32_t place = kernels_.find(entries, shape_, entry(line));
    if (place == shape_.ways) {
      return kInvalidEntry;
    }
    const LruEntry removed = entries[place];
    std::copy(entries + place + 1, entries + shape_.ways, entries + place);
    entries[shape_.ways - 1] = kInvalidEntry;
    return removed;
  }

  // False where the line is not held. Not a use.
  bool mark_dirty(uint64_t line) {
    LruEntry* entries = set(line);
    const uint32_t place = kernels_.find(entries, shape_, entry(line));
    if (place == shape_.ways) {
      return false;
    }
    entries[place] |= 1;
    return true;
  }

  // Puts an entry into the line's set as the least recently used; the set has just lost a line.
  void restore_oldest(uint64_t line, LruEntry oldest) { set(line)[shape_.ways - 1] = oldest; }

  bool same_set(uint64_t line, uint64_t other) const { return set_index(line) == set_index(other); }

 private:
  static constexpr uint32_t kChunk = 16;
  struct alignas(64) Chunk {
    LruEntry entries[kChunk];
  };

  static Chunk invalid_chunk() {
    Chunk chunk;
    std::fill_n(chunk.entries, kChunk, kInvalidEntry);
    return chunk;
  }
  static LruEntry entry(uint64_t line) { return static_cast<LruEntry>(line << 1); }
  uint32_t set_index(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    return set_mask_ + 1 == sets_ ? number & set_mask_ : number % sets_;
  }
  LruEntry* set(uint64_t line) {
    return storage_[0].entries + size_t{set_index(line)} * shape_.padded_ways;
  }

  uint32_t sets_;
  uint32_t set_mask_;  // sets_ - 1 where that is a power of two
  LruShape shape_;
  LruKernels kernels_;
  std::vector<Chunk> storage_;  // [set][way]
};

}  // namespace wattgrind
