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

// What is added to the words of each miss to make it that of the next period.
std::vector<FirstLevelMiss> steps_of(std::span<const FirstLevelMiss> misses,
                                     const LineShifts& shifts) {
  std::vector<FirstLevelMiss> steps;
  steps.reserve(misses.size());
  for (const FirstLevelMiss& miss : misses) {
    const int64_t lines = shifts.of_line(miss.line);
    const LruEntry displaced = shifts.shifted(miss.displaced, 1) - miss.displaced;
    steps.push_back({static_cast<uint32_t>(lines), displaced, 0, 0});
  }
  return steps;
}

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
  uint64_t iterations = 1;
  for (int64_t& stride : strides) {
    stride = stride == kUnknown ? 0 : stride;
    const int64_t turns = span / std::gcd(span, stride);
    iterations = std::lcm(iterations, static_cast<uint64_t>(turns));
    if (iterations > kLongestPeriod) {
      return std::nullopt;
    }
  }
  for (int64_t& stride : strides) {
    stride = stride * static_cast<int64_t>(iterations) / line_bytes_;
  }
  return Period{iterations, LineShifts(*owners_, std::move(strides))};
}

Replay::Snapshot Replay::take_snapshot() {
  return {{caches_.first_level().entries(), {}}, caches_.straddling(), caches_.invalidations()};
}

// Returns whether a set in which so many lines were used in the period stays: it missed nothing,
// and none of these lines is shifted. Entries are in the order of use, the latest first.
bool Replay::set_stays(std::span<const LruEntry> before, std::span<const LruEntry> now,
                       const Period& period, uint32_t used) const {
  const auto moves = [&](LruEntry entry) { return period.shifts.shifted(entry, 1) != entry; };
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
  now.level.set_stays.assign(level.sets(), 0);
  for (size_t set = 0; set < level.sets(); ++set) {
    const auto old = std::span(before.level.entries).subspan(set * ways, ways);
    const auto recent = std::span(now.level.entries).subspan(set * ways, ways);
    const bool is_shifted = std::ranges::equal(
        old, recent, [&](LruEntry a, LruEntry b) { return period.shifts.shifted(a, 1) == b; });
    now.level.set_stays[set] = is_shifted ? 0 : 1;
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
  for (size_t i = 0; i < now.level.entries.size(); ++i) {
    if (now.level.set_stays[i / ways] != 0) {
      continue;
    }
    const LruEntry entry = now.level.entries[i];
    const uint64_t line = entry >> 1;
    const size_t owner = entry == kInvalidEntry ? buffers_ : owners_->owner(line);
    if (owner >= period.shifts.buffers() || period.shifts.of_buffer(owner) == 0) {
      continue;
    }
    const LineOwners::Lines lines = owners_->lines(owner).value();
    const uint64_t room =
        period.shifts.of_buffer(owner) > 0 ? lines.last - line : line - lines.first;
    periods =
        std::min(periods, room / static_cast<uint64_t>(std::abs(period.shifts.of_buffer(owner))));
  }
  return periods;
}

// Shifts the misses of the period in the log to those of the next one, and looks them up until one
// of them takes lines out of the first level. Returns how many were, with that one.
size_t Replay::replay_next_period(std::span<const FirstLevelMiss> steps) {
  constexpr size_t kTogether = 4096;
  const std::span<FirstLevelMiss> log = caches_.period_misses();
  const uint64_t invalidations = caches_.invalidations();
  for (size_t done = 0; done < log.size(); done += kTogether) {
    const size_t end = std::min(done + kTogether, log.size());
    for (size_t i = done; i < end; ++i) {
      log[i].line += steps[i].line;
      log[i].displaced += steps[i].displaced;
    }
    const size_t replayed = caches_.replay(log.subspan(done, end - done), done, level_);
    if (caches_.invalidations() != invalidations) return done + replayed;
  }
  return log.size();
}

// Replays up to so many periods after `now`; returns how many were replayed to their end. If these
// are fewer, the next one must be walked: the first level is as at its beginning, and the hierarchy
// knows which of its misses not to pass on again.
uint64_t Replay::replay(const Snapshot& now, const Period& period, uint64_t periods) {
  const std::span<const FirstLevelMiss> log = caches_.period_misses();
  FirstLevel& first_level = caches_.first_level();
  const std::vector<FirstLevelMiss> steps = steps_of(log, period.shifts);
  const uint64_t invalidations = caches_.invalidations();
  if (caches_.reaches_up()) level_.start(now.level, period.shifts, log);
  for (uint64_t n = 1; n <= periods; ++n) {
    level_.start_period(n);
    const size_t replayed = replay_next_period(steps);
    if (caches_.invalidations() != invalidations) {
      const auto misses = std::ranges::count_if(
          log.first(replayed), [](const FirstLevelMiss& miss) { return !miss.is_dirtied(); });
      std::vector<uint64_t> taken_out = caches_.taken_out();
      first_level.set_entries(shifted(now.level, first_level.ways(), period.shifts, n - 1));
      caches_.resume_after(static_cast<uint64_t>(misses), std::move(taken_out));
      return n - 1;
    }
  }
  first_level.set_entries(shifted(now.level, first_level.ways(), period.shifts, periods));
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
