// The first level while periods of a loop are replayed (replay.h).
//
// What it holds after each miss is known without following them: after n periods it holds what it
// held when the repetition was proved, n times shifted. Levels below hardly ever ask, and mostly
// for lines that the period has nothing to do with. So only where a line is one of those that the
// level holds at the period's beginning, or that are missed in it, is the level made to follow the
// misses up to the present one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/lower_levels.h"
#include "cachesim/model/seen_lines.h"
#include "cachesim/walk/line_shifts.h"

namespace wattgrind {

// What a first level holds when its loop is proved to repeat.
struct ProvedState {
  std::vector<LruEntry> entries;  // as FirstLevel::entries()
  std::vector<uint8_t>
      set_stays;  // by set: 1 where its lines are not shifted from period to period
};

// The entries after so many more periods.
std::vector<LruEntry> shifted(const ProvedState& state, size_t ways, const LineShifts& shifts,
                              uint64_t periods);

class ReplayedLevel : public ReplayedFirstLevel {
 public:
  explicit ReplayedLevel(FirstLevel& level) : level_(level) {}

  // The state, the shifts and the misses of the period that led to the state, which are shifted in
  // place from period to period, must outlive the replay.
  void start(const ProvedState& state, const LineShifts& shifts,
             std::span<const FirstLevelMiss> misses);
  // Period 1 is the one after the proof.
  void start_period(uint64_t period);
  bool follow_for(uint64_t line, size_t misses) override;

 private:
  void mark(uint64_t line);
  bool is_involved(uint64_t line) const;

  FirstLevel& level_;
  const ProvedState* state_ = nullptr;
  const LineShifts* shifts_ = nullptr;
  std::span<const FirstLevelMiss> misses_;
  uint64_t period_ = 0;
  bool follows_ = false;  // whether the level is that of this period, after `followed_` misses
  size_t followed_ = 0;
  SeenLines involved_;           // in period 1
  std::vector<uint64_t> lines_;  // those, each once
};

}  // namespace wattgrind
