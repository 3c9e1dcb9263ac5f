// Walks the middle of long segments whose fast streams flood the first level, such as a dense
// layer's over its weights: there every look-up is known to miss, so that the first level need not
// be looked at. Included once for every vector instruction set.
//
//     iterations      0 . . . . . W . . . . . . . . . . . . . . . T . . . . . n
//                     [ walked    ][ flooded: misses are told      ][ walked    ]
//
// It is for segments that write nothing, of no more streams than ways, in which the lines of no two
// streams are the same, and whose fast streams move by one line. In W iterations each fast stream
// has come to every set, and W is such that they have brought a set at least as many lines as it
// has ways. Then
//
// 1. No line comes twice: a fast stream comes to each of its lines once, and a slow one stays on
//    each of its lines in iterations that follow each other, in which the line is not given up.
// 2. From iteration W on, no line is held but those used since the segment began, so by 1 every
// line
//    that a stream comes to is missed. All that is given up is clean.
// 3. What a set holds at the end, if at least W iterations are left at T, is what was used last
// since
//    T. So these are walked on a first level of T that is right only in the lines which slow
//    streams stay on; whatever else it holds was used earlier, and by 1 is not used again.
//
// The misses of a fast stream are told in runs, which changes their order. An LRU set does not know
// in which order lines of other sets are used, so only that of lines of one set must stay. As
// streams move together, when that does no harm is known from the distances of their lines:
// with stream j behind stream i in the program, and d = line of j - line of i, up to whole rounds
// of a level's sets, i comes to a set d iterations after j. So runs are no longer than d.
#if defined(WATTGRIND_CACHESIM_FLOODING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_FLOODING_INL_H_
#undef WATTGRIND_CACHESIM_FLOODING_INL_H_
#else
#define WATTGRIND_CACHESIM_FLOODING_INL_H_
#endif

#include <algorithm>

#include "cachesim/walk/stream_touch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

template <uint32_t kPadded>
class Flooding {
 public:
  Flooding(LruHierarchy& caches, const Segment& segment, StreamTouch<kPadded>& streams)
      : caches_(caches), segment_(segment), streams_(streams) {
    const uint64_t fast = segment.fast.size();
    if (fast == 0 || segment.slow.empty() || segment.iterations < 4 * uint64_t{level().sets()}) {
      return;
    }
    around_ = level().sets() * ((level().ways() + fast - 1) / fast);
    floods_ = segment.iterations > 3 * around_ && !caches.writes_back() && !caches.reaches_up() &&
              segment.streams.size() <= level().ways() && moves_by_lines() && are_disjoint();
    longest_ = floods_ ? longest_run() : 0;
    floods_ = floods_ && longest_ >= kShortest;
  }

  // Whether the iterations may be flooded from this one on, in which a slow stream comes to a line,
  // up to the next such one.
  bool may_flood(uint64_t at) const {
    return floods_ && at >= around_ &&
           streams_.slow().next_after(at) + around_ <= segment_.iterations;
  }

  // Floods from there on, as far as it may. Returns the first iteration left, in which again a slow
  // stream comes to a line.
  uint64_t walk(uint64_t at) {
    while (may_flood(at)) {
      come_to_lines(at);
      const uint64_t end = streams_.slow().next();
      for (uint64_t done = at; done < end;) {
        const auto count = static_cast<uint32_t>(std::min(end - done, longest_));
        for (const uint32_t i : segment_.fast) {
          tell({static_cast<uint32_t>(positions().line_of(i, done)), kInvalidEntry, 0,
                segment_.streams[i].tag},
               count);
        }
        done += count;
      }
      at = end;
    }
    hold_lines(at);
    return at;
  }

 private:
  static constexpr uint64_t kShortest = 8;

  FirstLevel& level() { return caches_.first_level(); }
  const StreamPositions& positions() const { return streams_.positions(); }

  void tell(const FirstLevelMiss& miss, uint32_t count) {
    caches_.miss_first_level(count == 1 ? miss : FirstLevelMiss::run(miss.line, count, miss.tag));
  }

  bool moves_by_lines() const {
    return std::ranges::all_of(segment_.streams, [&](const LineStream& stream) {
      return stream.dirty == 0 && stream.stride >= 0 &&
             (stream.is_slow || stream.stride == int64_t{1} << segment_.line_shift);
    });
  }

  bool are_disjoint() const {
    const auto last = segment_.iterations - 1;
    for (size_t i = 0; i < segment_.streams.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (positions().line_of(i, 0) <= positions().line_of(j, last) &&
            positions().line_of(j, 0) <= positions().line_of(i, last)) {
          return false;
        }
      }
    }
    return true;
  }

  // A slow stream's line is told before the fast ones' of the same iteration. Where the program
  // has it the other way round, and where runs would have to be too short, 0 is returned.
  uint64_t longest_run() const {
    if (segment_.slow.back() > segment_.fast.front()) {
      return 0;
    }
    uint64_t longest = segment_.iterations;
    for (const uint32_t sets : caches_.sets_below()) {
      longest = std::min<uint64_t>(longest, sets);
      for (size_t j = 1; j < segment_.fast.size(); ++j) {
        for (size_t i = 0; i < j; ++i) {
          const auto ahead = static_cast<int64_t>(positions().line_of(segment_.fast[j], 0) -
                                                  positions().line_of(segment_.fast[i], 0));
          const int64_t rest = (ahead % sets + sets) % sets;
          longest = rest != 0 ? std::min(longest, static_cast<uint64_t>(rest)) : longest;
        }
      }
    }
    return longest;
  }

  void come_to_lines(uint64_t at) {
    SlowStreams& slow = streams_.slow();
    for (const uint32_t i : segment_.slow) {
      if (slow.comes_to_line(i, at)) {
        slow.come_to_line(i, at);
        if (segment_.streams[i].stride != 0) {  // else it stays on its line
          tell({static_cast<uint32_t>(positions().line_of(i, at)), kInvalidEntry, 0,
                segment_.streams[i].tag},
               1);
        }
      }
    }
    slow.find_next();
  }

  // Puts the lines into the first level that slow streams stay on from the iteration before on.
  void hold_lines(uint64_t at) {
    for (const uint32_t i : segment_.slow) {
      if (!streams_.slow().comes_to_line(i, at)) {
        const uint64_t last = std::min(at + positions().stay(i, at), segment_.iterations) - 1;
        level().touch(positions().line_of(i, at), 0, positions().time_of(i, last));
      }
    }
  }

  LruHierarchy& caches_;
  const Segment& segment_;
  StreamTouch<kPadded>& streams_;
  uint64_t around_ = 0;   // W
  uint64_t longest_ = 0;  // iterations of a run
  bool floods_ = false;
};

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
