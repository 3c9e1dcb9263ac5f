// When a segment's slow streams come to lines.
//
// For each slow stream stands the iteration in which its next line is to be looked up:
//
//     iteration      0   1   2   3   4   5   6   7   8
//     slow stream    p . . . . . . . q . . . . . . . r
//                    ^ come_to_line(i, 0) says that p is looked up, and returns 3, its last
//                    iteration;
//                      from then on the stream's next look-up is in iteration 4, unless p is taken
//                      out of the first level before: then look_up_again() makes it an earlier one
//
// A walk goes from iteration to iteration in the order of the program; it never goes back.
//
// 1. A stream's next look-up is never later than the first iteration in which it is on another line
//    than the one looked up last.
// 2. next() is the earliest of all streams' next look-ups, or the end of the segment. It is brought
//    up to date by find_next() or come_to_lines_in_step() at the end or at the beginning of an
//    iteration in which a slow stream comes to a line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cachesim/lru/first_level.h"
#include "cachesim/walk/segment.h"
#include "cachesim/walk/stream_positions.h"

namespace wattgrind {

class SlowStreams {
 public:
  SlowStreams(const Segment& segment, UseTime first_time)
      : positions_(segment, first_time), slow_(segment.slow) {
    stay_until(0);
  }

  const StreamPositions& positions() const { return positions_; }

  // The next iteration in which a slow stream comes to a line.
  uint64_t next() const { return next_; }

  bool comes_to_line(size_t i, uint64_t at) const { return next_look_up_[i] == at; }

  // Says that the stream's line is looked up in this iteration, and returns the last one in which
  // the stream stays on it.
  uint64_t come_to_line(size_t i, uint64_t at) {
    const uint64_t next = at + positions_.stay(i, at);
    next_look_up_[i] = next;
    return std::min(next, positions_.iterations()) - 1;
  }

  // What next() will be once the streams that come to a line in this iteration, the next one, have
  // been looked up.
  uint64_t next_after(uint64_t at) const {
    uint64_t next = positions_.iterations();
    for (const uint32_t i : slow_) {
      next = std::min(next, comes_to_line(i, at) ? at + positions_.stay(i, at) : next_look_up_[i]);
    }
    return next;
  }

  void find_next() {
    next_ = positions_.iterations();
    for (const uint32_t i : slow_) {
      next_ = std::min(next_, next_look_up_[i]);
    }
  }

  // Whether all slow streams that move come to lines in the same iterations.
  bool are_in_step() const;

  // Does what come_to_line and find_next do, for all slow streams at once: they are in step and all
  // come to lines in this iteration. Returns the last iteration in which they stay there.
  uint64_t come_to_lines_in_step(uint64_t at) {
    next_ = positions_.iterations();
    for (const uint32_t i : slow_) {
      if (positions_[i].stride != 0) {
        next_ = std::min(at + positions_.stay(i, at), positions_.iterations());
        break;
      }
    }
    for (const uint32_t i : slow_) {
      next_look_up_[i] = std::max(next_look_up_[i], next_);
    }
    return next_ - 1;
  }

  // Says that a line has just been taken out of the first level, in iteration `at` after stream
  // `after` was looked up. Streams that stay on it must look it up again.
  void look_up_again(uint64_t line, size_t after, uint64_t at);

  // The most lines that slow streams have in one set, counting for each stream the line in this
  // iteration and the one before. `lines` has a number for each set; all are 0 before and after.
  uint32_t most_lines_in_a_set(const FirstLevel& level, uint64_t at,
                               std::vector<uint8_t>& lines) const;

  // Makes the first level's times those of the uses before this iteration, where look-ups have set
  // them to uses still to come. Returns the first iteration in which one of the streams has left
  // its line.
  uint64_t withdraw_times(FirstLevel& level, uint64_t at) const;

  // Says that the streams were looked up in every iteration before `end`.
  void stay_until(uint64_t end) {
    for (const uint32_t i : slow_) {
      next_look_up_[i] = end;
    }
  }

 private:
  StreamPositions positions_;
  const std::vector<uint32_t>& slow_;
  uint64_t next_ = 0;
  uint64_t next_look_up_[kMaxStreams];  // by stream; of slow ones only
};

}  // namespace wattgrind
