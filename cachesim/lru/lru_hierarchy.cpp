#include "cachesim/lru/lru_hierarchy.h"

#include <algorithm>
#include <utility>

#include "cachesim/lru/cachegrind_levels.h"
#include "cachesim/lru/machine_levels.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr uint32_t kMaxLineBytes = 1u << 16;

bool second_is_victim(const HierarchyConfig& config) {
  return config.levels.size() > 1 && config.levels[1].containment == Containment::kVictim;
}

bool levels_below_reach_up(const HierarchyConfig& config) {
  return second_is_victim(config) ||
         std::any_of(config.levels.begin() + 1, config.levels.end(), [](const LevelConfig& level) {
           return level.containment == Containment::kInclusive;
         });
}

std::unique_ptr<LowerLevels> make_lower_levels(const HierarchyConfig& config,
                                               FirstLevel& first_level, LruCounters& counters) {
  return config.model == CacheModel::kCachegrind
             ? make_cachegrind_levels(config, first_level, counters)
             : make_machine_levels(config, first_level, counters);
}

}  // namespace

bool LruHierarchy::can_simulate(const HierarchyConfig& config) {
  return std::ranges::all_of(config.levels,
                             [](const LevelConfig& level) {
                               return level.replacement == Replacement::kLru &&
                                      level.geometry.line_bytes <= kMaxLineBytes;
                             }) &&
         config.levels[0].geometry.ways <= FirstLevel::kMaxWays;
}

bool LruHierarchy::can_replay(const HierarchyConfig& config) {
  return can_simulate(config) && !second_is_victim(config);
}

LruHierarchy::LruHierarchy(const HierarchyConfig& config)
    : writes_back_(config.model == CacheModel::kMachine),
      reaches_up_(levels_below_reach_up(config)),
      first_level_(config.levels[0].geometry),
      counters_(config),
      lower_(make_lower_levels(config, first_level_, counters_)) {
  CHECK(can_simulate(config), "{} levels", config.levels.size());
  for (size_t level = 1; level < config.levels.size(); ++level) {
    sets_below_.push_back(static_cast<uint32_t>(config.levels[level].geometry.sets()));
  }
}

void LruHierarchy::start_program(const LineOwners& owners, size_t buffers) {
  CHECK(log_.waiting().empty(), "{} misses not passed on", log_.waiting().size());
  for (size_t buffer = 0; buffer < buffers; ++buffer) {
    if (const auto lines = owners.lines(buffer)) {
      lower_->cover(lines->last);
    }
  }
  counters_.start_program(owners, buffers);
}

void LruHierarchy::touch(uint64_t first, uint64_t last, Requester requester) {
  if (first < last) {
    pass_on();
    ++straddling_;
    lower_->touch_lines(first, last, requester);
    return;
  }
  const uint32_t dirty = requester.is_write && writes_back_ ? 1 : 0;
  const TimedTouch outcome = first_level_.touch(first, dirty, first_level_.reserve(1) + 1);
  if (outcome.missed) {
    miss_first_level({static_cast<uint32_t>(first), outcome.displaced.entry(),
                      outcome.displaced.time(),
                      FirstLevelMiss::tag_of(requester.index(), dirty != 0)});
  } else if (outcome.dirtied) {
    dirty_first_level(first);
  }
}

void LruHierarchy::pass_on() {
  fetch(log_.waiting());
  log_.settle();
}

void LruHierarchy::begin_period() {
  pass_on();
  log_.keep();
}

bool LruHierarchy::end_period() {
  pass_on();
  return log_.keeps_all();
}

void LruHierarchy::end_replay() {
  pass_on();
  log_.stop_keeping();
}

void LruHierarchy::resume_after(uint64_t misses, std::vector<uint64_t> taken_out) {
  lower_->forget_taken_out();
  passed_on_already_ = misses;
  taken_out_already_ = std::move(taken_out);
}

void LruHierarchy::fetch(std::span<const FirstLevelMiss> misses) {
  while (passed_on_already_ > 0 && !misses.empty()) {
    const FirstLevelMiss& miss = misses.front();
    misses = misses.subspan(1);
    if (!miss.is_dirtied() && --passed_on_already_ == 0) {
      lower_->take_out_again(taken_out_already_, miss);
    }
  }
  lower_->fetch(misses);
}

}  // namespace wattgrind
