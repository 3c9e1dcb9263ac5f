// Closed-form benchmark objectives of architecture searches, minimised: two network-shaped
// trade-offs of accuracy against cost, each with and without noise, and Rastrigin's function on a
// lattice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "search/space/space.h"

namespace wattgrind {

struct BenchmarkObjective {
  std::string name;
  bool noisy = false;
  Space space;
  double best = 0;    // the lowest true value
  double median = 0;  // the true value that half of the configurations reach: regret 1
  double (*true_value)(std::span<const double> x) = nullptr;
  // What a sampler sees at repetition `repetition` of x; null where that is the true value.
  double (*observed)(std::span<const double> x, uint64_t seed, uint64_t repetition) = nullptr;

  double regret(double value) const { return (value - best) / (median - best); }
};

// mlp3, mlp3n, cnn4, cnn4n, rast4d.
std::vector<BenchmarkObjective> benchmark_objectives();

// Numbers of a configuration: an int's or a float's value, a choice's index; -1 where inactive.
std::vector<double> coordinates(const Space& space, const Configuration& configuration);

// About N(0, 1): Irwin-Hall(12) - 6 over a SplitMix64 chain of the keys.
double chained_gauss(std::span<const uint64_t> keys);

}  // namespace wattgrind
