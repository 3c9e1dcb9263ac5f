#include "cachesim/replay.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace wattgrind {
namespace {

// Longer periods would have to be walked too often before they can be replayed.
constexpr uint64_t kLongestPeriod = 16;
// Periods to walk before giving up: the first fills the caches, the second may still meet lines of
// the kernel before.
constexpr uint64_t kTrialPeriods = 4;

}  // namespace

void Replay::start_program(const FlatProgram& program, const LineOwners& owners) {
  program_ = &program;
  owners_ = &owners;
  buffers_ = 0;
  for (const FlatAccess& access : program.accesses) {
    buffers_ = std::max<size_t>(buffers_, access.buffer + 1);
  }
  replayed_references_ = 0;
}

// Absent where the loop cannot repeat.
std::optional<Replay::Period> Replay::period_of(const FlatLoop& loop) const {
  constexpr int64_t kUnknown = INT64_MIN;
  std::vector<int64_t> strides(buffers_, kUnknown);
  for (size_t i = 0; i < loop.strides.size(); ++i) {
    int64_t& stride = strides[program_->accesses[loop.first_access + i].buffer];
    if (stride != kUnknown && stride != loop.strides[i]) {
      return std::nullopt;
    }
    stride = loop.strides[i];
  }
  const auto span = static_cast<int64_t>(caches_.first_level().sets() * uint64_t{line_bytes_});
  Period period{1, {}};
  for (int64_t& stride : strides) {
    stride = stride == kUnknown ? 0 : stride;
    const int64_t turns = span / std::gcd(span, stride);
    period.iterations = std::lcm(period.iterations, static_cast<uint64_t>(turns));
    if (period.iterations > kLongestPeriod) {
      return std::nullopt;
    }
  }
  for (const int64_t stride : strides) {
    period.shifts.push_back(stride * static_cast<int64_t>(period.iterations) / line_bytes_);
  }
  return period;
}

Replay::Snapshot Replay::take_snapshot() {
  return {caches_.first_level().entries(), caches_.straddling(), caches_.invalidations()};
}

LruEntry Replay::shifted(LruEntry entry, const Period& period, int64_t periods) const {
  if (entry == kInvalidEntry) {
    return entry;
  }
  const size_t owner = owners_->owner(entry >> 1);
  const int64_t lines = owner < period.shifts.size() ? period.shifts[owner] * periods : 0;
  return entry + static_cast<LruEntry>(lines * 2);
}

bool Replay::repeats(const Snapshot& before, const Snapshot& now, const Period& period) const {
  return before.straddling == now.straddling && before.invalidations == now.invalidations &&
         std::ranges::equal(before.entries, now.entries, [&](LruEntry old, LruEntry recent) {
           return shifted(old, period, 1) == recent;
         });
}

// How many periods on every held line is still in its buffer: shifts must not take a line where
// another buffer's line is.
uint64_t Replay::periods_inside(const Snapshot& now, const Period& period, uint64_t wanted) const {
  uint64_t periods = wanted;
  for (const LruEntry entry : now.entries) {
    const uint64_t line = entry >> 1;
    const size_t owner = entry == kInvalidEntry ? buffers_ : owners_->owner(line);
    if (owner >= period.shifts.size() || period.shifts[owner] == 0) {
      continue;
    }
    const LineOwners::Lines lines = owners_->lines(owner);
    const uint64_t room = period.shifts[owner] > 0 ? lines.last - line : line - lines.first;
    periods = std::min(periods, room / static_cast<uint64_t>(std::abs(period.shifts[owner])));
  }
  return periods;
}

std::vector<LruEntry> Replay::shifted(const Snapshot& now, const Period& period,
                                      uint64_t periods) const {
  std::vector<LruEntry> entries = now.entries;
  for (LruEntry& entry : entries) {
    entry = shifted(entry, period, static_cast<int64_t>(periods));
  }
  return entries;
}

// Replays the period whose misses are in the log, shifted `times` times. False where a line was
// taken out of the first level, after `misses` misses.
bool Replay::replay_period(const Period& period, int64_t times, uint64_t& misses) {
  FirstLevel& first_level = caches_.first_level();
  misses = 0;
  for (FirstLevelMiss miss : log_) {
    if (miss.is_dirtied) {
      const LruEntry clean = shifted(static_cast<LruEntry>(miss.line << 1), period, times);
      first_level.mark_dirty(clean >> 1);
      continue;
    }
    miss.line += static_cast<uint32_t>(period.shifts[miss.requester.buffer] * times);
    miss.displaced = shifted(miss.displaced, period, times);
    if (caches_.reaches_up()) {
      const LruEntry entry = static_cast<LruEntry>(miss.line << 1);
      first_level.exchange(miss.displaced, entry | (miss.dirties ? 1 : 0));
    }
    caches_.miss_first_level(miss, 0);
    ++misses;
    if (!caches_.taken_out().empty()) {
      return false;
    }
  }
  return true;
}

// Replays up to so many periods after `now`; returns how many. After fewer, the next one has begun:
// the first level is as at its beginning, and the hierarchy knows which misses to leave out.
uint64_t Replay::replay(const Snapshot& now, const Period& period, uint64_t periods) {
  caches_.log_misses(nullptr);
  for (uint64_t n = 1; n <= periods; ++n) {
    uint64_t misses = 0;
    if (!replay_period(period, static_cast<int64_t>(n), misses)) {
      std::vector<uint64_t> taken_out = caches_.taken_out();
      caches_.first_level().set_entries(shifted(now, period, n - 1));
      caches_.resume_after(misses, std::move(taken_out));
      return n - 1;
    }
  }
  caches_.first_level().set_entries(shifted(now, period, periods));
  return periods;
}

bool Replay::run(const FlatLoop& loop, const std::function<void(uint64_t)>& walk_iterations,
                 const std::function<void(uint64_t)>& skip_iterations) {
  if (is_running_ || loop.body_references < fewest_references_ || !owners_->disjoint()) {
    return false;
  }
  const std::optional<Period> period = period_of(loop);
  if (!period || loop.trips / period->iterations < 3) {
    return false;
  }
  is_running_ = true;
  uint64_t done = 0;
  Snapshot before;
  for (uint64_t trial = 0; trial < kTrialPeriods; ++trial) {
    log_.clear();
    caches_.log_misses(&log_);
    walk_iterations(period->iterations);
    done += period->iterations;
    const Snapshot now = take_snapshot();
    const uint64_t left = (loop.trips - done) / period->iterations;
    if (left == 0 || log_.size() == LruHierarchy::kLongestLog) {
      break;
    }
    if (trial > 0 && repeats(before, now, *period)) {
      const uint64_t inside = periods_inside(now, *period, left);
      const uint64_t periods = replay(now, *period, inside);
      skip_iterations(periods * period->iterations);
      done += periods * period->iterations;
      replayed_references_ += periods * period->iterations * loop.body_references;
      if (periods == inside) {
        break;
      }
      trial = 0;  // what was begun is walked next
    }
    before = now;
  }
  caches_.log_misses(nullptr);
  is_running_ = false;
  walk_iterations(loop.trips - done);
  return true;
}

}  // namespace wattgrind
