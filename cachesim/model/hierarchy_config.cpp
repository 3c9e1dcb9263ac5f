#include "cachesim/model/hierarchy_config.h"

#include <bit>
#include <limits>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

LevelConfig level_config(const CacheLevel& level) {
  return {level.name, level.geometry.value, level.replacement, level.containment};
}

void validate_geometry(size_t index, const LevelConfig& level) {
  const CacheGeometry& geometry = level.geometry;
  if (geometry.ways == 0) {
    fail(ErrorKind::kInput, "levels[{}].ways ({}): found 0, wanted at least 1", index, level.name);
  }
  if (!std::has_single_bit(geometry.line_bytes)) {
    fail(ErrorKind::kInput, "levels[{}].line_bytes ({}): found {}, wanted a power of two", index,
         level.name, geometry.line_bytes);
  }
  const uint64_t set_bytes = uint64_t{geometry.ways} * geometry.line_bytes;
  if (geometry.size_bytes == 0 || geometry.size_bytes % set_bytes != 0) {
    fail(ErrorKind::kInput,
         "levels[{}].size_bytes ({}): found {}, wanted a multiple of ways * line_bytes = {}", index,
         level.name, geometry.size_bytes, set_bytes);
  }
  if (geometry.size_bytes / geometry.line_bytes > std::numeric_limits<uint32_t>::max()) {
    fail(ErrorKind::kInput, "levels[{}].size_bytes ({}): found {}, wanted fewer than 2^32 lines",
         index, level.name, geometry.size_bytes);
  }
}

void validate_policies(CacheModel model, size_t index, const LevelConfig& level) {
  const CacheGeometry& geometry = level.geometry;
  if (level.replacement == Replacement::kTreePlru && !std::has_single_bit(geometry.ways)) {
    fail(ErrorKind::kInput, "levels[{}].ways ({}): found {}, wanted a power of two for tree-PLRU",
         index, level.name, geometry.ways);
  }
  if (index == 0 && level.containment != Containment::kNonInclusive) {
    fail(ErrorKind::kInput,
         "levels[0].containment ({}): found inclusive or victim, but there is no level above",
         level.name);
  }
  if (model == CacheModel::kCachegrind && !std::has_single_bit(geometry.sets())) {
    fail(ErrorKind::kInput,
         "levels[{}].ways ({}): {} bytes in {} ways make {} sets, cachegrind wants a power of two; "
         "name a substitute of the same size under \"cachegrind\"",
         index, level.name, geometry.size_bytes, geometry.ways, geometry.sets());
  }
}

void validate_against_above(size_t index, const LevelConfig& above, const LevelConfig& level) {
  if (level.geometry.line_bytes != above.geometry.line_bytes) {
    fail(ErrorKind::kInput, "levels[{}].line_bytes ({}): found {}, wanted {} as in {}", index,
         level.name, level.geometry.line_bytes, above.geometry.line_bytes, above.name);
  }
  if (level.geometry.size_bytes < above.geometry.size_bytes) {
    fail(ErrorKind::kInput, "levels[{}].size_bytes ({}): found {}, wanted at least the {} of {}",
         index, level.name, level.geometry.size_bytes, above.geometry.size_bytes, above.name);
  }
}

}  // namespace

HierarchyConfig machine_hierarchy(const Machine& machine) {
  HierarchyConfig config;
  for (const CacheLevel& level : machine.levels) {
    config.levels.push_back(level_config(level));
  }
  return config;
}

HierarchyConfig cachegrind_hierarchy(const Machine& machine) {
  HierarchyConfig config{CacheModel::kCachegrind, {}};
  for (const CacheLevel& level : machine.levels) {
    const CacheGeometry& geometry =
        level.cachegrind_substitute ? level.cachegrind_substitute->value : level.geometry.value;
    config.levels.push_back({level.name, geometry, Replacement::kLru, Containment::kNonInclusive});
  }
  return config;
}

void validate(const HierarchyConfig& config) {
  if (config.levels.empty()) {
    fail(ErrorKind::kInput, "levels: found none, wanted at least one cache");
  }
  for (size_t i = 0; i < config.levels.size(); ++i) {
    validate_geometry(i, config.levels[i]);
    validate_policies(config.model, i, config.levels[i]);
    if (i > 0) {
      validate_against_above(i, config.levels[i - 1], config.levels[i]);
    }
  }
}

}  // namespace wattgrind
