#include "cachesim/walk/slow_streams.h"

namespace wattgrind {

bool SlowStreams::are_in_step() const {
  const uint64_t line_bytes = uint64_t{1} << positions_.line_shift();
  const LineStream* first = nullptr;
  for (const uint32_t i : slow_) {
    const LineStream& stream = positions_[i];
    if (stream.stride == 0) {
      continue;
    }
    first = first == nullptr ? &stream : first;
    const auto stride = static_cast<uint64_t>(stream.stride);
    if (stream.stride != first->stride || stream.stride < 0 || line_bytes % stride != 0 ||
        (stream.address ^ first->address) % line_bytes >= stride) {
      return false;
    }
  }
  return true;
}

void SlowStreams::look_up_again(uint64_t line, size_t after, uint64_t at) {
  for (const uint32_t i : slow_) {
    const uint64_t next = i > after ? at : at + 1;
    if (next < std::min(next_look_up_[i], positions_.iterations()) &&
        positions_.line_of(i, next) == line) {
      next_look_up_[i] = next;
      next_ = std::min(next_, next);
    }
  }
}

uint32_t SlowStreams::most_lines_in_a_set(const FirstLevel& level, uint64_t at,
                                          std::vector<uint8_t>& lines) const {
  const auto for_sets = [&](const auto& function) {
    for (const uint32_t i : slow_) {
      const uint32_t set = level.set_index(positions_.line_of(i, at));
      function(set);
      const uint32_t before = level.set_index(positions_.line_of(i, at - 1));
      if (at > 0 && before != set) {
        function(before);
      }
    }
  };
  uint32_t most = 0;
  for_sets([&](uint32_t set) { most = std::max<uint32_t>(most, ++lines[set]); });
  for_sets([&](uint32_t set) { lines[set] = 0; });
  return most;
}

uint64_t SlowStreams::withdraw_times(FirstLevel& level, uint64_t at) const {
  uint64_t end = positions_.iterations();
  for (const uint32_t i : slow_) {
    end = std::min(end, at + positions_.stay(i, at));
    if (next_look_up_[i] > at) {
      const uint64_t line = positions_.line_of(i, at);
      level.set_time(line, positions_.last_use(line, at - 1));
    }
  }
  return end;
}

}  // namespace wattgrind
