#include "cachesim/epoch_walk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <tuple>

namespace wattgrind {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMaxClasses = kMaxLruRun;
// Bounds the memory of an epoch where no slow stream ends it.
constexpr uint64_t kLongestEpoch = 1024;

uint64_t magnitude(int64_t stride) { return static_cast<uint64_t>(stride < 0 ? -stride : stride); }

}  // namespace

EpochWalk::EpochWalk(LruHierarchy& caches, uint32_t line_bytes)
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
    caches_.touch(first, requester, access.is_write);
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

bool EpochWalk::is_slow(const Stream& stream) const {
  return magnitude(stream.stride) < line_bytes_;
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
    stream.granule = uint32_t{1} << std::countr_zero(magnitude(stream.stride) | line_bytes_);
    const uint64_t offset = stream.address & (stream.granule - 1);
    if (offset + access.bytes > stream.granule) {
      return false;
    }
    stream.requester = {access.buffer, access.is_write};
    stream.dirties = access.is_write;
    // Neighbours within one granule stay on one line together.
    if (!streams_.empty() && streams_.back().stride == stream.stride &&
        (streams_.back().address ^ stream.address) < stream.granule) {
      streams_.back().dirties |= stream.dirties;
    } else {
      streams_.push_back(stream);
    }
  }
  slow_.clear();
  fast_.clear();
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (!is_slow(stream)) {
      fast_.push_back(i);
      continue;
    }
    slow_.push_back(i);
    if (stream.stride != 0) {
      const uint64_t stride = magnitude(stream.stride);
      stream.reciprocal = ((uint64_t{1} << 32) + stride - 1) / stride;
    }
    stream.stays = stays(stream);
  }
  return true;
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
  caches_.touch(line, stream.requester, stream.dirties);
}

void EpochWalk::walk_epochs(uint64_t trips) {
  while (trips > 0) {
    slow_classes_ = 0;
    for (const size_t i : slow_) {
      slow_classes_ |= class_bit(line(streams_[i]));
    }
    const uint64_t iterations = epoch_length(trips);
    if (iterations == 1) {
      for (const Stream& stream : streams_) {
        touch(stream, line(stream));
      }
    } else {
      walk_epoch(iterations);
    }
    advance(iterations);
    trips -= iterations;
  }
}

void EpochWalk::advance(uint64_t iterations) {
  for (Stream& stream : streams_) {
    stream.address += iterations * static_cast<uint64_t>(stream.stride);
  }
  for (const size_t i : slow_) {
    Stream& stream = streams_[i];
    if (stream.stays != kForever && (stream.stays -= iterations) == 0) {
      stream.stays = stays(stream);
    }
  }
}

// Until a slow stream leaves its line.
uint64_t EpochWalk::epoch_length(uint64_t trips) const {
  uint64_t iterations = std::min(trips, kLongestEpoch);
  for (const size_t i : slow_) {
    iterations = std::min(iterations, streams_[i].stays);
  }
  return iterations > 1 && slow_lines_fit() ? iterations : 1;
}

// True if no class has more slow streams than the sets of the first level have ways.
bool EpochWalk::slow_lines_fit() const {
  const uint32_t ways = caches_.first_level_ways();
  if (slow_.size() <= ways) {
    return true;
  }
  std::array<uint32_t, kMaxClasses> lines{};
  return std::ranges::all_of(
      slow_, [&](size_t i) { return ++lines[set_class(line(streams_[i]))] <= ways; });
}

void EpochWalk::walk_epoch(uint64_t iterations) {
  runs_.clear();
  meetings_.clear();
  met_classes_ = 0;
  for (const size_t i : fast_) {
    add_lines(i, iterations);
  }
  touch_runs();
  touch_slow_streams(iterations);
  if (!meetings_.empty()) {
    walk_meetings(iterations);
  }
}

// Sorts a fast stream's lines into runs and meetings.
void EpochWalk::add_lines(size_t index, uint64_t iterations) {
  const Stream& stream = streams_[index];
  if (stream.stride != static_cast<int64_t>(line_bytes_)) {
    uint64_t address = stream.address;
    for (uint64_t i = 0; i < iterations; ++i) {
      add_run(index, i, address >> line_shift_, 1);
      address += static_cast<uint64_t>(stream.stride);
    }
    return;
  }
  const uint64_t first = line(stream);
  for (uint64_t at = first; at < first + iterations;) {
    const uint64_t wrap = at - set_class(at) + classes_;
    const uint64_t end = std::min(first + iterations, wrap);
    add_run(index, at - first, at, static_cast<uint32_t>(end - at));
    at = end;
  }
}

// Adds lines in ascending classes, split where slow ones are in their class.
void EpochWalk::add_run(size_t stream, uint64_t first_iteration, uint64_t first, uint32_t count) {
  const uint64_t first_class = set_class(first);
  const auto start = static_cast<int64_t>(first_iteration) - static_cast<int64_t>(first_class);
  uint64_t slow = slow_classes_ >> first_class;
  if (count < kMaxClasses) {
    slow &= (uint64_t{1} << count) - 1;
  }
  met_classes_ |= slow << first_class;
  uint32_t done = 0;
  for (; slow != 0; slow &= slow - 1) {
    const auto met = static_cast<uint32_t>(std::countr_zero(slow));
    if (met > done) {
      runs_.push_back({start, stream, first + done, met - done});
    }
    meetings_.push_back({first_class + met, first_iteration + met, stream, first + met});
    done = met + 1;
  }
  if (count > done) {
    runs_.push_back({start, stream, first + done, count - done});
  }
}

// Within a class, the line of the run that starts earlier comes earlier.
void EpochWalk::touch_runs() {
  if (fast_.size() > 1) {
    std::ranges::sort(runs_, [](const Run& a, const Run& b) {
      return std::tie(a.start, a.stream) < std::tie(b.start, b.stream);
    });
  }
  for (const Run& run : runs_) {
    const Stream& stream = streams_[run.stream];
    if (run.count == 1) {
      touch(stream, run.line);
    } else {
      caches_.touch_run(run.line, run.count, stream.requester, stream.dirties);
    }
  }
}

// Where no fast stream comes.
void EpochWalk::touch_slow_streams(uint64_t iterations) {
  const uint64_t invalidations = caches_.invalidations();
  for (const size_t i : slow_) {
    const uint64_t at = line(streams_[i]);
    if ((met_classes_ & class_bit(at)) == 0) {
      touch(streams_[i], at);
    }
  }
  if (caches_.invalidations() != invalidations) {
    for (uint64_t rest = slow_classes_ & ~met_classes_; rest != 0; rest &= rest - 1) {
      walk_slow_rounds(static_cast<uint64_t>(std::countr_zero(rest)), iterations - 1);
    }
  }
}

// Touches the slow lines of a class, iteration by iteration, until a round takes nothing out.
void EpochWalk::walk_slow_rounds(uint64_t of_class, uint64_t at_most) {
  bool is_settled = false;
  for (uint64_t round = 0; !is_settled && round < at_most; ++round) {
    const uint64_t invalidations = caches_.invalidations();
    for (const size_t i : slow_) {
      const uint64_t at = line(streams_[i]);
      if (set_class(at) == of_class) {
        touch(streams_[i], at);
      }
    }
    is_settled = caches_.invalidations() == invalidations;
  }
}

// Class by class, iteration by iteration where a fast line comes.
void EpochWalk::walk_meetings(uint64_t iterations) {
  std::ranges::sort(meetings_, [](const Meeting& a, const Meeting& b) {
    return std::tie(a.of_class, a.iteration, a.stream) <
           std::tie(b.of_class, b.iteration, b.stream);
  });
  const Meeting* const end = meetings_.data() + meetings_.size();
  uint64_t walked = 0;  // iterations of this class
  for (const Meeting* next = meetings_.data(); next != end;) {
    const uint64_t of_class = next->of_class;
    walk_slow_rounds(of_class, next->iteration - walked);
    walked = next->iteration + 1;
    bool is_settled = false;
    next = walk_iteration(next, end, is_settled);
    const bool is_last = next == end || next->of_class != of_class;
    if (!is_settled) {
      const uint64_t rounds = (is_last ? iterations : next->iteration) - walked;
      walk_slow_rounds(of_class, rounds);
    }
    walked = is_last ? 0 : next->iteration;
  }
}

// Walks one iteration of one class from its first meeting on. `is_settled` if the slow lines are
// left as later iterations without a meeting would leave them. Returns the first meeting after it.
const EpochWalk::Meeting* EpochWalk::walk_iteration(const Meeting* first, const Meeting* end,
                                                    bool& is_settled) {
  const uint64_t invalidations = caches_.invalidations();
  const Meeting* next = first;
  const auto is_here = [&] {
    return next != end && next->of_class == first->of_class && next->iteration == first->iteration;
  };
  const auto touch_meetings_before = [&](size_t stream) {
    for (; is_here() && next->stream < stream; ++next) {
      touch(streams_[next->stream], next->line);
    }
  };
  is_settled = true;
  for (const size_t i : slow_) {
    const uint64_t at = line(streams_[i]);
    if (set_class(at) == first->of_class) {
      touch_meetings_before(i);
      touch(streams_[i], at);
      is_settled = is_settled && !is_here();
    }
  }
  touch_meetings_before(streams_.size());
  is_settled = is_settled && caches_.invalidations() == invalidations;
  return next;
}

}  // namespace wattgrind
