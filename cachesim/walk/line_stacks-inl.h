// Finds a segment's stacks: neighbouring streams whose lines are always of the same set, as those
// of the columns of a dense layer's weights are. Included once for every vector instruction set.
//
//     streams     s0  s1  s2  s3  s4  s5  s6       s1 to s4 move together and are whole rounds of
//     the sets        3   7   7   7   7   1   6        first level's sets apart: they are a stack
//                     [  a stack   ]
//
// A stack (LineStack of first_level-inl.h) is looked up in one go where all its lines are missed.
#if defined(WATTGRIND_CACHESIM_LINE_STACKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WATTGRIND_CACHESIM_LINE_STACKS_INL_H_
#undef WATTGRIND_CACHESIM_LINE_STACKS_INL_H_
#else
#define WATTGRIND_CACHESIM_LINE_STACKS_INL_H_
#endif

#include <algorithm>
#include <bit>

#include "cachesim/lru/first_level-inl.h"
#include "cachesim/walk/segment.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

class LineStacks {
 public:
  // There are no stacks unless `may_be_stacked`.
  LineStacks(const Segment& segment, const FirstLevel& level, bool may_be_stacked)
      : streams_(segment.streams.data()), count_(segment.streams.size()) {
    std::fill_n(number_, count_, uint8_t{0});
    const uint64_t set_bytes = uint64_t{level.sets()} << segment.line_shift;
    if (may_be_stacked && std::has_single_bit(set_bytes)) {
      find(set_bytes, std::min(LineStack::kMost, level.ways()), segment.line_shift);
    }
  }

  bool begins_with(size_t i) const { return number_[i] != 0; }
  const LineStack& beginning_with(size_t i) const { return stacks_[number_[i] - 1]; }

 private:
  static constexpr size_t kFewest = 3;  // streams of a stack

  void find(uint64_t set_bytes, size_t most, uint32_t line_shift) {
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
      if (end - first >= kFewest) {
        add(first, end, line_shift);
      }
    }
  }

  void add(size_t first, size_t end, uint32_t line_shift) {
    LineStack& stack = stacks_[stack_count_++];
    stack = {};
    stack.size = static_cast<uint32_t>(end - first);
    for (size_t i = first; i < end; ++i) {
      const uint64_t distance = streams_[i].address - streams_[first].address;
      stack.offsets[i - first] = static_cast<LruEntry>(distance >> line_shift << 1);
      stack.tags[i - first] = streams_[i].tag;
    }
    number_[first] = static_cast<uint8_t>(stack_count_);
  }

  const LineStream* streams_;
  size_t count_;
  LineStack stacks_[kMaxStreams / kFewest];
  size_t stack_count_ = 0;
  uint8_t number_[kMaxStreams];  // by stream: 1 + the number of the stack that begins with it, or 0
};

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#endif
