#include "cachesim/epoch_walk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace wattgrind {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMaxClasses = 64;

uint64_t magnitude(int64_t stride) { return static_cast<uint64_t>(stride < 0 ? -stride : stride); }

}  // namespace

EpochWalk::EpochWalk(LaneHierarchy& caches, uint32_t line_bytes)
    : caches_(caches),
      line_bytes_(line_bytes),
      line_shift_(static_cast<uint32_t>(std::countr_zero(line_bytes))),
      classes_(std::min<uint64_t>(uint64_t{1} << std::countr_zero(caches.independent_lines()),
                                  kMaxClasses)) {}

void EpochWalk::refer(uint64_t address, const FlatAccess& access) {
  const Requester requester{access.buffer, access.is_write};
  const uint64_t first = address >> line_shift_;
  const uint64_t last = (address + access.bytes - 1) >> line_shift_;
  if (first == last) {
    caches_.touch_line(first, requester, access.is_write);
  } else {
    caches_.touch_straddling(first, last, requester);
  }
}

void EpochWalk::run(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses) {
  if (gather_streams(program, loop, addresses)) {
    walk_epochs(loop.trips);
  } else {
    walk_references(program, loop, addresses);
  }
}

void EpochWalk::walk_references(const FlatProgram& program, const FlatLoop& loop,
                                const Addresses& addresses) {
  for (uint64_t i = 0; i < loop.trips; ++i) {
    for (size_t k = 0; k < loop.strides.size(); ++k) {
      const size_t access = loop.first_access + k;
      refer(addresses[access] + i * static_cast<uint64_t>(loop.strides[k]),
            program.accesses[access]);
    }
  }
}

// False where a reference may straddle two lines.
bool EpochWalk::gather_streams(const FlatProgram& program, const FlatLoop& loop,
                               const Addresses& addresses) {
  streams_.clear();
  for (size_t k = 0; k < loop.strides.size(); ++k) {
    const size_t index = loop.first_access + k;
    const FlatAccess& access = program.accesses[index];
    Stream stream;
    stream.address = addresses[index];
    stream.stride = loop.strides[k];
    const uint64_t granule = magnitude(stream.stride) | line_bytes_;
    stream.granule = uint32_t{1} << std::countr_zero(granule);
    if ((stream.address & (stream.granule - 1)) + access.bytes > stream.granule) {
      return false;
    }
    stream.requester = {access.buffer, access.is_write};
    stream.dirties = access.is_write;
    // Neighbours within one granule stay on one line together.
    if (!streams_.empty() && streams_.back().stride == stream.stride &&
        streams_.back().address / stream.granule == stream.address / stream.granule) {
      streams_.back().dirties |= stream.dirties;
    } else {
      streams_.push_back(stream);
    }
  }
  slow_.clear();
  fast_.clear();
  for (size_t i = 0; i < streams_.size(); ++i) {
    prepare(streams_[i]);
    (magnitude(streams_[i].stride) < line_bytes_ ? slow_ : fast_).push_back(i);
  }
  return true;
}

void EpochWalk::prepare(Stream& stream) const {
  const uint64_t stride = magnitude(stream.stride);
  if (stride != 0 && stride < line_bytes_) {
    stream.reciprocal = ((uint64_t{1} << 32) + stride - 1) / stride;
  }
  stream.stays = stays(stream);
}

uint64_t EpochWalk::stays(const Stream& stream) const {
  if (stream.stride == 0) {
    return kForever;
  }
  const uint64_t offset = stream.address & (line_bytes_ - 1);
  const uint64_t ahead = stream.stride > 0 ? line_bytes_ - 1 - offset : offset;
  // The quotient is exact: both are below the line, which is at most 2^16 (can_simulate).
  return (ahead * stream.reciprocal >> 32) + 1;
}

void EpochWalk::touch(const Stream& stream, uint64_t line) {
  caches_.touch_line(line, stream.requester, stream.dirties);
}

void EpochWalk::walk_epochs(uint64_t trips) {
  while (trips > 0) {
    const uint64_t invalidations = caches_.invalidations();
    for (const Stream& stream : streams_) {
      touch(stream, line(stream));
    }
    uint64_t iterations = epoch_length(trips);
    if (iterations > 1 && (caches_.invalidations() != invalidations || !run_epoch(iterations))) {
      iterations = 1;
    }
    for (Stream& stream : streams_) {
      stream.address += iterations * static_cast<uint64_t>(stream.stride);
    }
    for (const size_t i : slow_) {
      Stream& stream = streams_[i];
      if (stream.stays != kForever && (stream.stays -= iterations) == 0) {
        stream.stays = stays(stream);
      }
    }
    trips -= iterations;
  }
}

// Until a slow stream leaves its line or a fast one comes back to a class it has been in.
uint64_t EpochWalk::epoch_length(uint64_t trips) const {
  uint64_t iterations = trips;
  for (const size_t i : slow_) {
    iterations = std::min(iterations, streams_[i].stays);
  }
  for (const size_t i : fast_) {
    const uint64_t window = (classes_ - 1) * line_bytes_;
    iterations = std::min(iterations, 1 + window / magnitude(streams_[i].stride));
  }
  return iterations;
}

// The iterations of the epoch after the first. False, having done nothing, if they must be walked.
bool EpochWalk::run_epoch(uint64_t iterations) {
  slow_classes_ = 0;
  for (const size_t i : slow_) {
    slow_classes_ |= class_bit(line(streams_[i]));
  }
  if (!rounds_hit() || (fast_.size() > 1 && fast_streams_meet(iterations))) {
    return false;
  }
  conflicts_.clear();
  for (const size_t i : fast_) {
    touch_lines(i, iterations);
  }
  for (const size_t i : fast_) {
    // The fast line of the first iteration leaves its set to the slow ones.
    const uint64_t left = line(streams_[i]);
    if ((slow_classes_ & class_bit(left)) != 0) {
      repeat_rounds(set_class(left), iterations - 1, true);
    }
  }
  for (const Conflict& conflict : conflicts_) {
    resolve(conflict, iterations);
  }
  return true;
}

// True if no class can see more lines in one iteration than a set of the first level has ways.
bool EpochWalk::rounds_hit() const {
  const uint32_t ways = caches_.first_level_ways();
  if (streams_.size() <= ways) {
    return true;
  }
  std::array<uint32_t, kMaxClasses> lines{};
  uint32_t most = 0;
  for (const size_t i : slow_) {
    most = std::max(most, ++lines[set_class(line(streams_[i]))]);
  }
  return most + (fast_.empty() ? 0 : 1) <= ways;
}

// True if two fast streams may share a set during the epoch.
bool EpochWalk::fast_streams_meet(uint64_t iterations) const {
  uint64_t taken = 0;
  for (const size_t i : fast_) {
    const uint64_t classes = classes_of(streams_[i], iterations);
    if ((taken & classes) != 0) {
      return true;
    }
    taken |= classes;
  }
  return false;
}

uint64_t EpochWalk::classes_of(const Stream& stream, uint64_t iterations) const {
  uint64_t classes = 0;
  uint64_t address = stream.address;
  for (uint64_t i = 0; i < iterations; ++i) {
    classes |= class_bit(address >> line_shift_);
    address += static_cast<uint64_t>(stream.stride);
  }
  return classes;
}

// Looks up a fast stream's lines after the first iteration, those that meet slow lines apart.
void EpochWalk::touch_lines(size_t index, uint64_t iterations) {
  const Stream& stream = streams_[index];
  if (stream.stride == static_cast<int64_t>(line_bytes_)) {
    touch_unit_stride(index, iterations);
    return;
  }
  uint64_t address = stream.address;
  for (uint64_t i = 1; i < iterations; ++i) {
    address += static_cast<uint64_t>(stream.stride);
    const uint64_t at = address >> line_shift_;
    if ((slow_classes_ & class_bit(at)) != 0) {
      conflicts_.push_back({at, i, index});
    } else {
      touch(stream, at);
    }
  }
}

void EpochWalk::touch_unit_stride(size_t index, uint64_t iterations) {
  const Stream& stream = streams_[index];
  const uint64_t first = line(stream);
  const uint64_t end = first + iterations;
  for (uint64_t at = first + 1; at < end;) {
    const uint64_t block = at / kLanes;
    const uint64_t block_end = std::min(end, (block + 1) * kLanes);
    const uint32_t lanes = ((1u << (block_end - at)) - 1) << (at % kLanes);
    const auto slow = static_cast<uint32_t>(slow_classes_ >> set_class(block * kLanes));
    if (const uint32_t alone = lanes & ~slow; alone != 0) {
      caches_.touch(block, alone, stream.requester, stream.dirties);
    }
    for (uint32_t rest = lanes & slow; rest != 0; rest &= rest - 1) {
      const uint64_t met = block * kLanes + static_cast<uint64_t>(std::countr_zero(rest));
      conflicts_.push_back({met, met - first, index});
    }
    at = block_end;
  }
}

// A fast line in a class with slow ones: after it, the rest of its iteration touches those behind
// it in the program; the next iteration, if there is one, all of them.
void EpochWalk::resolve(const Conflict& conflict, uint64_t iterations) {
  const uint64_t invalidations = caches_.invalidations();
  const uint64_t of_class = set_class(conflict.line);
  touch(streams_[conflict.stream], conflict.line);
  bool has_before = false;
  for (const size_t i : slow_) {
    const uint64_t at = line(streams_[i]);
    if (set_class(at) == of_class) {
      if (i > conflict.stream) {
        touch(streams_[i], at);
      }
      has_before |= i < conflict.stream;
    }
  }
  repeat_rounds(of_class, iterations - 1 - conflict.iteration,
                has_before || caches_.invalidations() != invalidations);
}

// Touches the slow lines of a class, iteration by iteration, until a round takes nothing out.
void EpochWalk::repeat_rounds(uint64_t of_class, uint64_t at_most, bool at_least_once) {
  bool again = at_least_once;
  for (uint64_t round = 0; again && round < at_most; ++round) {
    const uint64_t invalidations = caches_.invalidations();
    for (const size_t i : slow_) {
      const uint64_t at = line(streams_[i]);
      if (set_class(at) == of_class) {
        touch(streams_[i], at);
      }
    }
    again = caches_.invalidations() != invalidations;
  }
}

}  // namespace wattgrind
