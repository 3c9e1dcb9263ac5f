// Walks one iteration of a segment, or several, with all streams that come to a line in it.
// Included once for every vector instruction set.
#if defined(WATTGRIND_CACHESIM_ITERATION_WALK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_ITERATION_WALK_INL_H_
#undef WATTGRIND_CACHESIM_ITERATION_WALK_INL_H_
#else
#define WATTGRIND_CACHESIM_ITERATION_WALK_INL_H_
#endif

#include "cachesim/walk/stream_touch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

// Walks every stream, in an iteration in which all slow streams come to a line; they must be in
// step.
template <uint32_t kPadded>
inline void walk_in_step(StreamTouch<kPadded>& streams, uint64_t at) {
  const StreamPositions& positions = streams.positions();
  const uint64_t last_of_slow = streams.slow().come_to_lines_in_step(at);
  const size_t count = positions.count();
  for (size_t i = 0; i < count; ++i) {
    const uint64_t last = positions[i].is_slow ? last_of_slow : at;
    const size_t missed =
        streams.miss_stack(i, positions.line_of(i, at), positions.time_of(i, last));
    if (missed > 0) {
      i += missed - 1;
    } else {
      streams.touch(i, at, last);
    }
  }
}

// Walks every stream that comes to a line, from stream `first` on.
template <uint32_t kPadded>
inline void walk_iteration(StreamTouch<kPadded>& streams, uint64_t at, size_t first) {
  const StreamPositions& positions = streams.positions();
  SlowStreams& slow = streams.slow();
  for (size_t i = first; i < positions.count(); ++i) {
    if (!positions[i].is_slow) {
      streams.touch(i, at, at);
    } else if (slow.comes_to_line(i, at)) {
      streams.touch(i, at, slow.come_to_line(i, at));
    }
  }
  slow.find_next();
}

// Ends an iteration of which only fast streams were walked, the last of them stream `i`. Its
// look-up may have made slow streams look up their lines again, some of them in this iteration.
// Returns the next iteration.
template <uint32_t kPadded>
inline uint64_t end_iteration(StreamTouch<kPadded>& streams, uint64_t at, size_t i) {
  if (streams.slow().next() <= at) {
    walk_iteration(streams, at, i + 1);
  }
  return at + 1;
}

// Walks every stream in every iteration, from iteration `at` on until a slow stream leaves its
// line. Returns the first iteration left to walk.
template <uint32_t kPadded>
inline uint64_t walk_every_reference(StreamTouch<kPadded>& streams, uint64_t at) {
  SlowStreams& slow = streams.slow();
  const uint64_t end = slow.withdraw_times(streams.level(), at);
  for (; at < end; ++at) {
    for (size_t i = 0; i < streams.positions().count(); ++i) {
      streams.touch(i, at, at);
    }
  }
  slow.stay_until(end);
  return end;
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
