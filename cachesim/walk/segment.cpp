#include "cachesim/walk/segment.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/walk/segment.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cachesim/walk/fast_streams-inl.h"
#include "cachesim/walk/flooding-inl.h"
#include "cachesim/walk/iteration_walk-inl.h"
#include "cachesim/walk/line_pairs-inl.h"
#include "cachesim/walk/stream_touch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

template <uint32_t kPadded>
class SegmentWalker {
 public:
  SegmentWalker(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines)
      : segment_(segment),
        lines_(lines),
        streams_(caches, segment),
        flooding_(caches, segment, streams_),
        are_pairs_(are_pairs(streams_, segment)),
        are_in_step_(streams_.slow().are_in_step()) {}

  void walk() {
    const bool surely_fit =
        segment_.streams.size() <= streams_.level().ways() || segment_.slow.empty();
    uint64_t at = 0;
    while (at < segment_.iterations) {
      if (flooding_.may_flood(at)) {
        at = flooding_.walk(at);
      }
      if (!surely_fit && !lines_fit(at)) {
        at = walk_every_reference(streams_, at);
        continue;
      }
      are_in_step_ ? walk_in_step(streams_, at) : walk_iteration(streams_, at, 0);
      ++at;
      while (at < streams_.slow().next()) {
        at = walk_until_slow(at);
      }
    }
  }

 private:
  // Whether the lines fit from this iteration on, until a slow stream leaves its line. Between two
  // uses of a line each stream is on its line of this iteration or of the one before.
  bool lines_fit(uint64_t at) {
    const size_t fast = are_pairs_ ? 1 : segment_.fast.size();
    return streams_.slow().most_lines_in_a_set(streams_.level(), at, lines_) + fast <=
           streams_.level().ways();
  }

  // Walks iterations in which no slow stream comes to a line; returns the first one left out.
  uint64_t walk_until_slow(uint64_t at) {
    if (segment_.fast.empty()) {
      return streams_.slow().next();
    }
    return are_pairs_ ? walk_pairs(streams_, segment_, at)
                      : walk_fast_streams(streams_, segment_, at);
  }

  const Segment& segment_;
  std::vector<uint8_t>& lines_;
  StreamTouch<kPadded> streams_;
  Flooding<kPadded> flooding_;
  bool are_pairs_;
  bool are_in_step_;
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
