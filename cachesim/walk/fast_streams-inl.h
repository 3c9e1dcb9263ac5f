// Walks iterations in which only fast streams come to a line. Included once for every vector
// instruction set.
#if defined(WATTGRIND_CACHESIM_FAST_STREAMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_FAST_STREAMS_INL_H_
#undef WATTGRIND_CACHESIM_FAST_STREAMS_INL_H_
#else
#define WATTGRIND_CACHESIM_FAST_STREAMS_INL_H_
#endif

#include "cachesim/walk/iteration_walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

// Walks iterations from `at` on until a slow stream comes to a line; returns the first one left
// out.
template <uint32_t kPadded>
inline uint64_t walk_fast_streams(StreamTouch<kPadded>& streams, const Segment& segment,
                                  uint64_t at) {
  const StreamPositions& positions = streams.positions();
  const SlowStreams& slow = streams.slow();
  const size_t count = segment.fast.size();
  const uint32_t line_shift = positions.line_shift();
  struct FastStream {
    uint64_t address, stride;
    uint32_t number;
  } fast[kMaxStreams];
  for (size_t k = 0; k < count; ++k) {
    const uint32_t i = segment.fast[k];
    fast[k] = {positions.address_of(i, at), static_cast<uint64_t>(positions[i].stride), i};
  }
  const auto ticks = static_cast<UseTime>(positions.count());
  auto time = positions.time_of(0, at);
  for (; at < slow.next(); ++at, time += ticks) {
    for (size_t k = 0; k < count; ++k) {
      const uint32_t i = fast[k].number;
      if (const size_t missed = streams.miss_stack(i, fast[k].address >> line_shift, time + i)) {
        for (const size_t end = k + missed; k < end; ++k) {
          fast[k].address += fast[k].stride;
        }
        --k;
        continue;
      }
      streams.touch(i, fast[k].address >> line_shift, at, time + i);
      fast[k].address += fast[k].stride;
      if (HWY_UNLIKELY(slow.next() <= at)) {
        return end_iteration(streams, at, i);
      }
    }
  }
  return at;
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
