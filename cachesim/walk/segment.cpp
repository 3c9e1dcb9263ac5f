#include "cachesim/walk/segment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/walk/segment.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "cachesim/lru/first_level-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

template <uint32_t kPadded>
class SegmentWalker {
 public:
  SegmentWalker(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines)
      : caches_(caches),
        level_(caches.first_level()),
        set_touch_(level_),
        segment_(segment),
        lines_(lines),
        streams_(segment.streams.data()),
        count_(segment.streams.size()),
        iterations_(segment.iterations),
        line_shift_(segment.line_shift),
        base_(level_.reserve(static_cast<uint32_t>(iterations_ * count_)) + 1) {
    for (const uint32_t i : segment_.slow) {
      touched_next_[i] = 0;
    }
    are_pairs_ = are_pairs();
    is_in_step_ = is_in_step();
    find_stacks();
  }

  void walk() {
    const bool surely_fits = count_ <= level_.ways() || segment_.slow.empty();
    uint64_t at = 0;
    while (at < iterations_) {
      if (!surely_fits && !lines_fit(at)) {
        at = walk_references(at);
        continue;
      }
      is_in_step_ ? walk_step(at) : walk_iteration(at, 0);
      ++at;
      while (at < next_) {
        at = walk_fast_streams(at);
      }
    }
  }

 private:
  // Every stream, in an iteration in which all slow streams come to a line.
  void walk_step(uint64_t at) {
    next_ = iterations_;
    for (const uint32_t i : segment_.slow) {
      if (streams_[i].stride != 0) {
        next_ = std::min(at + stays(streams_[i], at), iterations_);
        break;
      }
    }
    const uint64_t next = next_;
    for (const uint32_t i : segment_.slow) {
      touched_next_[i] = std::max(touched_next_[i], next);
    }
    for (size_t i = 0; i < count_; ++i) {
      const uint64_t last = streams_[i].is_slow ? next - 1 : at;
      if (const size_t missed = miss_stack(i, line_of(i, at), time_of(i, last))) {
        i += missed - 1;
      } else {
        touch(i, at, last);
      }
    }
  }

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
    for (const uint32_t i : segment_.slow) {
      next_ = std::min(next_, touched_next_[i]);
    }
  }

  // Walks iterations in which only fast streams come to a line, from `at` < next_ on, until a slow
  // one does; returns the first one it left out.
  uint64_t walk_fast_streams(uint64_t at) {
    if (segment_.fast.empty()) {
      return next_;
    }
    if (are_pairs_) {
      return walk_pairs(at);
    }
    struct FastStream {
      uint64_t address, stride;
      uint32_t number;
    } fast[kMaxStreams];
    const size_t streams = segment_.fast.size();
    for (size_t k = 0; k < streams; ++k) {
      const uint32_t i = segment_.fast[k];
      fast[k] = {address_of(streams_[i], at), static_cast<uint64_t>(streams_[i].stride), i};
    }
    auto time = static_cast<UseTime>(base_ + at * count_);
    for (; at < next_; ++at, time += static_cast<UseTime>(count_)) {
      for (size_t k = 0; k < streams; ++k) {
        const uint32_t i = fast[k].number;
        if (const size_t missed = miss_stack(i, fast[k].address >> line_shift_, time + i)) {
          for (const size_t end = k + missed; k < end; ++k) {
            fast[k].address += fast[k].stride;
          }
          --k;
          continue;
        }
        touch(i, fast[k].address >> line_shift_, at, time + i);
        fast[k].address += fast[k].stride;
        if (HWY_UNLIKELY(next_ <= at)) {
          return end_iteration(at, i);
        }
      }
    }
    return at;
  }

  // The same, where their lines follow each other all iterations through, none is written, and two
  // of them at a time lie in neighbouring sets.
  uint64_t walk_pairs(uint64_t at) {
    const uint32_t first = segment_.fast.front(), second = segment_.fast.back();
    const uint64_t iterations = first == second ? 2 : 1;  // a pair
    uint64_t line = line_of(first, at);
    if (line % 2 != 0 && at < next_) {
      touch(first, line++, at, time_of(first, at));
      if (HWY_UNLIKELY(next_ <= ++at)) {
        return end_iteration(at - 1, first);
      }
    }
    auto time = time_of(first, at);
    const auto ticks = static_cast<UseTime>(iterations * count_);
    const UseTime between = first == second ? static_cast<UseTime>(count_) : second - first;
    while (at + iterations <= next_) {
      if (HWY_UNLIKELY(!set_touch_.touch_pair(line, time, time + between))) {
        touch(first, line, at, time);
        if (HWY_UNLIKELY(next_ < at + iterations)) {
          return end_iteration(at, first);
        }
        touch(second, line + 1, at + iterations - 1, time + between);
        if (HWY_UNLIKELY(next_ < at + iterations)) {
          return end_iteration(at + iterations - 1, second);
        }
      }
      line += 2;
      at += iterations;
      time += ticks;
    }
    if (at < next_) {
      touch(first, line, at, time);
      return end_iteration(at, first);
    }
    return at;
  }

  // Ends iteration `at` after a fast stream, which may have made a slow one come to a line again;
  // returns the next one.
  uint64_t end_iteration(uint64_t at, size_t i) {
    if (next_ <= at) {
      walk_iteration(at, i + 1);
    }
    return at + 1;
  }

  // Whether the fast streams are one, or two, for walk_pairs.
  bool are_pairs() const {
    const size_t streams = segment_.fast.size();
    if (!set_touch_.can_touch_pairs() || streams == 0 || streams > 2) {
      return false;
    }
    const LineStream& first = streams_[segment_.fast.front()];
    const LineStream& second = streams_[segment_.fast.back()];
    const uint64_t line = first.address >> line_shift_;
    const auto bytes = static_cast<int64_t>(streams << line_shift_);
    return first.stride == bytes && second.stride == bytes && first.dirty == 0 &&
           second.dirty == 0 &&
           (streams == 1 || (line % 2 == 0 && second.address >> line_shift_ == line + 1));
  }

  // Streams one after the other whose lines are always of the same set, as those of a dense layer's
  // columns of weights are.
  void find_stacks() {
    std::fill_n(stacked_, count_, uint8_t{0});
    const uint64_t set_bytes = uint64_t{level_.sets()} << line_shift_;
    if (!set_touch_.can_miss_stacks() || caches_.reaches_up() || !std::has_single_bit(set_bytes)) {
      return;
    }
    const size_t most = std::min(LineStack::kMost, level_.ways());
    for (size_t first = 0, end = 0; first < count_; first = end) {
      const auto belongs = [&](size_t i) {
        const uint64_t distance = streams_[i].address - streams_[first].address;
        return streams_[i].stride == streams_[first].stride && streams_[i].dirty == 0 &&
               distance % set_bytes == 0 &&
               std::none_of(streams_ + first, streams_ + i, [&](const LineStream& other) {
                 return other.address == streams_[i].address;
               });
      };
      end = first + 1;
      if (streams_[first].dirty != 0 || streams_[first].stride == 0) {
        continue;
      }
      while (end < count_ && end - first < most && belongs(end)) {
        ++end;
      }
      if (end - first >= kFewestStacked) {
        stack(first, end);
      }
    }
  }

  void stack(size_t first, size_t end) {
    LineStack& stack = stacks_[stack_count_++];
    stack = {};
    stack.size = static_cast<uint32_t>(end - first);
    for (size_t i = first; i < end; ++i) {
      const uint64_t distance = streams_[i].address - streams_[first].address;
      stack.offsets[i - first] = static_cast<LruEntry>(distance >> line_shift_ << 1);
      stack.tags[i - first] = streams_[i].tag;
    }
    stacked_[first] = static_cast<uint8_t>(stack_count_);
  }

  // Where a stack of streams begins whose lines are all missed, the first at `line`: how many they
  // are. Else 0, and nothing happens.
  HWY_INLINE size_t miss_stack(size_t i, uint64_t line, UseTime time) {
    if (HWY_LIKELY(stacked_[i] == 0)) {
      return 0;
    }
    if constexpr (kPadded == LineStack::kMost) {
      const LineStack& stack = stacks_[stacked_[i] - 1];
      FirstLevelMiss* room = caches_.room_for_misses(LineStack::kMost);
      if (room != nullptr && set_touch_.miss_stack(line, stack, time, room)) {
        caches_.miss_first_level(stack.size);
        return stack.size;
      }
    }
    return 0;
  }

  // Whether the slow streams come to lines in the same iterations, as far as they do at all.
  bool is_in_step() const {
    const uint64_t line_bytes = uint64_t{1} << line_shift_;
    const LineStream* first = nullptr;
    for (const uint32_t i : segment_.slow) {
      const LineStream& stream = streams_[i];
      if (stream.stride == 0) {
        continue;
      }
      first = first == nullptr ? &stream : first;
      const auto stride = static_cast<uint64_t>(stream.stride);
      if (stream.stride != first->stride || stream.stride < 0 || line_bytes % stride != 0 ||
          (stream.address ^ first->address) % line_bytes >= stride) {
        return false;
      }
    }
    return true;
  }

  // Whether, from iteration `at` until a slow stream leaves its line, a set has ways enough for the
  // lines used from one use of a line to the next: of each stream, the one in that iteration or
  // the one before.
  bool lines_fit(uint64_t at) {
    uint32_t most = 0;
    const auto for_sets = [&](const auto& function) {
      for (const uint32_t i : segment_.slow) {
        const uint32_t set = level_.set_index(line_of(i, at));
        function(set);
        if (const uint32_t before = level_.set_index(line_of(i, at - 1)); at > 0 && before != set) {
          function(before);
        }
      }
    };
    for_sets([&](uint32_t set) { most = std::max<uint32_t>(most, ++lines_[set]); });
    for_sets([&](uint32_t set) { lines_[set] = 0; });
    const size_t fast = are_pairs_ ? 1 : segment_.fast.size();
    return most + fast <= level_.ways();
  }

  // Walks every reference until a slow stream leaves its line; returns the first iteration left.
  uint64_t walk_references(uint64_t at) {
    uint64_t end = iterations_;
    for (const uint32_t i : segment_.slow) {
      end = std::min(end, at + stays(streams_[i], at));
      if (touched_next_[i] > at) {  // it was said to be used in iterations to come
        level_.set_time(line_of(i, at), last_use(line_of(i, at), at - 1));
      }
    }
    for (; at < end; ++at) {
      for (size_t i = 0; i < count_; ++i) {
        touch(i, at, at);
      }
    }
    for (const uint32_t i : segment_.slow) {
      touched_next_[i] = end;
    }
    return end;
  }

  // Of a line that some stream is on in this iteration.
  UseTime last_use(uint64_t line, uint64_t at) const {
    size_t i = count_ - 1;
    while (line_of(i, at) != line) {
      --i;
    }
    return time_of(i, at);
  }

  static uint64_t address_of(const LineStream& stream, uint64_t at) {
    return stream.address + at * static_cast<uint64_t>(stream.stride);
  }
  uint64_t line_of(size_t i, uint64_t at) const {
    return address_of(streams_[i], at) >> line_shift_;
  }
  UseTime time_of(size_t i, uint64_t at) const {
    return static_cast<UseTime>(base_ + at * count_ + i);
  }

  // Iterations until a slow stream leaves its line, the one at hand included.
  uint64_t stays(const LineStream& stream, uint64_t at) const {
    if (stream.stride == 0) {
      return iterations_;
    }
    const uint64_t mask = (uint64_t{1} << line_shift_) - 1;
    const uint64_t offset = address_of(stream, at) & mask;
    const uint64_t ahead = stream.stride > 0 ? mask - offset : offset;
    // The quotient is exact: both are below the line, which is at most 2^16 (can_simulate).
    return (ahead * stream.reciprocal >> 32) + 1;
  }

  // Of the stream's line in an iteration, which it leaves after iteration `last`.
  HWY_INLINE void touch(size_t i, uint64_t at, uint64_t last) {
    touch(i, line_of(i, at), at, time_of(i, last));
  }

  HWY_INLINE void touch(size_t i, uint64_t line, uint64_t at, UseTime time) {
    const LineStream& stream = streams_[i];
    const TimedTouch outcome = set_touch_.touch(line, stream.dirty, time);
    if (HWY_UNLIKELY(outcome.missed)) {
      caches_.miss_first_level({static_cast<uint32_t>(line), outcome.displaced.entry(),
                                outcome.displaced.time(), stream.tag});
      if (HWY_UNLIKELY(!caches_.taken_out().empty())) {
        for (const uint64_t taken : caches_.taken_out()) {
          touch_again(taken, i, at);
        }
      }
    } else if (HWY_UNLIKELY(outcome.dirtied)) {
      caches_.dirty_first_level(line);
    }
  }

  // Of a line just taken out, though slow streams may still be on it.
  void touch_again(uint64_t line, size_t after, uint64_t at) {
    for (const uint32_t i : segment_.slow) {
      const uint64_t next = i > after ? at : at + 1;
      if (next < std::min(touched_next_[i], iterations_) && line_of(i, next) == line) {
        touched_next_[i] = next;
        next_ = std::min(next_, next);
      }
    }
  }

  LruHierarchy& caches_;
  FirstLevel& level_;
  SetTouch<kPadded> set_touch_;
  const Segment& segment_;
  std::vector<uint8_t>& lines_;
  const LineStream* streams_;
  size_t count_;
  uint64_t iterations_;
  uint32_t line_shift_;
  UseTime base_;
  bool are_pairs_ = false;
  bool is_in_step_ = false;
  uint64_t next_ = 0;                   // the next iteration in which a slow stream comes to a line
  uint64_t touched_next_[kMaxStreams];  // by stream
  static constexpr size_t kFewestStacked = 3;
  LineStack stacks_[kMaxStreams / kFewestStacked];
  size_t stack_count_ = 0;
  uint8_t stacked_[kMaxStreams];  // by stream: 1 + the number of the stack that begins with it
};

void walk_any_segment(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines) {
  switch (caches.first_level().padded_ways()) {
    case 8:
      return SegmentWalker<8>(caches, segment, lines).walk();
    case 16:
      return SegmentWalker<16>(caches, segment, lines).walk();
    default:
      return SegmentWalker<0>(caches, segment, lines).walk();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(walk_any_segment);

void walk_segment(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines) {
  HWY_DYNAMIC_DISPATCH(walk_any_segment)(caches, segment, lines);
}

}  // namespace wattgrind
#endif
