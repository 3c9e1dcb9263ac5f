// Where a segment's streams are in each of its iterations, and the time at which each is there.
//
// Every stream has a time of its own in every iteration, in the order of the program:
//
//     iteration 0              iteration 1                  iteration 2
//     first time + 0, 1, 2     first time + 3, 4, 5         ...             for three streams
#pragma once

#include <cstddef>
#include <cstdint>

#include "cachesim/lru/lru_entry.h"
#include "cachesim/walk/segment.h"

namespace wattgrind {

class StreamPositions {
 public:
  // The segment must outlive the positions.
  StreamPositions(const Segment& segment, UseTime first_time)
      : streams_(segment.streams.data()),
        count_(segment.streams.size()),
        iterations_(segment.iterations),
        line_shift_(segment.line_shift),
        first_time_(first_time) {}

  const LineStream& operator[](size_t i) const { return streams_[i]; }
  size_t count() const { return count_; }
  uint64_t iterations() const { return iterations_; }
  uint32_t line_shift() const { return line_shift_; }

  uint64_t address_of(size_t i, uint64_t at) const {
    return streams_[i].address + at * static_cast<uint64_t>(streams_[i].stride);
  }
  uint64_t line_of(size_t i, uint64_t at) const { return address_of(i, at) >> line_shift_; }
  UseTime time_of(size_t i, uint64_t at) const {
    return static_cast<UseTime>(first_time_ + at * count_ + i);
  }

  // For so many iterations, iteration `at` included, a slow stream stays on its line.
  uint64_t stay(size_t i, uint64_t at) const {
    const LineStream& stream = streams_[i];
    if (stream.stride == 0) {
      return iterations_;
    }
    const uint64_t mask = (uint64_t{1} << line_shift_) - 1;
    const uint64_t offset = address_of(i, at) & mask;
    const uint64_t ahead = stream.stride > 0 ? mask - offset : offset;
    // The quotient is exact: both numbers are below the size of a line, which is at most 2^16
    // (LruHierarchy::can_simulate).
    return (ahead * stream.reciprocal >> 32) + 1;
  }

  // The time of the last use of a line in an iteration. Some stream must be on the line then.
  UseTime last_use(uint64_t line, uint64_t at) const {
    size_t i = count_ - 1;
    while (line_of(i, at) != line) {
      --i;
    }
    return time_of(i, at);
  }

 private:
  const LineStream* streams_;
  size_t count_;
  uint64_t iterations_;
  uint32_t line_shift_;
  UseTime first_time_;
};

}  // namespace wattgrind
