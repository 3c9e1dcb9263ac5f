#include "cachesim/cachegrind/cachegrind_counts.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Event = CachegrindEvent;

// The events that do not depend on LL.
constexpr Event kFirstLevelEvents[] = {Event::kDr, Event::kDw, Event::kD1mr, Event::kD1mw};

std::string_view name_of(Event event) { return kCachegrindEventNames[static_cast<size_t>(event)]; }

uint64_t add(uint64_t a, uint64_t b) {
  const auto sum = checked_sum({a, b});
  if (!sum) fail(ErrorKind::kFailed, "cachegrind's counts add up to more than 64 bits hold");
  return *sum;
}

CachegrindCounts add(const CachegrindCounts& a, const CachegrindCounts& b) {
  CachegrindCounts sum;
  for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] = add(a.values[i], b.values[i]);
  return sum;
}

// The counts of one run: a row for each layer, then one for everything else.
std::vector<CachegrindCounts> rows_of(const CachegrindOutput& run,
                                      std::span<const std::string> layer_symbols) {
  std::unordered_map<std::string_view, size_t> row_of;
  for (const std::string& symbol : layer_symbols) {
    CHECK(row_of.try_emplace(symbol, row_of.size()).second, "symbol {} twice", symbol);
  }
  const size_t runtime = layer_symbols.size();
  std::vector<CachegrindCounts> rows(runtime + 1);
  std::vector<bool> is_seen(runtime + 1);
  for (const CachegrindFunction& function : run.functions) {
    const auto found = row_of.find(function.name);
    const size_t row = found == row_of.end() ? runtime : found->second;
    rows[row] = add(rows[row], function.counts);
    is_seen[row] = true;
  }
  for (size_t layer = 0; layer < layer_symbols.size(); ++layer) {
    if (is_seen[layer]) continue;
    fail(ErrorKind::kFailed,
         "cachegrind counted no function {} in {}: Valgrind did not read the executable's symbols",
         layer_symbols[layer], run.command);
  }
  return rows;
}

LevelCounts level_counts(uint64_t accesses, uint64_t read_misses, uint64_t write_misses) {
  LevelCounts level;
  level.accesses = accesses;
  level.misses = add(read_misses, write_misses);
  if (level.misses <= accesses) level.hits = accesses - level.misses;
  level.read_misses = read_misses;
  level.write_misses = write_misses;
  return level;
}

void check_agreement(const CachegrindCounts& first, const CachegrindCounts& other) {
  for (const Event event : kFirstLevelEvents) {
    if (first[event] == other[event]) continue;
    fail(ErrorKind::kFailed,
         "two cachegrind runs of one executable disagree: {} {} and {}; it does not behave alike "
         "each time",
         name_of(event), first[event], other[event]);
  }
}

// `runs` has the same row of each run.
EventCounts event_counts(const std::vector<CachegrindCounts>& runs, size_t level_count) {
  const CachegrindCounts& first = runs.front();
  EventCounts counts;
  counts.refs = {first[Event::kDr], first[Event::kDw]};
  counts.executed_instructions = first[Event::kIr];
  counts.levels.push_back(level_counts(add(counts.refs.reads, counts.refs.writes),
                                       first[Event::kD1mr], first[Event::kD1mw]));
  for (size_t level = 1; level < level_count; ++level) {
    const CachegrindCounts& run = runs[level - 1];
    check_agreement(first, run);
    counts.levels.push_back(
        level_counts(counts.levels.back().misses, run[Event::kDLmr], run[Event::kDLmw]));
  }
  counts.dram.reads = counts.levels.back().misses;
  return counts;
}

}  // namespace

CountedLayers count_layers(std::span<const CachegrindOutput> runs, size_t level_count,
                           std::span<const std::string> layer_symbols) {
  CHECK(level_count > 0 && runs.size() == std::max<size_t>(level_count - 1, 1),
        "{} runs for {} levels", runs.size(), level_count);
  std::vector<std::vector<CachegrindCounts>> rows;
  for (const CachegrindOutput& run : runs) rows.push_back(rows_of(run, layer_symbols));

  CountedLayers counted;
  for (size_t row = 0; row <= layer_symbols.size(); ++row) {
    std::vector<CachegrindCounts> row_of_runs;
    for (const auto& run_rows : rows) row_of_runs.push_back(run_rows[row]);
    EventCounts counts = event_counts(row_of_runs, level_count);
    if (row == layer_symbols.size()) {
      counted.runtime = std::move(counts);
    } else {
      counted.layers.push_back(std::move(counts));
    }
  }
  return counted;
}

}  // namespace wattgrind
