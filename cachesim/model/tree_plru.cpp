// Tree pseudo-LRU: a binary tree over the ways; each inner node points to the half to give up next.
#include <bit>
#include <vector>

#include "cachesim/model/replacement_policy.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

class TreePlru : public ReplacementPolicy {
 public:
  TreePlru(uint64_t sets, uint32_t ways) : ways_(ways), points_right_(sets * ways, 0) {
    CHECK(std::has_single_bit(ways), "ways {}", ways);
  }

  void touch(uint64_t set, uint32_t way) override {
    uint8_t* tree = points_right_.data() + set * ways_;
    for (uint32_t node = way + ways_; node > 1; node /= 2) {
      const bool is_right_child = node % 2 == 1;
      tree[node / 2] = !is_right_child;
    }
  }

  uint32_t victim(uint64_t set) const override {
    const uint8_t* tree = points_right_.data() + set * ways_;
    uint32_t node = 1;
    while (node < ways_) {
      node = 2 * node + tree[node];
    }
    return node - ways_;
  }

 private:
  uint32_t ways_;
  // [set][node]: a heap, the root at 1, the children of n at 2n and 2n + 1, the ways below the
  // last nodes. Element 0 of each set is not used.
  std::vector<uint8_t> points_right_;
};

}  // namespace

std::unique_ptr<ReplacementPolicy> make_tree_plru(uint64_t sets, uint32_t ways) {
  return std::make_unique<TreePlru>(sets, ways);
}

}  // namespace wattgrind
