#include "cachesim/lru/miss_run.h"

namespace wattgrind {

void append_runs(std::span<const FirstLevelMiss> misses, std::vector<MissRun>& runs) {
  MissRun open;
  for (const FirstLevelMiss& miss : misses) {
    if (miss.is_dirtied()) {
      continue;
    }
    if (open.count > 0 && miss.line == open.line + open.count && miss.tag == open.tag &&
        open.displaced == kInvalidEntry && !miss.is_run()) {
      ++open.count;
    } else {
      if (open.count > 0) {
        runs.push_back(open);
      }
      open = {miss.line, miss.count(), kInvalidEntry, miss.tag & ~FirstLevelMiss::kIsRun};
    }
    if ((miss.displaced & 1) != 0) {
      open.displaced = miss.displaced;
    }
  }
  if (open.count > 0) {
    runs.push_back(open);
  }
}

}  // namespace wattgrind
