#include "cachesim/walk/replayed_level.h"

namespace wattgrind {

std::vector<LruEntry> shifted(const ProvedState& state, size_t ways, const LineShifts& shifts,
                              uint64_t periods) {
  std::vector<LruEntry> entries = state.entries;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (state.set_stays[i / ways] == 0) {
      entries[i] = shifts.shifted(entries[i], static_cast<int64_t>(periods));
    }
  }
  return entries;
}

void ReplayedLevel::start(const ProvedState& state, const LineShifts& shifts,
                          std::span<const FirstLevelMiss> misses) {
  state_ = &state;
  shifts_ = &shifts;
  misses_ = misses;
  for (const uint64_t line : lines_) involved_.forget(line);
  lines_.clear();
  for (const LruEntry entry : state.entries) {
    if (entry != kInvalidEntry) mark(entry >> 1);
  }
  for (const FirstLevelMiss& miss : misses) {
    if (!miss.is_dirtied()) mark(shifts.shifted(miss.line << 1, 1) >> 1);
  }
}

void ReplayedLevel::mark(uint64_t line) {
  if (involved_.mark(line)) lines_.push_back(line);
}

void ReplayedLevel::start_period(uint64_t period) {
  period_ = period;
  follows_ = false;
}

// The line is taken back to where it would be in the first period.
bool ReplayedLevel::is_involved(uint64_t line) const {
  int64_t first = static_cast<int64_t>(line);
  if (state_->set_stays[level_.set_index(line)] == 0) {
    first -= shifts_->of_line(line) * static_cast<int64_t>(period_ - 1);
  }
  return first >= 0 && involved_.has(static_cast<uint64_t>(first));
}

bool ReplayedLevel::follow_for(uint64_t line, size_t misses) {
  if (!is_involved(line)) return false;
  if (!follows_) {
    level_.set_entries(shifted(*state_, level_.ways(), *shifts_, period_ - 1));
    followed_ = 0;
    follows_ = true;
  }
  for (; followed_ < misses; ++followed_) {
    const FirstLevelMiss& miss = misses_[followed_];
    if (miss.is_dirtied()) {
      level_.mark_dirty(miss.line);
    } else {
      level_.exchange(miss.displaced, miss.line << 1 | (miss.dirties() ? 1 : 0));
    }
  }
  return true;
}

}  // namespace wattgrind
