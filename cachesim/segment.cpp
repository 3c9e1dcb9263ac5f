#include "cachesim/segment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/segment.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>

#include "cachesim/timed_set-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

// In iterations: as far as look-ups of lower levels wait for memory.
constexpr uint64_t kPrefetchDistance = 6;

// Where a line's set is, as quickly as its number of sets allows.
class SetOf {
 public:
  explicit SetOf(FirstLevel& level)
      : first_(level.set(0)),
        sets_(level.sets()),
        mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
        words_(2 * level.shape().padded_ways) {}

  HWY_INLINE LruEntry* operator()(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    const uint32_t index = mask_ + 1 == sets_ ? number & mask_ : number % sets_;
    return first_ + size_t{index} * words_;
  }

 private:
  LruEntry* first_;
  uint32_t sets_, mask_, words_;
};

template <typename Set>
class SegmentWalker {
 public:
  SegmentWalker(LruHierarchy& caches, const Segment& segment)
      : caches_(caches),
        shape_(caches.first_level().shape()),
        set_of_(caches.first_level()),
        streams_(segment.streams.data()),
        count_(segment.streams.size()),
        iterations_(segment.iterations),
        line_shift_(segment.line_shift),
        line_mask_((uint64_t{1} << segment.line_shift) - 1),
        base_(caches.first_level().reserve(static_cast<uint32_t>(iterations_ * count_)) + 1) {
    for (size_t i = 0; i < count_; ++i) {
      touched_next_[i] = 0;
      if (!streams_[i].is_slow) {
        fast_[fast_count_++] = static_cast<uint32_t>(i);
      } else {
        slow_[slow_count_++] = static_cast<uint32_t>(i);
      }
    }
  }

  void walk() {
    for (uint64_t at = 0; at < iterations_; ++at) {
      walk_iteration(at, 0);
      if (fast_count_ == 1) {
        at = walk_fast_stream(fast_[0], at + 1) - 1;
      } else {
        at = walk_fast_streams(at + 1) - 1;
      }
    }
  }

 private:
  // From one stream on, every stream that comes to a line.
  void walk_iteration(uint64_t at, size_t first) {
    for (size_t i = first; i < count_; ++i) {
      if (!streams_[i].is_slow) {
        touch(i, at, at);
      } else if (touched_next_[i] == at) {
        const uint64_t next = at + stays(streams_[i], at);
        touched_next_[i] = next;
        touch(i, at, std::min(next, iterations_) - 1);
      }
    }
    next_ = iterations_;
    for (size_t i = 0; i < slow_count_; ++i) {
      next_ = std::min(next_, touched_next_[slow_[i]]);
    }
  }

  // Walks iterations in which only fast streams come to a line; returns the first one it left out.
  uint64_t walk_fast_streams(uint64_t at) {
    for (; at < next_; ++at) {
      for (size_t k = 0; k < fast_count_; ++k) {
        touch(fast_[k], at, at);
        if (HWY_UNLIKELY(next_ <= at)) {
          walk_iteration(at, fast_[k] + 1);
          break;
        }
      }
    }
    return at;
  }

  uint64_t walk_fast_stream(size_t i, uint64_t at) {
    const uint64_t stride = static_cast<uint64_t>(streams_[i].stride);
    const uint32_t line_shift = line_shift_;
    const uint32_t dirty = streams_[i].dirty;
    const auto ticks = static_cast<UseTime>(count_);
    uint64_t address = address_of(streams_[i], at);
    auto time = static_cast<UseTime>(base_ + at * count_ + i);
    const SetOf set_of = set_of_;
    const LruShape shape = shape_;
    for (; at < next_; ++at) {
      const uint64_t line = address >> line_shift;
      const TimedTouch outcome =
          Set::touch(set_of(line), shape, static_cast<LruEntry>(line << 1), dirty, time);
      if (outcome.missed) {
        miss(i, at, line, outcome.displaced);
        if (HWY_UNLIKELY(next_ <= at)) {
          walk_iteration(at, i + 1);
        }
      } else if (HWY_UNLIKELY(outcome.dirtied)) {
        caches_.dirty_first_level(line);
      }
      address += stride;
      time += ticks;
    }
    return at;
  }

  static uint64_t address_of(const Stream& stream, uint64_t at) {
    return stream.address + at * static_cast<uint64_t>(stream.stride);
  }

  // Iterations until a slow stream leaves its line, the one at hand included.
  uint64_t stays(const Stream& stream, uint64_t at) const {
    if (stream.stride == 0) {
      return iterations_;
    }
    const uint64_t offset = address_of(stream, at) & line_mask_;
    const uint64_t ahead = stream.stride > 0 ? line_mask_ - offset : offset;
    // The quotient is exact: both are below the line, which is at most 2^16 (can_simulate).
    return (ahead * stream.reciprocal >> 32) + 1;
  }

  // Of the stream's line in an iteration, which it leaves after iteration `last`.
  HWY_INLINE void touch(size_t i, uint64_t at, uint64_t last) {
    const Stream& stream = streams_[i];
    const uint64_t line = address_of(stream, at) >> line_shift_;
    const auto time = static_cast<UseTime>(base_ + last * count_ + i);
    const TimedTouch outcome =
        Set::touch(set_of_(line), shape_, static_cast<LruEntry>(line << 1), stream.dirty, time);
    if (HWY_UNLIKELY(outcome.missed)) {
      miss(i, at, line, outcome.displaced);
    } else if (HWY_UNLIKELY(outcome.dirtied)) {
      caches_.dirty_first_level(line);
    }
  }

  HWY_NOINLINE void miss(size_t i, uint64_t at, uint64_t line, TimedEntry displaced) {
    caches_.miss_first_level({static_cast<uint32_t>(line), displaced.entry, streams_[i].requester,
                              streams_[i].dirty != 0},
                             displaced.time);
    if (!streams_[i].is_slow) {  // it will likely miss again
      caches_.prefetch(address_of(streams_[i], at + kPrefetchDistance) >> line_shift_);
    }
    for (const uint64_t taken : caches_.taken_out()) {
      touch_again(taken, i, at);
    }
  }

  // Of a line just taken out, though slow streams may still be on it.
  void touch_again(uint64_t line, size_t after, uint64_t at) {
    for (size_t i = 0; i < count_; ++i) {
      const uint64_t next = i > after ? at : at + 1;
      if (streams_[i].is_slow && next < std::min(touched_next_[i], iterations_) &&
          address_of(streams_[i], next) >> line_shift_ == line) {
        touched_next_[i] = next;
        next_ = std::min(next_, next);
      }
    }
  }

  LruHierarchy& caches_;
  LruShape shape_;
  SetOf set_of_;
  const Stream* streams_;
  size_t count_;
  uint64_t iterations_;
  uint32_t line_shift_;
  uint64_t line_mask_;
  UseTime base_;
  uint64_t next_ = 0;                   // the next iteration in which a slow stream comes to a line
  uint64_t touched_next_[kMaxStreams];  // by stream
  uint32_t fast_[kMaxStreams];
  size_t fast_count_ = 0;
  uint32_t slow_[kMaxStreams];
  size_t slow_count_ = 0;
};

template <typename Set>
void walk_segment_of(LruHierarchy& caches, const Segment& segment) {
  SegmentWalker<Set>(caches, segment).walk();
}

void walk_any_segment(LruHierarchy& caches, const Segment& segment) {
  switch (caches.first_level().shape().padded_ways) {
    case 8:
      return walk_segment_of<TimedSet<8, 8>>(caches, segment);
    case 16:
      return walk_segment_of<TimedSet<16, 16>>(caches, segment);
    default:
      return walk_segment_of<TimedSet<16, 0>>(caches, segment);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(walk_any_segment);

void walk_segment(LruHierarchy& caches, const Segment& segment) {
  HWY_DYNAMIC_DISPATCH(walk_any_segment)(caches, segment);
}

}  // namespace wattgrind
#endif
