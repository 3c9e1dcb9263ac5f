// True LRU: every way remembers when it was touched last, and the one touched longest ago goes.
#include <algorithm>
#include <vector>

#include "cachesim/model/replacement_policy.h"

namespace wattgrind {
namespace {

class Lru : public ReplacementPolicy {
 public:
  Lru(uint64_t sets, uint32_t ways) : ways_(ways), touched_(sets * ways, 0) {}

  void touch(uint64_t set, uint32_t way) override { touched_[set * ways_ + way] = ++clock_; }

  uint32_t victim(uint64_t set) const override {
    const auto first = touched_.begin() + static_cast<ptrdiff_t>(set * ways_);
    return static_cast<uint32_t>(std::min_element(first, first + ways_) - first);
  }

 private:
  uint32_t ways_;
  uint64_t clock_ = 0;
  std::vector<uint64_t> touched_;  // [set][way]
};

}  // namespace

std::unique_ptr<ReplacementPolicy> make_lru(uint64_t sets, uint32_t ways) {
  return std::make_unique<Lru>(sets, ways);
}

}  // namespace wattgrind
