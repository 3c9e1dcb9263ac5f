#include "estimator/pricing/predicted_time.h"

#include <algorithm>

namespace wattgrind {
namespace {

double times(uint64_t count) { return static_cast<double>(count); }

// Lines that a level below the first serves, and dirty ones that the level above it hands down.
uint64_t lines_moved(const LevelCounts& above, const LevelCounts& level) {
  return level.accesses - std::min(level.accesses, level.misses) + above.write_backs.value_or(0);
}

}  // namespace

PredictedTime& PredictedTime::operator+=(const PredictedTime& other) {
  core_s += other.core_s;
  lines_s.resize(std::max(lines_s.size(), other.lines_s.size()));
  for (size_t i = 0; i < other.lines_s.size(); ++i) lines_s[i] += other.lines_s[i];
  dram_s += other.dram_s;
  seconds += other.seconds;
  return *this;
}

const Sourced<double>& clock_hz(const Machine& machine, Isa isa) {
  const Clocks& clocks = machine.clocks;
  const std::optional<Sourced<double>>* const by_width[] = {
      &clocks.vector_512_hz, &clocks.vector_256_hz, &clocks.vector_128_hz, &clocks.scalar_hz};
  const size_t widest = isa == Isa::kAvx512 ? 0 : isa == Isa::kAvx2 ? 1 : 2;
  for (size_t width = widest; width < std::size(by_width); ++width) {
    if (*by_width[width]) return **by_width[width];
  }
  return machine.frequency_hz;
}

std::optional<PredictedTime> predicted_time(const EventCounts& counts, const Machine& machine,
                                            const CoreUse& core) {
  if (!counts.core_cycles) return std::nullopt;
  const double clock = clock_hz(machine, core.isa).value;
  PredictedTime time;
  time.core_s = times(*counts.core_cycles) / clock;
  double lines_s = 0;
  for (size_t i = 1; i < counts.levels.size(); ++i) {
    const uint64_t lines = lines_moved(counts.levels[i - 1], counts.levels[i]);
    const auto& bandwidth = machine.levels[i].bytes_per_cycle;
    if (lines > 0 && !bandwidth) return std::nullopt;
    const double bytes = times(lines) * machine.levels[i].geometry.value.line_bytes;
    time.lines_s.push_back(lines > 0 ? bytes / bandwidth->value / clock : 0);
    lines_s += time.lines_s.back();
  }
  const double line_bytes = machine.levels.back().geometry.value.line_bytes;
  const auto& reads = machine.dram.read_bytes_per_s;
  const auto& writes = machine.dram.write_bytes_per_s ? machine.dram.write_bytes_per_s : reads;
  if (counts.dram.reads > 0 && !reads) return std::nullopt;
  if (reads) {
    time.dram_s = line_bytes * (times(counts.dram.reads) / reads->value +
                                times(counts.dram.write_backs.value_or(0)) / writes->value);
  }
  lines_s += time.dram_s;
  time.seconds = core.reorders ? std::max(time.core_s, lines_s) : time.core_s + lines_s;
  return time;
}

}  // namespace wattgrind
