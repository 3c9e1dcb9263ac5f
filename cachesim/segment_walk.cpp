#include "cachesim/segment_walk.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace wattgrind {
namespace {

constexpr uint64_t kLongestSegment = 1024;

uint64_t magnitude(int64_t stride) { return static_cast<uint64_t>(stride < 0 ? -stride : stride); }

}  // namespace

SegmentWalk::SegmentWalk(LruHierarchy& caches, uint32_t line_bytes)
    : caches_(caches),
      line_bytes_(line_bytes),
      lines_(caches.first_level().sets(), 0),
      none_(kMaxStreams, 0) {
  segment_.line_shift = static_cast<uint32_t>(std::countr_zero(line_bytes));
}

void SegmentWalk::run(const FlatProgram& program, const FlatLoop& loop,
                      const Addresses& addresses) {
  run({std::span(program.accesses).subspan(loop.first_access, loop.strides.size()), loop.strides,
       addresses.from(loop.first_access)},
      loop.trips);
}

void SegmentWalk::run(const FlatProgram& program, size_t first_access, size_t count,
                      const Addresses& addresses) {
  for (size_t done = 0; done < count; done += kMaxStreams) {
    const size_t part = std::min(count - done, kMaxStreams);
    run({std::span(program.accesses).subspan(first_access + done, part),
         std::span(none_).first(part), addresses.from(first_access + done)},
        1);
  }
}

void SegmentWalk::run(const Body& body, uint64_t trips) {
  if (!gather_streams(body)) {
    walk_references(body, trips);
    return;
  }
  while (trips > 0) {
    segment_.iterations = exact_iterations(trips);
    walk_segment(caches_, segment_);
    advance(segment_.iterations);
    trips -= segment_.iterations;
  }
}

void SegmentWalk::walk_references(const Body& body, uint64_t trips) {
  for (uint64_t i = 0; i < trips; ++i) {
    for (size_t k = 0; k < body.accesses.size(); ++k) {
      const FlatAccess& access = body.accesses[k];
      const uint64_t address = body.addresses[k] + i * static_cast<uint64_t>(body.strides[k]);
      caches_.touch(address >> segment_.line_shift,
                    (address + access.bytes - 1) >> segment_.line_shift,
                    {access.buffer, access.is_write});
    }
  }
}

// False where there are too many or a reference may straddle two lines.
bool SegmentWalk::gather_streams(const Body& body) {
  std::vector<Stream>& streams = segment_.streams;
  streams.clear();
  for (size_t k = 0; k < body.accesses.size(); ++k) {
    const FlatAccess& access = body.accesses[k];
    const int64_t stride = body.strides[k];
    const uint64_t address = body.addresses[k];
    const uint32_t granule = uint32_t{1} << std::countr_zero(magnitude(stride) | line_bytes_);
    if ((address & (granule - 1)) + access.bytes > granule) {
      return false;
    }
    const uint32_t dirty = access.is_write && caches_.writes_back() ? 1 : 0;
    // Neighbours within one granule stay on one line together.
    if (!streams.empty() && streams.back().stride == stride &&
        (streams.back().address ^ address) < granule) {
      streams.back().dirty |= dirty;
      continue;
    }
    Stream stream{address, stride, 0, {access.buffer, access.is_write}, dirty, false};
    stream.is_slow = magnitude(stride) < line_bytes_;
    if (stream.is_slow && stride != 0) {
      stream.reciprocal = ((uint64_t{1} << 32) + magnitude(stride) - 1) / magnitude(stride);
    }
    streams.push_back(stream);
  }
  return streams.size() <= kMaxStreams;
}

// How many of the iterations left can be one segment.
uint64_t SegmentWalk::exact_iterations(uint64_t left) {
  uint64_t iterations = std::min(left, kLongestSegment);
  while (iterations > 1 && !lines_surely_fit(iterations)) {
    if (iterations <= 64 && lines_fit(iterations)) {
      break;
    }
    iterations = std::bit_floor(iterations - 1);
  }
  return iterations;
}

// True if the lines would fit whatever sets the streams begin in.
bool SegmentWalk::lines_surely_fit(uint64_t iterations) const {
  const uint64_t sets = caches_.first_level().sets();
  uint64_t lines_a_set = 0;
  for (const Stream& stream : segment_.streams) {
    if (stream.is_slow) {
      const uint64_t lines = (iterations * magnitude(stream.stride) >> segment_.line_shift) + 2;
      lines_a_set += (lines + sets - 1) / sets;
    } else if (magnitude(stream.stride) % line_bytes_ == 0) {
      const uint64_t apart = magnitude(stream.stride) >> segment_.line_shift;
      const uint64_t reached = apart == 1 ? sets : sets / std::gcd(sets, apart);
      lines_a_set += (iterations + reached - 1) / reached;
    } else {
      return false;
    }
  }
  return lines_a_set <= caches_.first_level().shape().ways;
}

// Counts the lines of every set.
bool SegmentWalk::lines_fit(uint64_t iterations) {
  const FirstLevel& level = caches_.first_level();
  bool fit = true;
  const auto count = [&](bool is_counting) {
    for (const Stream& stream : segment_.streams) {
      uint64_t before = ~uint64_t{0};
      for (uint64_t i = 0; i < iterations; ++i) {
        const uint64_t address = stream.address + i * static_cast<uint64_t>(stream.stride);
        const uint64_t line = address >> segment_.line_shift;
        if (line != before) {
          uint32_t& lines = lines_[level.set_index(line)];
          lines = is_counting ? lines + 1 : 0;
          fit = fit && lines <= level.shape().ways;
        }
        before = line;
      }
    }
  };
  count(true);
  const bool all_fit = fit;
  count(false);
  return all_fit;
}

void SegmentWalk::advance(uint64_t iterations) {
  for (Stream& stream : segment_.streams) {
    stream.address += iterations * static_cast<uint64_t>(stream.stride);
  }
}

}  // namespace wattgrind
