// One set of first_level.h: the touch that everything waits for. Included once for every vector
// instruction set, hence no #pragma once.
#if defined(WATTGRIND_CACHESIM_TIMED_SET_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_TIMED_SET_INL_H_
#undef WATTGRIND_CACHESIM_TIMED_SET_INL_H_
#else
#define WATTGRIND_CACHESIM_TIMED_SET_INL_H_
#endif

#include <hwy/highway.h>

#include "cachesim/first_level.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors of up to kWidth entries; kPadded entries a set, 0 where only the shape tells.
template <size_t kWidth, uint32_t kPadded>
struct TimedSet {
  using Words = hn::CappedTag<uint32_t, kWidth>;
  static constexpr Words kWords{};

  static HWY_INLINE uint32_t padded_ways(LruShape shape) {
    return kPadded != 0 ? kPadded : shape.padded_ways;
  }

  static HWY_INLINE uint64_t bits_of(hn::Mask<Words> mask) {
    uint64_t bits = 0;
    hn::StoreMaskBits(kWords, mask, reinterpret_cast<uint8_t*>(&bits));
    return bits;
  }

  // Makes the line of `entry` (not dirty) used until `time` at least, putting it in where it is not
  // held; its entry is or-ed with `dirty`.
  static HWY_INLINE TimedTouch touch(LruEntry* set, LruShape shape, LruEntry entry, uint32_t dirty,
                                     UseTime time) {
    const auto one = hn::Set(kWords, 1);
    const auto wanted = hn::Set(kWords, entry | 1);
    uint64_t held = 0;
    for (uint32_t way = 0; way < padded_ways(shape); way += hn::Lanes(kWords)) {
      const auto entries = hn::Or(hn::Load(kWords, set + way), one);
      held |= bits_of(hn::Eq(entries, wanted)) << way;
    }
    UseTime* times = set + padded_ways(shape);
    if (HWY_LIKELY(held != 0)) {
      const size_t way = hwy::Num0BitsBelowLS1Bit_Nonzero64(held);
      const bool dirtied = (dirty & ~set[way]) != 0;
      if (dirtied) {
        set_lane(set, way, set[way] | 1);
      }
      if (times[way] < time) {
        set_lane(times, way, time);
      }
      return {false, dirtied, {}};
    }
    const size_t way = oldest(times, shape);
    const TimedTouch outcome{true, false, {set[way], times[way]}};
    set_lane(set, way, entry | dirty);
    set_lane(times, way, time);
    return outcome;
  }

 private:
  // Stores a whole vector: a later load of it would have to wait for a narrower store.
  static HWY_INLINE void set_lane(uint32_t* words, size_t way, uint32_t word) {
    const size_t first = way & ~(hn::Lanes(kWords) - 1);
    const auto lanes = hn::Iota(kWords, static_cast<uint32_t>(first));
    const auto is_lane = hn::Eq(lanes, hn::Set(kWords, static_cast<uint32_t>(way)));
    const auto before = hn::Load(kWords, words + first);
    hn::Store(hn::IfThenElse(is_lane, hn::Set(kWords, word), before), kWords, words + first);
  }

  static HWY_INLINE size_t oldest(const UseTime* times, LruShape shape) {
    auto least = hn::Load(kWords, times);
    for (uint32_t way = hn::Lanes(kWords); way < padded_ways(shape); way += hn::Lanes(kWords)) {
      least = hn::Min(least, hn::Load(kWords, times + way));
    }
    least = hn::MinOfLanes(kWords, least);
    uint64_t found = 0;
    for (uint32_t way = 0; way < padded_ways(shape); way += hn::Lanes(kWords)) {
      found |= bits_of(hn::Eq(hn::Load(kWords, times + way), least)) << way;
    }
    return hwy::Num0BitsBelowLS1Bit_Nonzero64(found);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
