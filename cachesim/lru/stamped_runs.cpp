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

  // Uses one line, whose set set_of tells.
  template <typename SetOf>
  HWY_INLINE void touch(uint32_t line, uint32_t requester, const SetOf& set_of,
                        MissedLines missed) {
    const UseTime now = tables_.tick();
    uint32_t& stamp = tables_.stamps()[line];
    if (stamp != 0) {
      stamp = now << 1 | (stamp & 1);
      return;
    }
    tables_.put_in(line, set_of(line), now);
    missed.add(line, 1, requester);
  }

  // Uses lines that follow each other.
  template <typename SetOf>
  HWY_INLINE void touch_run(uint32_t line, uint32_t count, uint32_t requester, const SetOf& set_of,
                            MissedLines missed) {
    const uint32_t end = line + count;
    const auto touch_until = [&](uint32_t stop) {
      for (; line != stop; ++line) {
        touch(line, requester, set_of, missed);
      }
    };
    if (!has_eights_) {
      return touch_until(end);
    }
    while (line != end) {
      const uint32_t here = std::min(end - line, kEight);
      if (touch_eight_held(line, here)) {
        line += here;
      } else if (here == kEight && line % kEight == 0 && fill_eight(line, set_of(line))) {
        missed.add(line, kEight, requester);
        line += kEight;
      } else {
        touch_until(std::min(end, (line / kEight + 1) * kEight));
      }
    }
  }

  // Uses lines that follow each other until one is not held.
  HWY_INLINE uint32_t touch_held(uint32_t line, uint32_t count) {
    uint32_t used = 0;
    while (has_eights_ && used < count) {
      const uint32_t here = std::min(count - used, kEight);
      if (!touch_eight_held(line + used, here)) {
        break;
      }
      used += here;
    }
    for (; used < count; ++used) {
      uint32_t& stamp = tables_.stamps()[line + used];
      if (stamp == 0) {
        break;
      }
      stamp = tables_.tick() << 1 | (stamp & 1);
    }
    return used;
  }

  const StampedCacheTables& tables() const { return tables_; }

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

// Calls use(set_of), where set_of tells the set of a line as quickly as the cache allows.
template <typename Use>
HWY_INLINE void with_sets(const StampedCacheTables& tables, const Use& use) {
  const uint32_t sets = tables.sets();
  if (tables.is_power_of_two()) {
    use([mask = sets - 1](uint32_t line) { return line & mask; });
  } else {
    use([sets](uint32_t line) { return line % sets; });
  }
}

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

void touch_misses_here(StampedCache& cache, std::span<const FirstLevelMiss> misses,
                       MissedLines missed) {
  constexpr uint32_t kEight = StampedRuns::kEight;
  size_t uses = 0;
  for (const FirstLevelMiss& miss : misses) {
    uses += miss.count();
  }
  StampedRuns stamped(cache, uses);
  with_sets(stamped.tables(), [&](const auto& set_of) {
    for (size_t i = 0; i < misses.size();) {
      const FirstLevelMiss& miss = misses[i];
      if (misses.size() - i >= kEight && begin_eight(&miss)) {
        stamped.touch_run(miss.line, kEight, miss.requester(), set_of, missed);
        i += kEight;
        continue;
      }
      if (HWY_LIKELY(!miss.is_run())) {
        stamped.touch(miss.line, miss.requester(), set_of, missed);
      } else {
        stamped.touch_run(miss.line, miss.count(), miss.requester(), set_of, missed);
      }
      ++i;
    }
  });
}

void touch_runs_here(StampedCache& cache, std::span<const MissRun> runs, MissedLines missed) {
  size_t uses = 0;
  for (const MissRun& run : runs) {
    uses += run.count;
  }
  StampedRuns stamped(cache, uses);
  with_sets(stamped.tables(), [&](const auto& set_of) {
    for (const MissRun& run : runs) {
      stamped.touch_run(run.line, run.count, run.requester(), set_of, missed);
    }
  });
}

uint32_t touch_held_run_here(StampedCache& cache, uint32_t line, uint32_t count) {
  return StampedRuns(cache, count).touch_held(line, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(touch_misses_here);
HWY_EXPORT(touch_runs_here);
HWY_EXPORT(touch_held_run_here);

void touch_misses(StampedCache& cache, std::span<const FirstLevelMiss> misses, MissedLines missed) {
  HWY_DYNAMIC_DISPATCH(touch_misses_here)(cache, misses, missed);
}

void touch_runs(StampedCache& cache, std::span<const MissRun> runs, MissedLines missed) {
  HWY_DYNAMIC_DISPATCH(touch_runs_here)(cache, runs, missed);
}

uint32_t touch_held_run(StampedCache& cache, uint32_t line, uint32_t count) {
  return HWY_DYNAMIC_DISPATCH(touch_held_run_here)(cache, line, count);
}

}  // namespace wattgrind
#endif
