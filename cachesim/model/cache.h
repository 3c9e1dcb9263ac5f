// One set-associative cache, as textbooks draw it: which lines it holds and which of them are
// dirty. A line is its address divided by the line size; its set is the line modulo the number of
// sets, which need not be a power of two. Counts nothing; knows no other level.
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

  // True where the line is held, which makes it the set's most recently used.
  bool touch(uint64_t line);

  // Puts in a line that is not held, most recently used, into an invalid way if there is one.
  // Returns the line it had to evict.
  std::optional<HeldLine> insert(HeldLine incoming);

  // Takes the line out; absent where it is not held.
  std::optional<HeldLine> remove(uint64_t line);

  // False where the line is not held. Not a use: the order of replacement stays.
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
  std::vector<uint32_t> last_used_;  // way, by set
  std::unique_ptr<ReplacementPolicy> policy_;
};

}  // namespace wattgrind
