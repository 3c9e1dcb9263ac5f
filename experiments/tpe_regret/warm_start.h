// What an earlier study is worth to a search, and what it costs where it misleads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "experiments/tpe_regret/objectives.h"

namespace wattgrind {

// An earlier study of sixty trials.
enum class EarlierStudy {
  kNone,
  kAlike,     // a search of the same objective
  kShuffled,  // such a search, the values told of the wrong configurations
  kReversed   // configurations drawn at random, the worst of them told as the best
};

std::string_view to_string(EarlierStudy kind);

// The regrets of a search's best observed trial after each of `checkpoints` (ascending) trials.
std::vector<double> warm_start_regrets(const BenchmarkObjective& objective, EarlierStudy kind,
                                       uint64_t seed, const std::vector<uint64_t>& checkpoints);

}  // namespace wattgrind
