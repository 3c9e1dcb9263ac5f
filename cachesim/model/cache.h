// One set-associative cache, as textbooks draw it: it knows which lines it holds and which of them
// are dirty. A line is its address divided by the line size; its set is the line modulo the number
// of sets, which need not be a power of two. The cache counts nothing and knows no other level.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cachesim/model/replacement_policy.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

struct HeldLine {
  uint64_t line = 0;
  bool dirty = false;
};

class Cache {
 public:
  Cache(const CacheGeometry& geometry, Replacement replacement);

  // Returns whether the line is held; if so, it becomes the most recently used of its set.
  bool touch(uint64_t line);

  // Puts in a line that is not held, into an invalid way if there is one, as the most recently used
  // of its set. Returns the line that had to be evicted for it.
  std::optional<HeldLine> insert(HeldLine incoming);

  // Takes the line out and returns it; it is absent where it is not held.
  std::optional<HeldLine> remove(uint64_t line);

  // Returns false where the line is not held. This does not count as a use: the order of
  // replacement stays.
  bool mark_dirty(uint64_t line);

 private:
  struct Place {
    uint64_t set;
    uint32_t way;
  };
  std::optional<Place> find(uint64_t line) const;
  size_t index(Place place) const { return place.set * ways_ + place.way; }
  void use(Place place);

  uint64_t sets_;
  uint32_t ways_;
  std::vector<uint64_t> lines_;      // [set][way]
  std::vector<uint8_t> dirty_;       // [set][way]
  std::vector<uint32_t> last_used_;  // [set]: the way
  std::unique_ptr<ReplacementPolicy> policy_;
};

}  // namespace wattgrind
