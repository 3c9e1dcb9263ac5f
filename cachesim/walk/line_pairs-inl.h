// Walks iterations in which only fast streams come to a line, where these streams read lines that
// follow each other without a gap. Two lines at a time lie in neighbouring sets, which one wide
// vector holds both of. Included once for every vector instruction set.
//
//     iteration          0       1       2       3
//     one stream        [8       9]     [10      11]        a pair is of two iterations,
//     or two streams    [8, 9]  [10, 11]   ...              or of two streams in one
#if defined(WATTGRIND_CACHESIM_LINE_PAIRS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_LINE_PAIRS_INL_H_
#undef WATTGRIND_CACHESIM_LINE_PAIRS_INL_H_
#else
#define WATTGRIND_CACHESIM_LINE_PAIRS_INL_H_
#endif

#include "cachesim/walk/iteration_walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

// Whether the segment's fast streams are one or two such streams.
template <uint32_t kPadded>
inline bool are_pairs(const StreamTouch<kPadded>& streams, const Segment& segment) {
  const size_t count = segment.fast.size();
  if (!streams.set_touch().can_touch_pairs() || count == 0 || count > 2) {
    return false;
  }
  const LineStream& first = segment.streams[segment.fast.front()];
  const LineStream& second = segment.streams[segment.fast.back()];
  const uint64_t line = first.address >> segment.line_shift;
  const auto bytes = static_cast<int64_t>(count << segment.line_shift);
  return first.stride == bytes && second.stride == bytes && first.dirty == 0 && second.dirty == 0 &&
         (count == 1 || (line % 2 == 0 && second.address >> segment.line_shift == line + 1));
}

// Walks iterations from `at` on until a slow stream comes to a line; returns the first one left
// out.
template <uint32_t kPadded>
inline uint64_t walk_pairs(StreamTouch<kPadded>& streams, const Segment& segment, uint64_t at) {
  const StreamPositions& positions = streams.positions();
  const SlowStreams& slow = streams.slow();
  const uint32_t first = segment.fast.front(), second = segment.fast.back();
  const uint64_t iterations = first == second ? 2 : 1;  // a pair
  uint64_t line = positions.line_of(first, at);
  if (line % 2 != 0 && at < slow.next()) {
    streams.touch(first, line++, at, positions.time_of(first, at));
    if (HWY_UNLIKELY(slow.next() <= ++at)) {
      return end_iteration(streams, at - 1, first);
    }
  }
  auto time = positions.time_of(first, at);
  const auto ticks = static_cast<UseTime>(iterations * positions.count());
  const UseTime between =
      first == second ? static_cast<UseTime>(positions.count()) : second - first;
  while (at + iterations <= slow.next()) {
    if (HWY_UNLIKELY(!streams.set_touch().touch_pair(line, time, time + between))) {
      streams.touch(first, line, at, time);
      if (HWY_UNLIKELY(slow.next() < at + iterations)) {
        return end_iteration(streams, at, first);
      }
      streams.touch(second, line + 1, at + iterations - 1, time + between);
      if (HWY_UNLIKELY(slow.next() < at + iterations)) {
        return end_iteration(streams, at + iterations - 1, second);
      }
    }
    line += 2;
    at += iterations;
    time += ticks;
  }
  if (at < slow.next()) {
    streams.touch(first, line, at, time);
    return end_iteration(streams, at, first);
  }
  return at;
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
