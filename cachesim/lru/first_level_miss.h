// A miss of the first level: all that the levels below it are ever told.
#pragma once

#include <cstdint>

#include "cachesim/lru/lru_entry.h"

namespace wattgrind {

// The buffer on whose behalf a line is looked up, and whether to write it. Reads and writes of a
// buffer are counted apart, so counters are indexed by requester.
struct Requester {
  uint32_t buffer = 0;
  bool is_write = false;

  uint32_t index() const { return buffer * 2 + (is_write ? 1 : 0); }
};

// One of three things that the first level tells:
//   - a line that it missed, together with the entry it gave up for the line;
//   - where is_run(), several such lines that follow each other, for which it gave up clean lines
//     only;
//   - where is_dirtied(), a line that it held clean and that has become dirty; nothing was given
//   up.
// Vectors write it as four words, so it must have no others.
struct FirstLevelMiss {
  static constexpr uint32_t kDirtied = 1, kDirties = 2, kIsRun = 4;
  static constexpr uint32_t kRequesterShift = 3;

  static uint32_t tag_of(uint32_t requester, bool dirties, bool is_dirtied = false) {
    return requester << kRequesterShift | (dirties ? kDirties : 0) | (is_dirtied ? kDirtied : 0);
  }
  static FirstLevelMiss run(uint32_t line, uint32_t count, uint32_t tag) {
    return {line, kInvalidEntry, count, tag | kIsRun};
  }

  uint32_t line = 0;
  LruEntry displaced = kInvalidEntry;
  // When the displaced line was used last; of a run, how many lines it has.
  UseTime displaced_time = 0;
  uint32_t tag = 0;

  uint32_t requester() const {  // Requester::index() of the first to ask for the line
    return tag >> kRequesterShift;
  }
  bool dirties() const { return (tag & kDirties) != 0; }  // the line is put in dirty
  bool is_dirtied() const { return (tag & kDirtied) != 0; }
  bool is_run() const { return (tag & kIsRun) != 0; }
  uint32_t count() const { return is_run() ? displaced_time : 1; }
};

static_assert(sizeof(FirstLevelMiss) == 4 * sizeof(uint32_t));

}  // namespace wattgrind
