// A replacement policy says which way of a set to give up. It sees only sets and ways, neither
// addresses nor what is dirty.
#pragma once

#include <cstdint>
#include <memory>

#include "estimator/machine/machine.h"

namespace wattgrind {

// The cache fills invalid ways by itself and asks for a victim only when a set is full. Touching
// the way touched last in its set changes nothing, so the cache may leave such touches out.
class ReplacementPolicy {
 public:
  virtual ~ReplacementPolicy() = default;
  virtual void touch(uint64_t set, uint32_t way) = 0;
  virtual uint32_t victim(uint64_t set) const = 0;
};

std::unique_ptr<ReplacementPolicy> make_lru(uint64_t sets, uint32_t ways);

// The number of ways must be a power of two.
std::unique_ptr<ReplacementPolicy> make_tree_plru(uint64_t sets, uint32_t ways);

std::unique_ptr<ReplacementPolicy> make_policy(Replacement replacement, uint64_t sets,
                                               uint32_t ways);

}  // namespace wattgrind
