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

// Either a line that the first level missed, together with the entry it gave up for the line, or,
// where is_dirtied(), a line that it held clean and that has become dirty: then nothing was given
// up. Vectors write it as four words, so it must have no others.
struct FirstLevelMiss {
  static uint32_t tag_of(uint32_t requester, bool dirties, bool is_dirtied = false) {
    return requester << 2 | (dirties ? 2 : 0) | (is_dirtied ? 1 : 0);
  }

  uint32_t line = 0;
  LruEntry displaced = kInvalidEntry;
  UseTime displaced_time = 0;  // when the displaced line was used last
  uint32_t tag = 0;

  uint32_t requester() const { return tag >> 2; }  // Requester::index() of the first to ask for it
  bool dirties() const { return (tag & 2) != 0; }  // the line is put in dirty
  bool is_dirtied() const { return (tag & 1) != 0; }
};

static_assert(sizeof(FirstLevelMiss) == 4 * sizeof(uint32_t));

}  // namespace wattgrind
