#include "cachesim/walk/replay.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace wattgrind {
namespace {

// Longer periods, in iterations, would have to be walked too often before they can be replayed.
constexpr uint64_t kLongestPeriod = 16;
// So many periods are walked before a loop is given up. The first of them cannot repeat, as they
// still meet the lines of what ran before.
constexpr uint64_t kTrialPeriods = 8;
// A loop that keeps not repeating is still attempted once in 2^kMostOmitted of its runs.
constexpr uint32_t kMostOmitted = 6;

}  // namespace

void Replay::start_program(const FlatProgram& program, const LineOwners& owners) {
  program_ = &program;
  owners_ = &owners;
  buffers_ = 0;
  for (const FlatAccess& access : program.accesses) {
    buffers_ = std::max<size_t>(buffers_, access.buffer + 1);
  }
  replayed_references_ = 0;
  attempts_.assign(program.loops.size(), {});
}

// Returns the loop's period, which is absent where the loop cannot repeat.
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
  return {caches_.first_level().entries(), caches_.straddling(), caches_.invalidations(), {}};
}

LruEntry Replay::shifted(LruEntry entry, const Period& period, int64_t periods) const {
  if (entry == kInvalidEntry) {
    return entry;
  }
  const size_t owner = owners_->owner(entry >> 1);
  const int64_t lines = owner < period.shifts.size() ? period.shifts[owner] * periods : 0;
  return entry + static_cast<LruEntry>(lines * 2);
}

// Returns whether a set in which so many lines were used in the period stays: it missed nothing,
// and none of these lines is shifted. Entries are in the order of use, the latest first.
bool Replay::set_stays(std::span<const LruEntry> before, std::span<const LruEntry> now,
                       const Period& period, uint32_t used) const {
  const auto moves = [&](LruEntry entry) { return shifted(entry, period, 1) != entry; };
  return std::none_of(now.begin(), now.begin() + used, moves) &&
         std::is_permutation(now.begin(), now.end(), before.begin());
}

// Returns whether the period that began at this time proves that the next ones repeat it; if so,
// fills in now.set_stays.
bool Replay::repeats(const Snapshot& before, Snapshot& now, const Period& period,
                     UseTime begin) const {
  const FirstLevel& level = caches_.first_level();
  if (before.straddling != now.straddling || before.invalidations != now.invalidations ||
      level.clock() < begin) {
    return false;
  }
  const std::vector<uint32_t> used = level.used_since(begin);
  const size_t ways = level.ways();
  now.set_stays.assign(level.sets(), 0);
  for (size_t set = 0; set < level.sets(); ++set) {
    const auto old = std::span(before.entries).subspan(set * ways, ways);
    const auto recent = std::span(now.entries).subspan(set * ways, ways);
    const bool is_shifted = std::ranges::equal(
        old, recent, [&](LruEntry a, LruEntry b) { return shifted(a, period, 1) == b; });
    now.set_stays[set] = is_shifted ? 0 : 1;
    if (!is_shifted && !set_stays(old, recent, period, used[set])) {
      return false;
    }
  }
  return true;
}

// Returns for how many periods, at most as many as wanted, every line that the first level holds
// can be shifted and still be in its buffer. Beyond, it might meet another buffer's line.
uint64_t Replay::periods_inside(const Snapshot& now, const Period& period, uint64_t wanted) const {
  uint64_t periods = wanted;
  const size_t ways = caches_.first_level().ways();
  for (size_t i = 0; i < now.entries.size(); ++i) {
    if (now.set_stays[i / ways] != 0) {
      continue;
    }
    const LruEntry entry = now.entries[i];
    const uint64_t line = entry >> 1;
    const size_t owner = entry == kInvalidEntry ? buffers_ : owners_->owner(line);
    if (owner >= period.shifts.size() || period.shifts[owner] == 0) {
      continue;
    }
    const LineOwners::Lines lines = owners_->lines(owner).value();
    const uint64_t room = period.shifts[owner] > 0 ? lines.last - line : line - lines.first;
    periods = std::min(periods, room / static_cast<uint64_t>(std::abs(period.shifts[owner])));
  }
  return periods;
}

std::vector<LruEntry> Replay::shifted(const Snapshot& now, const Period& period,
                                      uint64_t periods) const {
  std::vector<LruEntry> entries = now.entries;
  const size_t ways = caches_.first_level().ways();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (now.set_stays[i / ways] == 0) {
      entries[i] = shifted(entries[i], period, static_cast<int64_t>(periods));
    }
  }
  return entries;
}

// Shifts the misses of the period in the log to those of the next one, and replays them. Returns
// false where a line was taken out of the first level, the first time after `misses` misses.
bool Replay::replay_next_period(const Period& period, uint64_t& misses) {
  constexpr size_t kTogether = 4096;
  const std::span<FirstLevelMiss> log = caches_.period_misses();
  if (caches_.reaches_up()) {
    return replay_one_by_one(log, period, misses);
  }
  for (size_t done = 0; done < log.size(); done += kTogether) {
    const std::span<FirstLevelMiss> some =
        log.subspan(done, std::min(kTogether, log.size() - done));
    for (FirstLevelMiss& miss : some) {
      miss.line += static_cast<uint32_t>(period.shifts[miss.requester() / 2]);
    }
    if (caches_.writes_back()) {
      for (FirstLevelMiss& miss : some) {
        miss.displaced = shifted(miss.displaced, period, 1);
      }
    }
    caches_.replay(some);
  }
  return true;
}

// Does the same, and keeps the first level's entries up to date with each miss.
bool Replay::replay_one_by_one(std::span<FirstLevelMiss> log, const Period& period,
                               uint64_t& misses) {
  FirstLevel& first_level = caches_.first_level();
  misses = 0;
  bool none_taken_out = true;
  for (FirstLevelMiss& miss : log) {
    miss.line = shifted(miss.line << 1, period, 1) >> 1;
    miss.displaced = shifted(miss.displaced, period, 1);
    if (!none_taken_out) {
      continue;
    }
    if (miss.is_dirtied()) {
      first_level.mark_dirty(miss.line);
      continue;
    }
    first_level.exchange(miss.displaced, miss.line << 1 | (miss.dirties() ? 1 : 0));
    caches_.replay({&miss, 1});
    ++misses;
    none_taken_out = caches_.taken_out().empty();
  }
  return none_taken_out;
}

// Replays up to so many periods after `now`; returns how many were replayed to their end. If these
// are fewer, the next one must be walked: the first level is as at its beginning, and the hierarchy
// knows which of its misses not to pass on again.
uint64_t Replay::replay(const Snapshot& now, const Period& period, uint64_t periods) {
  for (uint64_t n = 1; n <= periods; ++n) {
    uint64_t misses = 0;
    if (!replay_next_period(period, misses)) {
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
  if (is_running_ || loop.body_references * loop.trips < 3 * fewest_references_ ||
      !owners_->disjoint()) {
    return false;
  }
  Attempts& attempts = attempts_[static_cast<size_t>(&loop - program_->loops.data())];
  if (attempts.to_omit > 0) {
    --attempts.to_omit;
    return false;
  }
  const std::optional<Period> period = period_of(loop);
  if (!period || loop.trips / period->iterations < 3 ||
      loop.body_references * period->iterations < fewest_references_) {
    return false;
  }
  is_running_ = true;
  const uint64_t replayed_before = replayed_references_;
  uint64_t done = 0;
  Snapshot before;
  for (uint64_t trial = 0; trial < kTrialPeriods; ++trial) {
    caches_.begin_period();
    const UseTime begin = caches_.first_level().clock();
    walk_iterations(period->iterations);
    done += period->iterations;
    const bool is_whole = caches_.end_period();
    Snapshot now = take_snapshot();
    const uint64_t left = (loop.trips - done) / period->iterations;
    if (left == 0 || !is_whole) {
      break;
    }
    if (trial > 0 && repeats(before, now, *period, begin)) {
      const uint64_t inside = periods_inside(now, *period, left);
      const uint64_t periods = replay(now, *period, inside);
      skip_iterations(periods * period->iterations);
      done += periods * period->iterations;
      replayed_references_ += periods * period->iterations * loop.body_references;
      if (periods == inside) {
        break;
      }
      trial = 0;  // the period that was not replayed to its end is walked next
    }
    before = now;
  }
  const bool repeated = replayed_references_ > replayed_before;
  attempts.failed = repeated ? 0 : std::min(attempts.failed + 1, kMostOmitted);
  attempts.to_omit = (1u << attempts.failed) - 1;
  caches_.end_replay();
  is_running_ = false;
  walk_iterations(loop.trips - done);
  return true;
}

}  // namespace wattgrind
