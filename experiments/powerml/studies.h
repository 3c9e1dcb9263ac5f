// Studies of powerML's settings, from a table of candidates.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/powerml/candidate_table.h"

namespace wattgrind {

// One (alpha, beta) of the paper, and what its Figure 2, 4 and 5 say was found with it.
struct Setting {
  int number = 0;
  double alpha = 0, beta = 0;
  double score = 0, train_cost = 0, infer_cost = 0;
  std::string architecture;
};

// Those of a topology ("dffr", "cnn"), out of powerml_figure2.csv.
std::vector<Setting> read_settings(const std::string& topology);

// The objective of a setting, with a least score or none.
Objective objective_of(const Setting& setting, std::optional<double> least_score);

struct Judged {
  Configuration configuration;
  EvaluatedCandidate candidate;
  double value = 0;
};

struct StudyRun {
  std::vector<Configuration> asked;         // by trial
  std::vector<std::optional<Judged>> best;  // after trial 1, 2, ...: of those that keep the limits
  uint64_t pruned = 0;
};

StudyRun run_study(CandidateTable& table, const Objective& objective, uint64_t sampler_seed,
                   uint64_t trials);

// The best of a pool of candidates that keeps the limits. Those that cannot be it for their least
// costs are not evaluated.
std::optional<Judged> best_of_pool(CandidateTable& table, const Objective& objective,
                                   std::span<const Configuration> pool);

// Drawn uniformly.
std::vector<Configuration> draw_pool(const Space& space, uint64_t size);

// Calls run(0) ... run(count - 1) on `threads` threads.
void in_parallel(size_t count, size_t threads, const std::function<void(size_t)>& run);

}  // namespace wattgrind
