#include "cachesim/walk/segment_walk.h"

#include <algorithm>
#include <bit>

namespace wattgrind {
namespace {

constexpr uint64_t kLongestSegment = FirstLevel::kMostTicks / kMaxStreams;

uint64_t magnitude(int64_t stride) { return static_cast<uint64_t>(stride < 0 ? -stride : stride); }

}  // namespace

SegmentWalk::SegmentWalk(LruHierarchy& caches, uint32_t line_bytes)
    : caches_(caches),
      line_bytes_(line_bytes),
      line_shift_(static_cast<uint32_t>(std::countr_zero(line_bytes))),
      lines_(caches.first_level().sets(), 0),
      standing_(kMaxStreams, 0) {}

void SegmentWalk::start_program(const FlatProgram& program) {
  plans_.clear();
  plans_.resize(program.accesses.size());
}

void SegmentWalk::run(const FlatProgram& program, const FlatLoop& loop,
                      const Addresses& addresses) {
  if (loop.strides.empty()) return;
  run({std::span(program.accesses).subspan(loop.first_access, loop.strides.size()), loop.strides,
       addresses.from(loop.first_access)},
      loop.trips, plans_[loop.first_access]);
}

void SegmentWalk::run(const FlatProgram& program, size_t first_access, size_t count,
                      const Addresses& addresses) {
  for (size_t done = 0; done < count; done += kMaxStreams) {
    const size_t part = std::min(count - done, kMaxStreams);
    run({std::span(program.accesses).subspan(first_access + done, part),
         std::span(standing_).first(part), addresses.from(first_access + done)},
        1, plans_[first_access + done]);
  }
}

void SegmentWalk::run(const ReferenceBody& body, uint64_t trips, Plan& plan) {
  if (!place_streams(body, plan) && !make_plan(body, plan)) {
    walk_references(caches_, body, trips, line_shift_);
    return;
  }
  Segment& segment = plan.segment;
  while (trips > 0) {
    segment.iterations = std::min(trips, kLongestSegment);
    walk_segment(caches_, segment, lines_);
    trips -= segment.iterations;
    for (LineStream& stream : segment.streams) {
      stream.address += segment.iterations * static_cast<uint64_t>(stream.stride);
    }
  }
}

// Gives the plan's streams the addresses of the body's accesses. Returns false where there is no
// plan yet, or where it was made for addresses that lie differently in their lines.
bool SegmentWalk::place_streams(const ReferenceBody& body, Plan& plan) const {
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

// Makes a plan for the body. Returns false where there would be too many streams, or where a
// reference may straddle two lines.
bool SegmentWalk::make_plan(const ReferenceBody& body, Plan& plan) const {
  std::vector<LineStream>& streams = plan.segment.streams;
  streams.clear();
  plan.segment.fast.clear();
  plan.segment.slow.clear();
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
    LineStream& stream = streams.emplace_back();
    stream.address = address;
    stream.stride = stride;
    stream.dirty = dirty;
    plan.groups.push_back({k, 0, access.bytes, granule});
  }
  if (streams.size() > kMaxStreams) {
    plan.groups.clear();
    return false;
  }
  for (uint32_t i = 0; i < streams.size(); ++i) {
    LineStream& stream = streams[i];
    const uint64_t stride = magnitude(stream.stride);
    stream.is_slow = stride < line_bytes_;
    const FlatAccess& access = body.accesses[plan.groups[i].first];
    stream.tag = FirstLevelMiss::tag_of(Requester{access.buffer, access.is_write}.index(),
                                        stream.dirty != 0);
    stream.reciprocal = stream.is_slow && stride != 0 ? reciprocal_of(stride) : 0;
    (stream.is_slow ? plan.segment.slow : plan.segment.fast).push_back(i);
  }
  return true;
}

}  // namespace wattgrind
