#include "search/study/known_trials.h"

#include <atomic>

namespace wattgrind {

std::vector<Trial>& KnownTrials::change() {
  if (trials_.use_count() > 1) {
    trials_ = std::make_shared<std::vector<Trial>>(*trials_);
  } else {
    // Whoever let go of the last snapshot has read it before we write.
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return *trials_;
}

}  // namespace wattgrind
