#include "cachesim/model/replacement_policy.h"

#include "estimator/base/error.h"

namespace wattgrind {

std::unique_ptr<ReplacementPolicy> make_policy(Replacement replacement, uint64_t sets,
                                               uint32_t ways) {
  switch (replacement) {
    case Replacement::kLru:
      return make_lru(sets, ways);
    case Replacement::kTreePlru:
      return make_tree_plru(sets, ways);
  }
  CHECK(false, "replacement {}", static_cast<int>(replacement));
  return nullptr;
}

}  // namespace wattgrind
