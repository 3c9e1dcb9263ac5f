// Segments: iterations of an innermost loop, walked so that a line is looked up once for as long as
// the loop's references stay on it.
//
// A *stream* stands for references of the loop that are on one line together in every iteration. A
// *fast* stream moves by a line or more, so it comes to a line in every iteration. A *slow* stream
// moves by less: it comes to a line and stays there for some iterations.
//
//     iteration                        0   1   2   3   4   5   6   7   8
//     fast stream, stride of a line    a   b   c   d   e   f   g   h   i
//     slow stream, a quarter of it     p . . . . . . . q . . . . . . . r
//     slow stream, stride 0            w . . . . . . . . . . . . . . . .
//
// A slow stream uses its line in every iteration, but the line is looked up only when the stream
// comes to it; the time of its use is set to that of the last iteration in which the stream stays,
// at once. That is exact as long as the lines *fit*: as long as, from one use of a line to the
// next, fewer other lines of its set are used than the set has ways. Then the line is not given up
// in between, and of all else that the set holds, times tell which was used last. Iterations whose
// lines do not fit are walked reference by reference.
//
//     segment.cpp             walks a segment, iteration by iteration, on the host's widest vectors
//     fast_streams-inl.h      iterations in which only fast streams come to a line
//     line_pairs-inl.h          the same for lines in pairs of neighbouring sets
//     flooding-inl.h          iterations in which fast streams are known to miss all their lines
//     iteration_walk-inl.h    iterations in which slow streams come to a line too
//     stream_touch-inl.h      looks up the line of one stream
//     line_stacks-inl.h         or those of several whose lines lie in one set
//     slow_streams.h          when slow streams come to lines
//     stream_positions.h      where a stream is in an iteration, and at what time
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cachesim/lru/lru_hierarchy.h"

namespace wattgrind {

struct LineStream {
  uint64_t address = 0;     // of its first reference, in the segment's first iteration
  int64_t stride = 0;       // in bytes an iteration
  uint64_t reciprocal = 0;  // 2^32 / |stride|, rounded up, for a slow stream that moves; else 0
  uint32_t tag = 0;         // of the misses counted for its first reference
  uint32_t dirty = 0;       // 1 where one of its references is a write and the caches write back
  bool is_slow = false;
};

// What LineStream::reciprocal is for a stride that is not 0.
inline uint64_t reciprocal_of(uint64_t stride) {
  return ((uint64_t{1} << 32) + stride - 1) / stride;
}

inline constexpr size_t kMaxStreams = 64;

struct Segment {
  std::vector<LineStream> streams;   // in program order, at most kMaxStreams
  std::vector<uint32_t> fast, slow;  // the numbers of the streams of either kind
  uint64_t iterations = 0;
  uint32_t line_shift = 0;  // a line has 2^line_shift bytes
};

// Walks all iterations of a segment, which has at most FirstLevel::kMostTicks / streams of them.
// `lines` has a number for each set of the first level; all are 0 before and after.
void walk_segment(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines);

}  // namespace wattgrind
