// Looks up the lines of a segment's streams in the first level and tells the hierarchy what came of
// it. Included once for every vector instruction set.
#if defined(WATTGRIND_CACHESIM_STREAM_TOUCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_STREAM_TOUCH_INL_H_
#undef WATTGRIND_CACHESIM_STREAM_TOUCH_INL_H_
#else
#define WATTGRIND_CACHESIM_STREAM_TOUCH_INL_H_
#endif

#include "cachesim/lru/first_level-inl.h"
#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/walk/line_stacks-inl.h"
#include "cachesim/walk/slow_streams.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

template <uint32_t kPadded>
class StreamTouch {
 public:
  StreamTouch(LruHierarchy& caches, const Segment& segment)
      : caches_(caches),
        set_touch_(caches.first_level()),
        slow_(segment, caches.first_level().reserve(
                           static_cast<uint32_t>(segment.iterations * segment.streams.size())) +
                           1),
        stacks_(segment, caches.first_level(),
                set_touch_.can_miss_stacks() && !caches.reaches_up()) {}

  FirstLevel& level() { return caches_.first_level(); }
  const SetTouch<kPadded>& set_touch() const { return set_touch_; }
  SlowStreams& slow() { return slow_; }
  const SlowStreams& slow() const { return slow_; }
  const StreamPositions& positions() const { return slow_.positions(); }

  // Uses the line on which stream `i` is in iteration `at`, at the time of its use in iteration
  // `last`.
  HWY_INLINE void touch(size_t i, uint64_t at, uint64_t last) {
    touch(i, positions().line_of(i, at), at, positions().time_of(i, last));
  }

  HWY_INLINE void touch(size_t i, uint64_t line, uint64_t at, UseTime time) {
    const LineStream& stream = positions()[i];
    const TimedTouch outcome = set_touch_.touch(line, stream.dirty, time);
    if (HWY_UNLIKELY(outcome.missed)) {
      const bool lines_are_taken_out =
          caches_.miss_first_level({static_cast<uint32_t>(line), outcome.displaced.entry(),
                                    outcome.displaced.time(), stream.tag});
      if (HWY_UNLIKELY(lines_are_taken_out)) {
        for (const uint64_t taken : caches_.taken_out()) {
          slow_.look_up_again(taken, i, at);
        }
      }
    } else if (HWY_UNLIKELY(outcome.dirtied)) {
      caches_.dirty_first_level(line);
    }
  }

  // Where a stack of streams begins with stream `i`, whose line is `line`, and all its lines are
  // missed: uses them all, the first at `time`, and returns how many they are. Else nothing
  // happens, and 0 is returned.
  HWY_INLINE size_t miss_stack(size_t i, uint64_t line, UseTime time) {
    if (HWY_LIKELY(!stacks_.begins_with(i))) {
      return 0;
    }
    if constexpr (kPadded == LineStack::kMost) {
      const LineStack& stack = stacks_.beginning_with(i);
      FirstLevelMiss* room = caches_.room_for_misses(LineStack::kMost);
      if (room != nullptr && set_touch_.miss_stack(line, stack, time, room)) {
        caches_.miss_first_level(stack.size);
        return stack.size;
      }
    }
    return 0;
  }

 private:
  LruHierarchy& caches_;
  SetTouch<kPadded> set_touch_;
  SlowStreams slow_;
  LineStacks stacks_;
};

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
