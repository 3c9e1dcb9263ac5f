// The caches that a simulation runs, and the model after which they behave.
#pragma once

#include <string>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

enum class CacheModel {
  // Caches write back and allocate on writes. What a level holds of other levels' lines is as its
  // containment says.
  kMachine,
  // Caches behave as cachegrind's do, to the letter. Every level below the first is a last level of
  // its own, looked up with the whole reference when the first one misses; nothing is ever dirty or
  // taken out. With three levels, one simulation gives what two runs of cachegrind give, with LL =
  // L2
  // and with LL = L3.
  kCachegrind
};

struct LevelConfig {
  std::string name;  // "L1"
  CacheGeometry geometry;
  Replacement replacement = Replacement::kLru;
  Containment containment = Containment::kNonInclusive;
};

struct HierarchyConfig {
  CacheModel model = CacheModel::kMachine;
  std::vector<LevelConfig> levels;  // L1 first
};

// The machine's own caches.
HierarchyConfig machine_hierarchy(const Machine& machine);

// The caches cachegrind can simulate for this machine: substitutes where the profile names them.
HierarchyConfig cachegrind_hierarchy(const Machine& machine);

// Throws Error(kInput) naming the key (levels[1].ways) when there is no level, a geometry has no
// ways, a line that is no power of two or a size that is no whole number of sets, lines differ
// between levels, a level is smaller than the one above, the first level claims to hold others'
// lines, tree-PLRU has ways that are no power of two, or cachegrind would refuse the geometry.
void validate(const HierarchyConfig& config);

}  // namespace wattgrind
