#include "cachesim/lru/stamped_runs.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/lru/stamped_runs.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

class StampedRuns {
 public:
  static constexpr uint32_t kEight = StampedCacheTables::kNeighbours;

  StampedRuns(StampedCache& cache, size_t uses) : tables_(cache, uses) {}
  ~StampedRuns() { tables_.end(); }

  // Uses one line.
  HWY_INLINE void touch(uint32_t line, uint32_t requester, MissedLines missed) {
    const UseTime now = tables_.tick();
    uint32_t& stamp = tables_.stamps()[line];
    if (stamp != 0) {
      stamp = now << 1 | (stamp & 1);
      return;
    }
    tables_.put_in(line, tables_.set_index(line), now);
    missed.add(line, 1, requester);
  }

  // Uses lines that follow each other.
  HWY_INLINE void touch_run(uint32_t line, uint32_t count, uint32_t requester, MissedLines missed) {
    const uint32_t end = line + count;
    const auto touch_until = [&](uint32_t stop) {
      for (; line != stop; ++line) {
        touch(line, requester, missed);
      }
    };
    if (!has_eights_) {
      return touch_until(end);
    }
    while (line != end) {
      const uint32_t here = std::min(end - line, kEight);
      if (touch_eight_held(line, here)) {
        line += here;
      } else if (here == kEight && line % kEight == 0 &&
                 fill_eight(line, tables_.set_index(line))) {
        missed.add(line, kEight, requester);
        line += kEight;
      } else {
        touch_until(std::min(end, (line / kEight + 1) * kEight));
      }
    }
  }

 private:
  using Words = hn::CappedTag<uint32_t, kEight>;
  static constexpr Words kWords{};
  static constexpr bool kHasEight = HWY_MAX_BYTES >= 32;

  // Uses this line and those behind it, `count` of them, if all are held; else nothing happens.
  HWY_INLINE bool touch_eight_held(uint32_t line, uint32_t count) {
    if constexpr (kHasEight) {
      uint32_t* stamps = tables_.stamps() + line;
      const auto is_used = hn::FirstN(kWords, count);
      const auto before = hn::MaskedLoad(is_used, kWords, stamps);
      if (hn::AllFalse(kWords, hn::And(is_used, hn::Eq(before, hn::Zero(kWords))))) {
        const auto dirty = hn::And(before, hn::Set(kWords, 1));
        hn::BlendedStore(hn::Or(hn::Set(kWords, tables_.tick() << 1), dirty), is_used, kWords,
                         stamps);
        return true;
      }
    }
    return false;
  }

  // Puts in eight lines from this one on, whose number is a multiple of eight, if none is held and
  // what has to be given up for them is either all free ways, or all lines whose notes are up to
  // date; else nothing happens.
  HWY_INLINE bool fill_eight(uint32_t line, uint32_t set) {
    if constexpr (kHasEight) {
      uint32_t* stamps = tables_.stamps() + line;
      if (!tables_.are_aligned() ||
          !hn::AllTrue(kWords, hn::Eq(hn::LoadU(kWords, stamps), hn::Zero(kWords)))) {
        return false;
      }
      uint32_t* fronts = tables_.fronts() + set;
      StampedCacheTables::Note* notes = tables_.notes_of(set);
      const uint32_t front = fronts[0];
      const bool at_one_place =
          hn::AllTrue(kWords, hn::Eq(hn::LoadU(kWords, fronts), hn::Set(kWords, front)));
      hn::Vec<Words> lines, times;
      StampedCacheTables::Note in_front[kEight];
      if (!at_one_place) {
        for (uint32_t i = 0; i < kEight; ++i) {
          in_front[i] = notes[fronts[i] + i];
        }
      }
      hn::LoadInterleaved2(kWords, words_of(at_one_place ? notes + front : in_front), lines, times);
      const auto is_free = hn::Eq(times, hn::Zero(kWords));
      if (!hn::AllTrue(kWords, is_free) &&
          (!hn::AllFalse(kWords, is_free) || !give_up_eight(lines, times))) {
        return false;
      }
      const UseTime now = tables_.tick();
      hn::StoreU(hn::Set(kWords, now << 1), kWords, stamps);
      if (at_one_place) {
        hn::StoreInterleaved2(hn::Add(hn::Set(kWords, line), hn::Iota(kWords, 0)),
                              hn::Set(kWords, now), kWords, words_of(notes + front));
        hn::StoreU(hn::Set(kWords, tables_.after(front)), kWords, fronts);
        return true;
      }
      for (uint32_t i = 0; i < kEight; ++i) {
        notes[fronts[i] + i] = {line + i, now};
        fronts[i] = tables_.after(fronts[i]);
      }
      return true;
    }
    return false;
  }

  static uint32_t* words_of(StampedCacheTables::Note* notes) {
    return reinterpret_cast<uint32_t*>(notes);
  }

  // Gives up these lines, if their notes of these times are up to date; else nothing happens.
  template <typename V>
  HWY_INLINE bool give_up_eight(V lines, V times) {
    uint32_t* stamps = tables_.stamps();
    const auto zero = hn::Zero(kWords);
    const uint32_t first = hn::GetLane(lines);
    const auto in_a_row = hn::Add(hn::Set(kWords, first), hn::Iota(kWords, 0));
    if (HWY_LIKELY(hn::AllTrue(kWords, hn::Eq(lines, in_a_row)))) {
      const auto used = hn::ShiftRight<1>(hn::LoadU(kWords, stamps + first));
      if (!hn::AllTrue(kWords, hn::Eq(used, times))) {
        return false;
      }
      hn::StoreU(zero, kWords, stamps + first);
      return true;
    }
    const auto indices = hn::BitCast(hn::RebindToSigned<Words>(), lines);
    const auto used = hn::ShiftRight<1>(hn::GatherIndex(kWords, stamps, indices));
    if (!hn::AllTrue(kWords, hn::Eq(used, times))) {
      return false;
    }
    hn::ScatterIndex(zero, kWords, stamps, indices);
    return true;
  }

  StampedCacheTables tables_;
  bool has_eights_ = kHasEight && tables_.sets() >= kEight;
};

// Returns whether the miss begins eight in a row.
HWY_INLINE bool begin_eight(const FirstLevelMiss* misses) {
  constexpr uint32_t kLast = StampedRuns::kEight - 1;
  if (HWY_LIKELY(misses[kLast].line != misses[0].line + kLast)) {
    return false;
  }
  uint32_t differences = 0;
  for (uint32_t i = 0; i <= kLast; ++i) {
    differences |= (misses[i].line - misses[0].line - i) | (misses[i].tag ^ misses[0].tag);
  }
  return differences == 0 && !misses[0].is_run();
}

// Returns how many of the misses come before the first run, or before eight in a row.
HWY_INLINE size_t misses_apart(std::span<const FirstLevelMiss> misses) {
  constexpr size_t kStep = 4;  // longer rows are found even so
  size_t apart = 0;
  for (; apart + StampedRuns::kEight <= misses.size(); apart += kStep) {
    bool is_run = begin_eight(&misses[apart]);
    for (size_t i = apart; i < apart + kStep; ++i) {
      is_run |= misses[i].is_run();
    }
    if (is_run) {
      break;
    }
  }
  if (apart + StampedRuns::kEight <= misses.size() && begin_eight(&misses[apart])) {
    return apart;
  }
  while (apart < misses.size() && !misses[apart].is_run()) {
    ++apart;
  }
  return apart;
}

void touch_misses_here(StampedCache& cache, std::span<const FirstLevelMiss> misses,
                       MissedLines missed) {
  const auto touch_run = [&](const FirstLevelMiss& miss, uint32_t count) {
    StampedRuns(cache, count).touch_run(miss.line, count, miss.requester(), missed);
  };
  while (!misses.empty()) {
    const size_t apart = misses_apart(misses);
    if (apart > 0) {
      cache.touch_all(misses.first(apart), [missed](const FirstLevelMiss& miss) {
        missed.add(miss.line, 1, miss.requester());
      });
      misses = misses.subspan(apart);
    } else if (misses[0].is_run()) {
      touch_run(misses[0], misses[0].count());
      misses = misses.subspan(1);
    } else {
      uint32_t count = StampedRuns::kEight;
      while (count < misses.size() && misses[count].line == misses[0].line + count &&
             misses[count].tag == misses[0].tag) {
        ++count;
      }
      touch_run(misses[0], count);
      misses = misses.subspan(count);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(touch_misses_here);

void touch_misses(StampedCache& cache, std::span<const FirstLevelMiss> misses, MissedLines missed) {
  HWY_DYNAMIC_DISPATCH(touch_misses_here)(cache, misses, missed);
}

}  // namespace wattgrind
#endif
