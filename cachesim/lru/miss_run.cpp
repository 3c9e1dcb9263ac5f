#include "cachesim/lru/miss_run.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/lru/miss_run.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The runs that misses may still join. They take turns in the slots, the latest of them in the slot
// before turn_; a slot without a run has an end that no miss joins.
//
// How far a run may grow is known when a later one begins:
//
//     sets          . . . r r r . . . . . k . . . . .        r may take the sets up to k's first, and
//     of the runs         ------> stop     -------> stop     k those up to r's end, around the cache
//
// 2. No open run reaches beyond its stop, and until their stops, no line that an open run could still
//    take shares a set with a line of a later one. That is the first invariant of miss_run.h.
class OpenRuns {
 public:
  OpenRuns(std::span<const uint32_t> sets, std::vector<MissRun>& runs) : sets_(sets), runs_(runs) {
    std::fill_n(first_, kSlots, kNoLine);
    std::fill_n(end_, kSlots, kNoLine);
    std::fill_n(stop_, kSlots, kNoLine);
    std::fill_n(tag_, kSlots, 0);
    std::fill_n(next_, kSlots, uint8_t{0});
  }

  // A loop's misses join its runs in turns, so the run behind which one joined last time is the first
  // to be looked at.
  HWY_INLINE void add(const FirstLevelMiss& miss) {
    const uint32_t guess = next_[last_];
    if (HWY_LIKELY(may_join(miss, guess) && !miss.is_run())) {
      ++end_[guess];
      last_ = guess;
      return;
    }
    const uint32_t slot = find(miss);
    next_[last_] = static_cast<uint8_t>(slot);
    last_ = slot;
  }

  // Ends all runs.
  void close() {
    for (uint32_t i = 0; i < kSlots; ++i) {
      close((turn_ + i) % kSlots);
    }
  }

 private:
  using Words = hn::CappedTag<uint32_t, 16>;
  static constexpr Words kWords{};
  static constexpr uint32_t kSlots = 16;
  static constexpr uint32_t kNoLine = ~uint32_t{0};

  HWY_INLINE bool may_join(const FirstLevelMiss& miss, uint32_t slot) const {
    return end_[slot] == miss.line && tag_[slot] == miss.tag && miss.line != stop_[slot];
  }

  // Joins the latest run that the miss may join, or begins one; returns its slot.
  uint32_t find(const FirstLevelMiss& miss) {
    if (!miss.is_run()) {
      for (uint32_t i = 1; i <= kSlots; ++i) {
        const uint32_t slot = (turn_ + kSlots - i) % kSlots;
        if (may_join(miss, slot)) {
          ++end_[slot];
          return slot;
        }
      }
    }
    const uint32_t slot = turn_;
    close(slot);
    begin(slot, miss);
    turn_ = (turn_ + 1) % kSlots;
    return slot;
  }

  void begin(uint32_t slot, const FirstLevelMiss& miss) {
    first_[slot] = end_[slot] = stop_[slot] = kNoLine;
    const uint32_t count = miss.count();
    const auto first = hn::Set(kWords, miss.line);
    auto growth = hn::Set(kWords, kNoLine >> 1);  // of the new run, as each of the others allows it
    for (uint32_t i = 0; i < kSlots; i += hn::Lanes(kWords)) {
      const auto end = hn::Load(kWords, end_ + i);
      const auto is_open = hn::Ne(end, hn::Set(kWords, kNoLine));
      auto stop = hn::Load(kWords, stop_ + i);
      for (const uint32_t sets : sets_) {
        // So many sets behind the new run's first the other run's next line lies.
        const auto behind = rest(hn::Sub(end, first), sets);
        const auto shares = hn::Lt(behind, hn::Set(kWords, count));
        const auto reach = hn::IfThenElse(
            shares, end, hn::Add(end, hn::Sub(hn::Set(kWords, sets), behind)));
        stop = hn::Min(stop, reach);
        growth = hn::IfThenElse(hn::AndNot(shares, is_open), hn::Min(growth, behind), growth);
      }
      hn::Store(hn::IfThenElse(is_open, stop, hn::Set(kWords, kNoLine)), kWords, stop_ + i);
    }
    const uint32_t most = hn::GetLane(hn::MinOfLanes(kWords, growth));
    first_[slot] = miss.line;
    end_[slot] = miss.line + count;
    stop_[slot] = miss.line + std::max(most, count);
    for (const uint32_t sets : sets_) {
      stop_[slot] = std::min(stop_[slot], miss.line + std::max(sets, count));
    }
    tag_[slot] = miss.tag & ~FirstLevelMiss::kIsRun;
  }

  // Returns what is left of each of these differences, which may be negative, after whole rounds of
  // the sets.
  template <typename V>
  static HWY_INLINE V rest(V difference, uint32_t sets) {
    if (std::has_single_bit(sets)) {
      return hn::And(difference, hn::Set(kWords, sets - 1));
    }
    // Rounding gives at most one round too many or too few.
    const hn::Rebind<int32_t, Words> integers;
    const hn::Rebind<float, Words> floats;
    const auto rounds =
        hn::ConvertTo(integers, hn::Mul(hn::ConvertTo(floats, hn::BitCast(integers, difference)),
                                        hn::Set(floats, 1.0f / static_cast<float>(sets))));
    const auto round = hn::Set(kWords, sets);
    const auto rest = hn::Sub(difference, hn::Mul(hn::BitCast(kWords, rounds), round));
    // What is negative is large as an unsigned number.
    return hn::Min(hn::Min(rest, hn::Add(rest, round)), hn::Sub(rest, round));
  }

  void close(uint32_t slot) {
    if (end_[slot] != kNoLine) {
      runs_.push_back({first_[slot], end_[slot] - first_[slot], kInvalidEntry, tag_[slot]});
    }
  }

  alignas(64) uint32_t first_[kSlots];
  alignas(64) uint32_t end_[kSlots];   // the line that would join next
  alignas(64) uint32_t stop_[kSlots];  // the line that may not join any more
  uint32_t tag_[kSlots];
  uint8_t next_[kSlots];  // where the miss went that came after one of this slot
  uint32_t last_ = 0;
  uint32_t turn_ = 0;
  std::span<const uint32_t> sets_;
  std::vector<MissRun>& runs_;
};

void gather_runs_here(std::span<const FirstLevelMiss> misses, std::span<const uint32_t> sets,
                      std::vector<MissRun>& runs) {
  OpenRuns open(sets, runs);
  for (const FirstLevelMiss& miss : misses) {
    open.add(miss);
  }
  open.close();
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(gather_runs_here);

void gather_runs(std::span<const FirstLevelMiss> misses, std::span<const uint32_t> sets,
                 std::vector<MissRun>& runs) {
  HWY_DYNAMIC_DISPATCH(gather_runs_here)(misses, sets, runs);
}

void append_runs(std::span<const FirstLevelMiss> misses, std::vector<MissRun>& runs) {
  MissRun open;
  for (const FirstLevelMiss& miss : misses) {
    if (miss.is_dirtied()) {
      continue;
    }
    if (open.count > 0 && miss.line == open.line + open.count && miss.tag == open.tag &&
        open.displaced == kInvalidEntry) {
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
#endif
