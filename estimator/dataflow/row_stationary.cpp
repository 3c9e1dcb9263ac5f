#include "estimator/dataflow/row_stationary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

constexpr size_t kIfmap = index_of(DataKind::kIfmap);
constexpr size_t kWeights = index_of(DataKind::kWeights);
constexpr size_t kPsums = index_of(DataKind::kPsum);

BlockingProblem blocking_of(const LayerProblem& problem, const RowStationaryFold& fold,
                            uint64_t channels, uint64_t filters) {
  BlockingProblem blocking;
  const uint64_t strips = problem.images * fold.fold_columns;
  const uint64_t strip_rows = ceil_tiles(problem.ofmap_rows, fold.fold_columns);
  const uint64_t columns = problem.ifmap_columns();
  const uint64_t sent = fold.set_elements() * fold.fold_rows;  // elements of a set, in all turns
  blocking.trips = {problem.pooling ? 1 : ceil_tiles(problem.channels, channels),
                    ceil_tiles(problem.filters, filters), strips};
  // The pieces of an input map overlap by what a filter is higher than its stride.
  const uint64_t map_rows = problem.ofmap_rows * problem.stride_rows +
                            fold.fold_columns * problem.span_rows -
                            fold.fold_columns * problem.stride_rows;

  BlockedKind& ifmap = blocking.kinds[kIfmap];
  const uint64_t maps = problem.pooling ? problem.filters : problem.channels;
  ifmap.depends = {!problem.pooling, problem.pooling, true};
  ifmap.dram_words = maps * problem.images * map_rows * columns;
  // The windows of pooling lie in one piece of the map however they are folded.
  ifmap.buffer_words = ifmap.dram_words * (problem.pooling ? 1 : fold.fold_rows);
  // Copies of a set for other filters are each sent the map's words.
  ifmap.array_words =
      maps * strips * columns * (problem.pooling ? fold.set_elements() : sent * filters);
  ifmap.buffer_unit =
      problem.strip_rows(strip_rows) * columns * (problem.pooling ? filters : channels);
  ifmap.register_unit = problem.span_columns;

  BlockedKind& weights = blocking.kinds[kWeights];
  if (!problem.pooling) {
    const uint64_t kernels = problem.channels * problem.filters;
    weights.depends = {true, true, false};
    weights.dram_words = kernels * problem.filter_rows * problem.filter_columns;
    weights.buffer_words = weights.dram_words;
    weights.array_words = kernels * problem.filter_columns * sent;
    weights.buffer_unit = problem.filter_rows * problem.filter_columns * channels * filters;
    weights.register_unit = problem.filter_columns;
  }

  BlockedKind& psum = blocking.kinds[kPsums];
  psum.depends = {false, true, true};
  psum.dram_words = problem.filters * problem.images * problem.ofmap_rows * problem.ofmap_columns;
  psum.buffer_words = psum.dram_words * fold.fold_rows;
  psum.array_words =
      problem.filters * strips * problem.ofmap_columns * sent * (problem.pooling ? 1 : channels);
  psum.buffer_unit = strip_rows * problem.ofmap_columns * filters;
  psum.register_unit = 1;

  const uint64_t turns = blocking.trips[0] * blocking.trips[1] * blocking.trips[2];
  blocking.compute_cycles = turns * fold.fold_rows * problem.filter_columns * problem.ofmap_columns;
  blocking.products_a_sum = problem.filter_columns;
  blocking.register_accesses = problem.macs() / problem.groups;
  return blocking;
}

// What register files lack for one turn, whichever the pass; absent where they do.
std::optional<NoMapping> least_registers(const BlockingProblem& blocking,
                                         const Accelerator& accelerator) {
  double bits = 0;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const auto words = static_cast<double>(blocking.kinds[k].register_unit);
    const auto& held = accelerator.register_file.words[k];
    if (held && words > held->value) {
      return NoMapping{
          fmt::format("register files of {:.0f} words for {}", held->value, kDataKindNames[k]),
          fmt::format("at least {:.0f}", words)};
    }
    bits += words * accelerator.word_bits[k].value;
  }
  if (!accelerator.register_file.shared_bytes ||
      bits <= accelerator.register_bytes() * kBitsAByte) {
    return std::nullopt;
  }
  return NoMapping{fmt::format("register files of {:.9g} B", accelerator.register_bytes()),
                   fmt::format("at least {:.0f} B", std::ceil(bits / kBitsAByte))};
}

// The least of buffer and register files that one turn needs.
NoMapping least_storage(const std::vector<RowStationaryPass>& passes,
                        const Accelerator& accelerator) {
  if (const auto none = least_registers(passes.front().blocking, accelerator)) return *none;
  double least = std::numeric_limits<double>::infinity();
  for (const RowStationaryPass& pass : passes) {
    double bits = 0;
    for (size_t k = 0; k < kDataKinds; ++k) {
      bits +=
          static_cast<double>(pass.blocking.kinds[k].buffer_unit) * accelerator.word_bits[k].value;
    }
    least = std::min(least, std::ceil(bits / kBitsAByte));
  }
  return {fmt::format("a buffer of {:.9g} B", accelerator.buffer_bytes.value),
          fmt::format("at least {:.0f} B", least), static_cast<uint64_t>(least)};
}

void add_loops(StorageLevel place, const std::array<uint64_t, kBlockedLoops>& factors,
               std::optional<BlockedLoop> innermost, uint64_t strips, Mapping& mapping) {
  const std::array<std::string, kBlockedLoops> names = {"C", "M", strips > 1 ? "N,E" : "N"};
  const auto add = [&](size_t loop) {
    if (factors[loop] > 1) mapping.loops.push_back({place, false, names[loop], factors[loop]});
  };
  for (size_t loop = kBlockedLoops; loop-- > 0;) {
    if (!innermost || index_of(*innermost) != loop) add(loop);
  }
  if (innermost) add(index_of(*innermost));
}

Mapping mapping_of(const LayerProblem& problem, const RowStationaryFold& fold,
                   const RowStationaryPass& pass, const Blocking& blocking) {
  Mapping mapping;
  const auto add = [&](StorageLevel place, bool parallel, const char* name, uint64_t extent) {
    if (extent > 1) mapping.loops.push_back({place, parallel, name, extent});
  };
  add(StorageLevel::kDram, false, "G", problem.groups);
  add_loops(StorageLevel::kDram, blocking.factors[0], blocking.innermost[0], fold.fold_columns,
            mapping);
  add_loops(StorageLevel::kBuffer, blocking.factors[1], blocking.innermost[1], fold.fold_columns,
            mapping);
  add(StorageLevel::kBuffer, false, "R", fold.fold_rows);
  add(StorageLevel::kArray, true, "M", pass.filters);
  add(StorageLevel::kArray, true, "C", pass.channels);
  add(StorageLevel::kArray, true, "R", fold.set_rows);
  add(StorageLevel::kArray, true, "E", fold.set_columns);
  add_loops(StorageLevel::kRegisterFile, blocking.factors[2], std::nullopt, fold.fold_columns,
            mapping);
  add(StorageLevel::kRegisterFile, false, "F", problem.ofmap_columns);
  add(StorageLevel::kRegisterFile, false, "S", problem.filter_columns);
  const auto& inner = blocking.factors[2];
  mapping.parameters = {
      {"m", std::min(problem.filters, blocking.factors[1][1] * inner[1] * pass.filters)},
      {"n", inner[2]},
      {"e", fold.set_columns},
      {"p", inner[1]},
      {"q", inner[0]},
      {"r", pass.channels},
      {"t", pass.filters}};
  return mapping;
}

class RowStationary : public Dataflow {
 public:
  std::string_view name() const override { return "rs"; }
  std::string_view description() const override { return "row stationary"; }

  MappingResult map(const LayerProblem& problem, const Accelerator& accelerator,
                    const WordPrices& prices, MappingObjective objective) const override {
    const RowStationaryFold fold = fold_set(problem, static_cast<uint64_t>(accelerator.rows.value),
                                            static_cast<uint64_t>(accelerator.columns.value));
    const std::vector<RowStationaryPass> passes = row_stationary_passes(problem, fold);
    const RowStationaryPass* chosen = nullptr;
    std::optional<BlockingChoice> best;
    for (const RowStationaryPass& pass : passes) {
      const auto choice = best_blocking(pass.blocking, accelerator, prices, objective);
      if (!choice) continue;
      if (best && (choice->value > best->value ||
                   (choice->value == best->value && choice->secondary >= best->secondary))) {
        continue;
      }
      best = choice;
      chosen = &pass;
    }
    if (!best) return least_storage(passes, accelerator);
    const Fetches fetches = fetches_of(chosen->blocking, best->blocking);
    MappedLayer layer;
    layer.counts = blocked_counts(chosen->blocking, fetches).times(problem.groups);
    layer.macs = problem.macs();
    layer.active_elements = fold.set_elements() * std::min(chosen->filters, problem.filters) *
                            (problem.pooling ? 1 : std::min(chosen->channels, problem.channels));
    layer.cycles =
        blocked_cycles(chosen->blocking, fetches, best->blocking.factors[2][0], accelerator) *
        problem.groups;
    layer.mapping = mapping_of(problem, fold, *chosen, best->blocking);
    return layer;
  }
};

}  // namespace

RowStationaryFold fold_set(const LayerProblem& problem, uint64_t array_rows,
                           uint64_t array_columns) {
  RowStationaryFold fold;
  const uint64_t rows = problem.filter_rows, columns = problem.ofmap_rows;
  fold.fold_rows = ceil_tiles(rows, array_rows);
  fold.fold_columns = ceil_tiles(columns, array_columns);
  if (fold.fold_rows == 1) fold.copies_rows = array_rows / rows;
  if (fold.fold_columns == 1) fold.copies_columns = array_columns / columns;
  const uint64_t stacked = std::min(fold.copies_rows, fold.fold_columns);
  fold.fold_columns = ceil_tiles(fold.fold_columns, stacked);
  fold.copies_rows /= stacked;
  fold.set_rows = ceil_tiles(rows, fold.fold_rows);
  fold.set_columns = ceil_tiles(columns, fold.fold_columns);
  return fold;
}

std::vector<RowStationaryPass> row_stationary_passes(const LayerProblem& problem,
                                                     const RowStationaryFold& fold) {
  if (problem.pooling) {
    const uint64_t filters = fold.copies_rows * fold.copies_columns;
    return {{1, filters, blocking_of(problem, fold, 1, filters)}};
  }
  std::vector<RowStationaryPass> passes;
  uint64_t fewest = UINT64_MAX;
  for (uint64_t channels = 1; channels <= fold.copies_rows; ++channels) {
    if (fold.copies_rows % channels != 0) continue;
    const uint64_t filters = fold.copies_rows / channels * fold.copies_columns;
    const uint64_t turns =
        ceil_tiles(problem.channels, channels) * ceil_tiles(problem.filters, filters);
    if (turns > fewest) continue;
    fewest = turns;
    passes.push_back({channels, filters, blocking_of(problem, fold, channels, filters)});
  }
  return passes;
}

std::unique_ptr<Dataflow> make_row_stationary() { return std::make_unique<RowStationary>(); }

}  // namespace wattgrind
