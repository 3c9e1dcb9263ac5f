#include "experiments/meter_free/counting.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "estimator/base/error.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

void ignore(std::string_view, uint64_t, uint64_t) {}

NetworkCounts simulate(const Network& network, int64_t batch, const Machine& machine, bool steady) {
  const auto source = make_simulation_source(CacheModel::kMachine);
  return count_network(network, batch, machine, steady, *source, ignore, nullptr);
}

// Everything but lines, which are those of caches that hold all.
NetworkCounts count_core(const Network& network, int64_t batch, const Machine& machine) {
  const auto references = make_reference_source();
  const auto source = make_instruction_source(*references);
  return count_network(network, batch, machine, false, *source, ignore, nullptr);
}

// The line through (from, a) and (to, b), at `at`.
class Line {
 public:
  Line(double from, double to, double at) : along_((at - from) / (to - from)) {}

  uint64_t operator()(uint64_t a, uint64_t b) const {
    const double from = static_cast<double>(a), to = static_cast<double>(b);
    return static_cast<uint64_t>(std::llround(std::max(0.0, from + along_ * (to - from))));
  }
  std::optional<uint64_t> operator()(std::optional<uint64_t> a, std::optional<uint64_t> b) const {
    if (!a || !b) return std::nullopt;
    return (*this)(*a, *b);
  }

 private:
  double along_;
};

void set_lines(EventCounts& counts, const EventCounts& a, const EventCounts& b, const Line& line) {
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    LevelCounts& level = counts.levels[i];
    const LevelCounts &from = a.levels[i], &to = b.levels[i];
    if (i > 0) level.accesses = line(from.accesses, to.accesses);
    level.misses = std::min(level.accesses, line(from.misses, to.misses));
    level.hits = level.accesses - level.misses;
    level.read_misses = line(from.read_misses, to.read_misses);
    level.write_misses = line(from.write_misses, to.write_misses);
    level.write_backs = line(from.write_backs, to.write_backs);
    level.lines_from_above = line(from.lines_from_above, to.lines_from_above);
  }
  counts.dram.reads = line(a.dram.reads, b.dram.reads);
  counts.dram.write_backs = line(a.dram.write_backs, b.dram.write_backs);
}

NetworkCounts with_lines(NetworkCounts core, const NetworkCounts& a, const NetworkCounts& b,
                         const Line& line) {
  for (size_t i = 0; i < core.rows.size(); ++i) {
    set_lines(core.rows[i].counts, a.rows[i].counts, b.rows[i].counts, line);
  }
  core.steady = true;
  return core;
}

// From empty caches the first lines that leave a level are missed: each piece is given what the
// second one adds, and from the last level at least what it wrote.
void write_back_evenly(EventCounts& one, EventCounts& two, uint64_t output_lines) {
  const auto even = [](std::optional<uint64_t>& some, std::optional<uint64_t>& more,
                       uint64_t least) {
    if (!some || !more) return;
    some = std::max(least, *more - std::min(*some, *more));
    more = 2 * *some;
  };
  for (size_t i = 0; i < one.levels.size(); ++i) {
    const bool is_last = i + 1 == one.levels.size();
    even(one.levels[i].write_backs, two.levels[i].write_backs, is_last ? output_lines : 0);
    even(one.levels[i].lines_from_above, two.levels[i].lines_from_above, 0);
  }
  even(one.dram.write_backs, two.dram.write_backs, output_lines);
}

}  // namespace

NetworkCounts count_steady(const Network& network, int64_t batch, const Machine& machine,
                           const PlanRequest& plan) {
  const auto simulation = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*simulation);
  return count_network(network, batch, machine, true, *source, ignore, nullptr, plan);
}

double inner_cache_bytes(const Machine& machine) {
  double bytes = 0;
  for (size_t i = 1; i + 1 < machine.levels.size(); ++i) {
    bytes += static_cast<double>(machine.levels[i].geometry.value.size_bytes);
  }
  return bytes;
}

double cache_bytes(const Machine& machine) {
  return inner_cache_bytes(machine) +
         static_cast<double>(machine.levels.back().geometry.value.size_bytes);
}

CountsByBatch::CountsByBatch(const Network& network, const Machine& machine,
                             std::vector<int64_t> batches)
    : network_(network), machine_(machine), batches_(std::move(batches)) {
  CHECK(batches_.size() >= 2, "{} batches", batches_.size());
  for (const int64_t batch : batches_) counts_.push_back(simulate(network, batch, machine, true));
}

NetworkCounts CountsByBatch::at(int64_t batch) const {
  const auto above = std::ranges::lower_bound(batches_, batch);
  const auto second =
      std::clamp<ptrdiff_t>(std::distance(batches_.begin(), above), 1, std::ssize(batches_) - 1);
  const auto to = static_cast<size_t>(second);
  const Line line(static_cast<double>(batches_[to - 1]), static_cast<double>(batches_[to]),
                  static_cast<double>(batch));
  return with_lines(count_core(network_, batch, machine_), counts_[to - 1], counts_[to], line);
}

NetworkCounts count_beyond_caches(const Network& layer, int64_t batch, const Pieces& pieces,
                                  const Machine& machine) {
  NetworkCounts one = simulate(pieces.one, pieces.images_of_one, machine, false);
  NetworkCounts two = simulate(pieces.two, pieces.images_of_two, machine, false);
  const auto output_bytes =
      static_cast<double>(4 * pieces.images_of_one * pieces.one.layers[0].output_shape.elements());
  const double line_bytes = machine.levels.back().geometry.value.line_bytes;
  write_back_evenly(one.rows[0].counts, two.rows[0].counts,
                    static_cast<uint64_t>(std::llround(output_bytes / line_bytes)));
  return with_lines(count_core(layer, batch, machine), one, two, Line(1, 2, pieces.pieces));
}

}  // namespace wattgrind
