// Looks up lines in the first level (first_level.h), which everything else waits for. The file is
// included once for every vector instruction set, and so has no #pragma once.
#if defined(WATTGRIND_CACHESIM_FIRST_LEVEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_FIRST_LEVEL_INL_H_
#undef WATTGRIND_CACHESIM_FIRST_LEVEL_INL_H_
#else
#define WATTGRIND_CACHESIM_FIRST_LEVEL_INL_H_
#endif

#include <hwy/highway.h>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/first_level_miss.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A stack: up to eight different lines of one set that are looked up one after the other. They are
// described relative to the first line, since the same stack is met again further on:
//
//     sets of the cache        0    1    2   ...        the lines of a stack lie above each other
//     address of the lines    [a]   .    .              in one column, a whole number of rounds of
//     + n rounds of the sets  [b]   .    .              the sets apart, and the next stack is
//     + m rounds of the sets  [c]   .    .              a column further on
struct LineStack {
  static constexpr uint32_t kMost = 8;

  alignas(32) LruEntry offsets[kMost];  // each line's entry less that of the first line
  alignas(32) uint32_t tags[kMost];     // the tag of each line's miss
  uint32_t size;
};

// Compiled for sets of kPadded entries, with their padding; 0 stands for as many as the level says.
template <uint32_t kPadded>
class SetTouch {
 public:
  explicit SetTouch(FirstLevel& level)
      : first_(level.set(0)),
        sets_(level.sets()),
        mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
        padded_(kPadded != 0 ? kPadded : level.padded_ways()) {}

  bool can_touch_pairs() const {
    return kPadded == 8 && HWY_MAX_BYTES >= 64 && sets_ > 1 && mask_ + 1 == sets_;
  }

  // Does what FirstLevel::touch does.
  HWY_INLINE TimedTouch touch(uint64_t line, uint32_t dirty, UseTime time) const {
    LruEntry* entries = set_of(line);
    TimedTouch outcome;
    if (HWY_UNLIKELY(!use_if_held(entries, line, dirty, time, outcome.dirtied))) {
      outcome.missed = true;
      outcome.displaced = replace_oldest(entries, static_cast<LruEntry>(line << 1) | dirty, time);
    }
    return outcome;
  }

  // Uses the line if it is held, without making it dirty, and returns true; else nothing happens.
  HWY_INLINE bool touch_held(uint64_t line, UseTime time) const {
    bool dirtied = false;
    return use_if_held(set_of(line), line, 0, time, dirtied);
  }

  // Uses this line and the next if both are held, without making them dirty, and returns true; else
  // nothing happens. The line's number must be even. To be called only where can_touch_pairs().
  HWY_INLINE bool touch_pair(uint64_t line, UseTime time, UseTime next_time) const {
    uint32_t* entries = set_of(line);
    const auto one = hn::Set(kPair, 1);
    const auto first = hn::FirstN(kPair, 8);
    const auto wanted_first = static_cast<LruEntry>(line << 1 | 1);
    const auto wanted =
        hn::IfThenElse(first, hn::Set(kPair, wanted_first), hn::Set(kPair, wanted_first + 2));
    const auto match = hn::Eq(hn::Or(hn::Load(kPair, entries), one), wanted);
    if (HWY_UNLIKELY(hn::CountTrue(kPair, match) != 2)) {
      return false;
    }
    uint32_t* times = entries + times_distance();
    const auto used = hn::Load(kPair, times);
    const auto later =
        hn::Max(used, hn::IfThenElse(first, hn::Set(kPair, time), hn::Set(kPair, next_time)));
    hn::Store(hn::IfThenElse(match, later, used), kPair, times);
    return true;
  }

  bool can_miss_stacks() const { return kPadded == 8 && hn::Lanes(kWords) == 8; }

  // Puts in the lines of a stack whose first one is `line`, if none of them is held, and returns
  // true; else nothing happens. The first is used at `time`, each of the others a tick later, and
  // none becomes dirty. At least as many ways as there are lines must have been used before `time`.
  // Writes LineStack::kMost `misses`, of which the first are those of the stack. To be called only
  // where can_miss_stacks().
  HWY_INLINE bool miss_stack(uint64_t line, const LineStack& stack, UseTime time,
                             FirstLevelMiss* misses) const {
    uint32_t* entries = set_of(line);
    uint32_t* times = entries + times_distance();
    const auto held = hn::Load(kWords, entries);
    const auto used = hn::Load(kWords, times);
    const auto first = static_cast<LruEntry>(line << 1);
    const auto held_or_dirty = hn::Or(held, hn::Set(kWords, 1));
    const auto is_held = [&](uint32_t i) {
      return hn::Eq(held_or_dirty, hn::Set(kWords, (first + stack.offsets[i]) | 1));
    };
    auto match = is_held(0);
    for (uint32_t i = 1; i < stack.size; ++i) {
      match = hn::Or(match, is_held(i));
    }
    // The rank of a way is how many ways were used before it.
    auto rank = hn::Zero(kWords);
    for (size_t way = 0; way < 8; ++way) {
      rank = hn::Sub(rank, hn::VecFromMask(kWords, hn::Lt(hn::Set(kWords, times[way]), used)));
    }
    const auto displaced = hn::Lt(rank, hn::Set(kWords, stack.size));
    if (HWY_UNLIKELY(!hn::AllFalse(kWords, match))) {
      return false;
    }
    // The inverse gives the way of each rank.
    alignas(32) uint32_t ranks[8];
    hn::Store(rank, kWords, ranks);
    const auto count = hn::Iota(kWords, 0);
    auto way_of = hn::Zero(kWords);
    for (uint32_t way = 1; way < 8; ++way) {
      way_of =
          hn::IfThenElse(hn::Eq(count, hn::Set(kWords, ranks[way])), hn::Set(kWords, way), way_of);
    }
    const auto ways = hn::IndicesFromVec(kWords, way_of);
    const auto incoming = hn::Add(hn::Set(kWords, first), hn::Load(kWords, stack.offsets));
    hn::StoreInterleaved4(hn::ShiftRight<1>(incoming), hn::TableLookupLanes(held, ways),
                          hn::TableLookupLanes(used, ways), hn::Load(kWords, stack.tags), kWords,
                          &misses->line);
    const auto order = hn::IndicesFromVec(kWords, rank);
    hn::Store(hn::IfThenElse(displaced, hn::TableLookupLanes(incoming, order), held), kWords,
              entries);
    hn::Store(hn::IfThenElse(displaced, hn::Add(hn::Set(kWords, time), rank), used), kWords, times);
    return true;
  }

 private:
  using Words = hn::CappedTag<uint32_t, kPadded == 8 ? 8 : 16>;
  using Pair = hn::CappedTag<uint32_t, 16>;
  static constexpr Words kWords{};
  static constexpr Pair kPair{};

  HWY_INLINE uint32_t padded() const { return kPadded != 0 ? kPadded : padded_; }
  HWY_INLINE size_t times_distance() const { return FirstLevel::times_distance(padded()); }
  HWY_INLINE uint32_t* set_of(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    const uint32_t index = mask_ + 1 == sets_ ? number & mask_ : number % sets_;
    return first_ + FirstLevel::set_offset(index, padded());
  }

  // Returns false where the set does not hold the line. Sets `dirtied` where it held the line clean
  // and the line is dirty now.
  HWY_INLINE bool use_if_held(LruEntry* entries, uint64_t line, uint32_t dirty, UseTime time,
                              bool& dirtied) const {
    UseTime* times = entries + times_distance();
    const auto one = hn::Set(kWords, 1);
    const auto wanted = hn::Set(kWords, static_cast<LruEntry>(line << 1 | 1));
    for (size_t way = 0; way < padded(); way += hn::Lanes(kWords)) {
      const auto held = hn::Load(kWords, entries + way);
      const auto match = hn::Eq(hn::Or(held, one), wanted);
      if (HWY_LIKELY(!hn::AllFalse(kWords, match))) {
        const auto used = hn::Load(kWords, times + way);
        const auto later = hn::Max(used, hn::Set(kWords, time));
        hn::Store(hn::IfThenElse(match, later, used), kWords, times + way);
        if (HWY_UNLIKELY(dirty != 0)) {
          dirtied = !hn::AllFalse(kWords, hn::And(match, hn::Ne(held, wanted)));
          hn::Store(hn::IfThenElse(match, wanted, held), kWords, entries + way);
        }
        return true;
      }
    }
    return false;
  }

  HWY_INLINE TimedEntry replace_oldest(uint32_t* entries, LruEntry incoming, UseTime time) const {
    uint32_t* times = entries + times_distance();
    auto least = hn::Load(kWords, times);
    for (size_t way = hn::Lanes(kWords); way < padded(); way += hn::Lanes(kWords)) {
      least = hn::Min(least, hn::Load(kWords, times + way));
    }
    least = hn::MinOfLanes(kWords, least);
    TimedEntry displaced;
    for (size_t way = 0; way < padded(); way += hn::Lanes(kWords)) {
      const auto used = hn::Load(kWords, times + way);
      const auto here = hn::Eq(used, least);
      const intptr_t lane = hn::FindFirstTrue(kWords, here);
      if (padded() <= hn::Lanes(kWords) || lane >= 0) {
        const auto held = hn::Load(kWords, entries + way);
        displaced = {entries[way + static_cast<size_t>(lane)], hn::GetLane(least)};
        hn::Store(hn::IfThenElse(here, hn::Set(kWords, incoming), held), kWords, entries + way);
        hn::Store(hn::IfThenElse(here, hn::Set(kWords, time), used), kWords, times + way);
        break;
      }
    }
    return displaced;
  }

  uint32_t* first_;
  uint32_t sets_, mask_, padded_;
};

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
