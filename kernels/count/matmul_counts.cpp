#include "kernels/count/matmul_counts.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "cachesim/walk/simulator.h"
#include "kernels/program/matmul_program.h"

namespace wattgrind {
namespace {

EventCounts simulate(const Matmul& matmul, const HierarchyConfig& hierarchy) {
  Simulator simulator(hierarchy);
  return event_counts(simulator.run(matmul_program(matmul)).traffic.total(), hierarchy);
}

// Adds `times` as much as `part` holds to `whole`, field by field.
class Extrapolation {
 public:
  explicit Extrapolation(double times) : times_(times) {}

  EventCounts operator()(EventCounts whole, const EventCounts& part) const {
    add(whole.refs, part.refs);
    if (whole.bytes && part.bytes) add(*whole.bytes, *part.bytes);
    for (size_t i = 0; i < whole.levels.size(); ++i) add(whole.levels[i], part.levels[i]);
    add(whole.dram.reads, part.dram.reads);
    add(whole.dram.write_backs, part.dram.write_backs);
    return whole;
  }

 private:
  void add(uint64_t& whole, uint64_t part) const {
    whole += static_cast<uint64_t>(std::llround(times_ * static_cast<double>(part)));
  }
  void add(std::optional<uint64_t>& whole, const std::optional<uint64_t>& part) const {
    if (whole && part) add(*whole, *part);
  }
  void add(References& whole, const References& part) const {
    add(whole.reads, part.reads);
    add(whole.writes, part.writes);
  }
  void add(LevelCounts& whole, const LevelCounts& part) const {
    add(whole.accesses, part.accesses);
    add(whole.misses, part.misses);
    add(whole.read_misses, part.read_misses);
    add(whole.write_misses, part.write_misses);
    add(whole.write_backs, part.write_backs);
    add(whole.lines_from_above, part.lines_from_above);
    add(whole.compulsory_misses, part.compulsory_misses);
    whole.hits = whole.accesses - whole.misses;  // rounded by themselves they might not add up
  }

  double times_;
};

}  // namespace

MatmulCounts count_matmul(const Matmul& matmul, const HierarchyConfig& hierarchy,
                          uint64_t most_macs) {
  const uint64_t rows = std::max<uint64_t>(2, most_macs / (matmul.k * matmul.n));
  if (rows >= matmul.m || matmul.order == LoopOrder::kBlocked) {
    return {simulate(matmul, hierarchy), matmul.m};
  }
  Matmul first = matmul, half = matmul;
  first.m = rows;
  half.m = rows / 2;
  const EventCounts counts = simulate(first, hierarchy);
  const EventCounts later = difference(counts, simulate(half, hierarchy));
  const double times =
      static_cast<double>(matmul.m - first.m) / static_cast<double>(first.m - half.m);
  return {Extrapolation(times)(counts, later), rows};
}

}  // namespace wattgrind
