#include "cachesim/segment_walk.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace wattgrind {
namespace {

constexpr uint64_t kLongestSegment = 1024;
// Segments whose lines have to be counted set by set.
constexpr uint64_t kLongestCounted = 16;

uint64_t magnitude(int64_t stride) { return static_cast<uint64_t>(stride < 0 ? -stride : stride); }

}  // namespace

SegmentWalk::SegmentWalk(LruHierarchy& caches, uint32_t line_bytes)
    : caches_(caches),
      line_bytes_(line_bytes),
      line_shift_(static_cast<uint32_t>(std::countr_zero(line_bytes))),
      lines_(caches.first_level().sets(), 0),
      none_(kMaxStreams, 0) {}

void SegmentWalk::start_program(const FlatProgram& program) {
  plans_.clear();
  plans_.resize(program.accesses.size());
}

void SegmentWalk::run(const FlatProgram& program, const FlatLoop& loop,
                      const Addresses& addresses) {
  run({std::span(program.accesses).subspan(loop.first_access, loop.strides.size()), loop.strides,
       addresses.from(loop.first_access)},
      loop.trips, plans_[loop.first_access]);
}

void SegmentWalk::run(const FlatProgram& program, size_t first_access, size_t count,
                      const Addresses& addresses) {
  for (size_t done = 0; done < count; done += kMaxStreams) {
    const size_t part = std::min(count - done, kMaxStreams);
    run({std::span(program.accesses).subspan(first_access + done, part),
         std::span(none_).first(part), addresses.from(first_access + done)},
        1, plans_[first_access + done]);
  }
}

void SegmentWalk::run(const Body& body, uint64_t trips, Plan& plan) {
  if (body.accesses.empty()) {
    return;
  }
  if (!place_streams(body, plan) && !make_plan(body, trips, plan)) {
    walk_references(body, trips);
    return;
  }
  Segment& segment = plan.segment;
  while (trips > 0) {
    segment.iterations = exact_iterations(plan, trips);
    walk_segment(caches_, segment);
    trips -= segment.iterations;
    for (Stream& stream : segment.streams) {
      stream.address += segment.iterations * static_cast<uint64_t>(stream.stride);
    }
  }
}

// False where there is no plan yet, or it was made for addresses that lie differently in lines.
bool SegmentWalk::place_streams(const Body& body, Plan& plan) const {
  for (size_t i = 0; i < plan.groups.size(); ++i) {
    const Group& group = plan.groups[i];
    const uint64_t address = body.addresses[group.first];
    const uint64_t low = (address + static_cast<uint64_t>(group.low)) & (group.granule - 1);
    if (low + static_cast<uint64_t>(group.high - group.low) > group.granule) {
      return false;
    }
    plan.segment.streams[i].address = address;
  }
  return !plan.groups.empty();
}

// False where there are too many streams, or a reference may straddle two lines.
bool SegmentWalk::make_plan(const Body& body, uint64_t trips, Plan& plan) const {
  std::vector<Stream>& streams = plan.segment.streams;
  streams.clear();
  plan.groups.clear();
  plan.segment.line_shift = line_shift_;
  for (size_t k = 0; k < body.accesses.size(); ++k) {
    const FlatAccess& access = body.accesses[k];
    const int64_t stride = body.strides[k];
    const uint64_t address = body.addresses[k];
    const uint32_t granule = uint32_t{1} << std::countr_zero(magnitude(stride) | line_bytes_);
    if ((address & (granule - 1)) + access.bytes > granule) {
      plan.groups.clear();
      return false;
    }
    const uint32_t dirty = access.is_write && caches_.writes_back() ? 1 : 0;
    // Neighbours that move together and within one granule stay on one line together.
    if (!streams.empty() && access.moves_with_previous &&
        ((streams.back().address ^ address) & ~uint64_t{granule - 1}) == 0) {
      const auto from_first = static_cast<int64_t>(address - streams.back().address);
      Group& group = plan.groups.back();
      group.low = std::min(group.low, from_first);
      group.high = std::max(group.high, from_first + access.bytes);
      streams.back().dirty |= dirty;
      continue;
    }
    Stream& stream = streams.emplace_back();
    stream.address = address;
    stream.stride = stride;
    stream.requester = {access.buffer, access.is_write};
    stream.dirty = dirty;
    stream.is_slow = magnitude(stride) < line_bytes_;
    if (stream.is_slow && stride != 0) {
      stream.reciprocal = ((uint64_t{1} << 32) + magnitude(stride) - 1) / magnitude(stride);
    }
    plan.groups.push_back({k, 0, access.bytes, granule});
  }
  if (streams.size() > kMaxStreams) {
    plan.groups.clear();
    return false;
  }
  plan.sure_iterations = sure_iterations(plan.segment, trips);
  return true;
}

void SegmentWalk::walk_references(const Body& body, uint64_t trips) {
  for (uint64_t i = 0; i < trips; ++i) {
    for (size_t k = 0; k < body.accesses.size(); ++k) {
      const FlatAccess& access = body.accesses[k];
      const uint64_t address = body.addresses[k] + i * static_cast<uint64_t>(body.strides[k]);
      caches_.touch(address >> line_shift_, (address + access.bytes - 1) >> line_shift_,
                    {access.buffer, access.is_write});
    }
  }
}

// How many iterations of a segment fit whatever sets its streams begin in; at least 1.
uint64_t SegmentWalk::sure_iterations(const Segment& segment, uint64_t trips) const {
  const uint64_t sets = caches_.first_level().sets();
  const auto lines_a_set = [&](const Stream& stream, uint64_t iterations) {
    const uint64_t stride = magnitude(stream.stride);
    // Lines that follow each other, or are a whole number of lines apart, take turns in the sets.
    if (stream.is_slow) {
      return ((iterations * stride >> line_shift_) + 1 + sets) / sets;
    }
    const uint64_t apart = stride >> line_shift_;
    const uint64_t reached = stride % line_bytes_ == 0 ? sets / std::gcd(sets, apart) : 1;
    return (iterations + reached - 1) / reached;
  };
  uint64_t iterations = std::min(trips, kLongestSegment);
  for (; iterations > 1; iterations = std::bit_floor(iterations - 1)) {
    uint64_t lines = 0;
    for (const Stream& stream : segment.streams) {
      lines += lines_a_set(stream, iterations);
    }
    if (lines <= caches_.first_level().shape().ways) {
      break;
    }
  }
  return iterations;
}

// How many of the iterations left can be one segment.
uint64_t SegmentWalk::exact_iterations(const Plan& plan, uint64_t left) {
  for (uint64_t wanted = kLongestCounted; wanted > plan.sure_iterations; wanted /= 4) {
    const uint64_t iterations = std::min(left, wanted);
    if (iterations > plan.sure_iterations && lines_fit(plan.segment, iterations)) {
      return iterations;
    }
  }
  return std::min(left, plan.sure_iterations);
}

// Counts the lines of every set.
bool SegmentWalk::lines_fit(const Segment& segment, uint64_t iterations) {
  const FirstLevel& level = caches_.first_level();
  bool fit = true;
  const auto count = [&](bool is_counting) {
    for (const Stream& stream : segment.streams) {
      uint64_t before = ~uint64_t{0};
      for (uint64_t i = 0; i < iterations; ++i) {
        const uint64_t address = stream.address + i * static_cast<uint64_t>(stream.stride);
        const uint64_t line = address >> line_shift_;
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

}  // namespace wattgrind
