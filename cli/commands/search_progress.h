// Shows on standard error how far a search has got.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cli/terminal/progress.h"
#include "search/samplers/sampler.h"
#include "search/space/space.h"

namespace wattgrind {

struct ProgressOptions {
  bool verbose = false;  // a line for each trial instead of one that is rewritten
  bool quiet = false;
};

class SearchProgress {
 public:
  // `so_far`: the trials the study holds. The space must outlive it.
  SearchProgress(const Space& space, uint64_t trials, ProgressOptions options,
                 std::span<const Trial> so_far);

  void trial_ended(const Trial& ended, std::span<const Trial> all);

 private:
  const Space& space_;
  uint64_t trials_;
  ProgressOptions options_;
  size_t ended_before_;
  std::chrono::steady_clock::time_point start_;
  ProgressLine line_;
};

// "40 s", "12 min", "3.5 h"
std::string duration_text(double seconds);

}  // namespace wattgrind
