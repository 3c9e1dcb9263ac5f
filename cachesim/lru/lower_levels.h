// The levels below the first, as the first one's misses meet them. There are two kinds, after the
// two models of hierarchy_config.h: a machine's levels (machine_levels.h) move lines to and fro,
// and cachegrind's (cachegrind_levels.h) know nothing of each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level_miss.h"

namespace wattgrind {

// The first level while its misses are replayed (walk/replay.h). It does not follow them one by
// one, but can be brought up to where it would be.
class ReplayedFirstLevel {
 public:
  virtual ~ReplayedFirstLevel() = default;

  // Returns false only where the first level holds no such line after the first `misses` of the
  // misses being replayed. Where it returns true, the first level is as it is after them.
  virtual bool follow_for(uint64_t line, size_t misses) = 0;
};

class LowerLevels {
 public:
  virtual ~LowerLevels() = default;

  // Lines up to this one may be asked for from now on.
  virtual void cover(uint64_t last) = 0;

  // Looks up what the first level missed, one miss after the other, and counts all that follows.
  // The first level has put the lines in already.
  virtual void fetch(std::span<const FirstLevelMiss> misses) = 0;

  // The same of misses that are replayed, the first of which is miss `from`, until one of them
  // takes lines out of the first level. Returns how many were looked up, with that one.
  virtual size_t replay(std::span<const FirstLevelMiss> misses, size_t from,
                        ReplayedFirstLevel& first_level) = 0;

  // One reference to several lines, from `first` to `last`. It is looked up in the first level too,
  // since what happens below to one line may decide whether the first level holds the next.
  virtual void touch_lines(uint64_t first, uint64_t last, Requester requester) = 0;

  // Takes lines out of the first level once more, as the miss made the levels below do when it was
  // fetched; the first level has just been looked up for it again.
  virtual void take_out_again(std::span<const uint64_t> lines, const FirstLevelMiss& miss) = 0;

  // The lines that were taken out of the first level for the miss that was fetched last.
  const std::vector<uint64_t>& taken_out() const { return taken_out_; }
  void forget_taken_out() { taken_out_.clear(); }

  // How many lines have been taken out of the first level so far.
  uint64_t invalidations() const { return invalidations_; }

 protected:
  void note_taken_out(uint64_t line) {
    taken_out_.push_back(line);
    ++invalidations_;
  }

 private:
  std::vector<uint64_t> taken_out_;
  uint64_t invalidations_ = 0;
};

}  // namespace wattgrind
