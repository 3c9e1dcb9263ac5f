// What the first level asked of the levels below it, in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/lru_entry.h"

namespace wattgrind {

// Whom to count a look-up for.
struct Requester {
  uint32_t buffer = 0;
  bool is_write = false;

  // Reads and writes of a buffer are counted apart.
  uint32_t index() const { return buffer * 2 + (is_write ? 1 : 0); }
};

// A look-up that the first level missed, and what it gave up for the line; or one that made a line
// it held dirty.
struct FirstLevelMiss {  // of four words and nothing else: written by vectors
  static uint32_t tag_of(uint32_t requester, bool dirties, bool is_dirtied = false) {
    return requester << 2 | (dirties ? 2 : 0) | (is_dirtied ? 1 : 0);
  }

  uint32_t line = 0;
  LruEntry displaced = kInvalidEntry;
  UseTime displaced_time = 0;
  uint32_t tag = 0;

  uint32_t requester() const { return tag >> 2; }  // its index
  bool dirties() const { return (tag & 2) != 0; }  // the line
  bool is_dirtied() const { return (tag & 1) != 0; }
};

static_assert(sizeof(FirstLevelMiss) == 4 * sizeof(uint32_t));

class MissLog {
 public:
  MissLog() { misses_.resize(kFewest); }

  size_t size() const { return size_; }
  bool is_full() const { return size_ == misses_.size(); }
  std::span<FirstLevelMiss> misses() { return std::span(misses_).first(size_); }

  // The log must not be full.
  void append(const FirstLevelMiss& miss) { misses_[size_++] = miss; }
  // Where the next misses go: so many may be written, and then appended at once.
  std::span<FirstLevelMiss> room() { return std::span(misses_).subspan(size_); }
  void append_written(size_t misses) { size_ += misses; }
  void clear() { size_ = 0; }
  void grow() { misses_.resize(misses_.size() * 2); }

 private:
  static constexpr size_t kFewest = 512;

  size_t size_ = 0;
  std::vector<FirstLevelMiss> misses_;
};

}  // namespace wattgrind
