#include "estimator/dataflow/loop_blocking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "estimator/dataflow/row_stationary.h"
#include "tests/estimator/dataflow/blocking_walk.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

using Generator = std::mt19937_64;

uint64_t draw(Generator& generator, uint64_t least, uint64_t most) {
  return std::uniform_int_distribution<uint64_t>(least, most)(generator);
}

LayerProblem random_layer(Generator& generator) {
  LayerProblem problem;
  problem.pooling = draw(generator, 0, 4) == 0;
  problem.images = draw(generator, 1, 4);
  problem.filters = draw(generator, 1, 12);
  problem.channels = problem.pooling ? 1 : draw(generator, 1, 8);
  problem.ofmap_rows = draw(generator, 1, 9);
  problem.ofmap_columns = draw(generator, 1, 5);
  problem.filter_rows = problem.span_rows = draw(generator, 1, 5);
  problem.filter_columns = problem.span_columns = draw(generator, 1, 4);
  problem.stride_rows = draw(generator, 1, 2);
  problem.stride_columns = draw(generator, 1, 2);
  return problem;
}

// The words of a unit, from the layer itself: the channels, filters and rows that fall into a turn.
class LayerUnits {
 public:
  LayerUnits(const LayerProblem& problem, const RowStationaryFold& fold,
             const RowStationaryPass& pass)
      : problem_(problem), fold_(fold), pass_(pass) {}

  UnitWords operator()(size_t kind, const BlockingWalk::Turns& turns) const {
    const uint64_t channels =
        problem_.pooling ? 1 : share(turns[0], pass_.channels, problem_.channels);
    const uint64_t filters = share(turns[1], pass_.filters, problem_.filters);
    // Output rows of the strip; rows are dealt out as evenly as can be.
    const uint64_t strip = turns[2] % fold_.fold_columns;
    const uint64_t rows = problem_.ofmap_rows * (strip + 1) / fold_.fold_columns -
                          problem_.ofmap_rows * strip / fold_.fold_columns;
    uint64_t map = 0, map_sent = 0;
    const uint64_t columns = problem_.ifmap_columns();
    for (uint64_t maps = 0; maps < (problem_.pooling ? filters : channels); ++maps) {
      map += problem_.strip_rows(rows) * columns;
      map_sent += columns * fold_.set_rows * fold_.set_columns;
    }
    if (kind == 0) {
      return {map, map * (problem_.pooling ? 1 : fold_.fold_rows),
              map_sent * (problem_.pooling ? 1 : fold_.fold_rows * pass_.filters)};
    }
    const uint64_t sent = fold_.set_rows * fold_.set_columns * fold_.fold_rows;
    if (kind == 1) {
      if (problem_.pooling) return {};
      const uint64_t kernels = channels * filters;
      return {kernels * problem_.filter_rows * problem_.filter_columns,
              kernels * problem_.filter_rows * problem_.filter_columns,
              kernels * problem_.filter_columns * sent};
    }
    const uint64_t sums = filters * rows * problem_.ofmap_columns;
    return {sums, sums * fold_.fold_rows,
            filters * problem_.ofmap_columns * sent * (problem_.pooling ? 1 : pass_.channels)};
  }

 private:
  static uint64_t share(uint64_t turn, uint64_t each, uint64_t all) {
    return std::min(all, (turn + 1) * each) - std::min(all, turn * each);
  }

  const LayerProblem& problem_;
  const RowStationaryFold& fold_;
  const RowStationaryPass& pass_;
};

std::array<uint64_t, 3> random_factors(Generator& generator, uint64_t number) {
  std::vector<std::array<uint64_t, 3>> all;
  for (uint64_t a = 1; a <= number; ++a) {
    for (uint64_t b = 1; a * b <= number; ++b) {
      if (number % (a * b) == 0) all.push_back({a, b, number / (a * b)});
    }
  }
  return all[draw(generator, 0, all.size() - 1)];
}

TEST(LoopBlocking, CountsAreThoseOfTheLoopsExecuted) {
  Generator generator(19);
  for (int round = 0; round < 300; ++round) {
    const LayerProblem problem = random_layer(generator);
    const RowStationaryFold fold = fold_set(problem, draw(generator, 1, 6), draw(generator, 1, 6));
    if (fold.fold_columns > problem.ofmap_rows) continue;
    for (const RowStationaryPass& pass : row_stationary_passes(problem, fold)) {
      Blocking blocking;
      for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
        const auto factors = random_factors(generator, pass.blocking.trips[loop]);
        for (size_t place = 0; place < 3; ++place) blocking.factors[place][loop] = factors[place];
      }
      for (size_t place = 0; place < 2; ++place) {
        const auto& factors = blocking.factors[place];
        size_t loop = draw(generator, 0, 2);
        for (size_t tried = 0; tried < kBlockedLoops && factors[loop] == 1; ++tried) {
          loop = (loop + 1) % kBlockedLoops;
        }
        blocking.innermost[place] = static_cast<BlockedLoop>(loop);
      }
      const BlockingWalk walk(
          pass.blocking, blocking,
          {with_innermost(blocking.innermost[0]), with_innermost(blocking.innermost[1])},
          LayerUnits(problem, fold, pass));
      const AccessCounts counted =
          blocked_counts(pass.blocking, fetches_of(pass.blocking, blocking));
      for (size_t level = 0; level < kStorageLevels; ++level) {
        for (size_t kind = 0; kind < kDataKinds; ++kind) {
          const auto at = [&](const AccessCounts& counts) {
            return counts.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind));
          };
          ASSERT_EQ(at(counted), at(walk.counts()))
              << to_string(problem) << " " << kStorageLevelNames[level] << " "
              << kDataKindNames[kind] << " round " << round;
        }
      }
    }
  }
}

// Every blocking in every one of the 6 x 6 orders, walked.
double least_by_exhaustion(const BlockingProblem& problem, const LayerUnits& units,
                           const Accelerator& accelerator, const WordPrices& prices,
                           MappingObjective objective) {
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::array<uint64_t, 3>> splits[kBlockedLoops];
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    for (uint64_t a = 1; a <= problem.trips[loop]; ++a) {
      for (uint64_t b = 1; a * b <= problem.trips[loop]; ++b) {
        if (problem.trips[loop] % (a * b) == 0) {
          splits[loop].push_back({a, b, problem.trips[loop] / (a * b)});
        }
      }
    }
  }
  for (const auto& c : splits[0]) {
    for (const auto& m : splits[1]) {
      for (const auto& n : splits[2]) {
        Blocking blocking;
        for (size_t place = 0; place < 3; ++place) {
          blocking.factors[place] = {c[place], m[place], n[place]};
        }
        if (!fits(problem, blocking, accelerator)) continue;
        std::array<size_t, 3> outer = {0, 1, 2};
        do {
          std::array<size_t, 3> middle = {0, 1, 2};
          do {
            const BlockingWalk walk(problem, blocking, {outer, middle}, units);
            const AccessCounts counts = walk.counts();
            double energy = 0;
            for (size_t level = 0; level + 1 < kStorageLevels; ++level) {
              for (size_t kind = 0; kind < kDataKinds; ++kind) {
                energy += prices.word[level][kind] *
                          static_cast<double>(counts.at(static_cast<StorageLevel>(level),
                                                        static_cast<DataKind>(kind)));
              }
            }
            double cycles = static_cast<double>(problem.compute_cycles);
            if (accelerator.timing.psum_hop_cycles) {
              cycles += accelerator.timing.psum_hop_cycles->value * cycles /
                        static_cast<double>(problem.products_a_sum * c[2]);
            }
            if (accelerator.bandwidth.dram_bytes_per_cycle) {
              cycles = std::max(cycles, 2 * static_cast<double>(counts.level(StorageLevel::kDram)) /
                                            accelerator.bandwidth.dram_bytes_per_cycle->value);
            }
            cycles = std::ceil(cycles);
            energy += cycles * prices.cycle;
            least = std::min(least, objective_value(objective, energy, cycles));
          } while (std::next_permutation(middle.begin(), middle.end()));
        } while (std::next_permutation(outer.begin(), outer.end()));
      }
    }
  }
  return least;
}

TEST(LoopBlocking, TheSearchLosesNoOptimum) {
  Generator generator(7);
  int searched = 0;
  for (int round = 0; round < 16; ++round) {
    LayerProblem problem = random_layer(generator);
    problem.filters = std::min<uint64_t>(problem.filters, 6);
    problem.channels = std::min<uint64_t>(problem.channels, 4);
    problem.images = std::min<uint64_t>(problem.images, 2);
    Accelerator accelerator = test_accelerator(draw(generator, 1, 5), draw(generator, 1, 5),
                                               static_cast<double>(draw(generator, 40, 900)),
                                               static_cast<double>(draw(generator, 8, 60)));
    if (round % 2 == 0) accelerator.timing.psum_hop_cycles = Sourced<double>{1, ""};
    if (round % 3 == 0) accelerator.bandwidth.dram_bytes_per_cycle = Sourced<double>{0.5, ""};
    WordPrices prices = word_prices(accelerator, AcceleratorUnit::kMacs);
    prices.cycle = round % 4 == 0 ? 3 : 0;
    const RowStationaryFold fold = fold_set(problem, static_cast<uint64_t>(accelerator.rows.value),
                                            static_cast<uint64_t>(accelerator.columns.value));
    if (fold.fold_columns > problem.ofmap_rows) continue;
    const RowStationaryPass pass = row_stationary_passes(problem, fold).front();
    for (const MappingObjective objective :
         {MappingObjective::kEnergy, MappingObjective::kDelay, MappingObjective::kEnergyDelay}) {
      const auto best = best_blocking(pass.blocking, accelerator, prices, objective);
      const double least = least_by_exhaustion(pass.blocking, LayerUnits(problem, fold, pass),
                                               accelerator, prices, objective);
      ASSERT_EQ(best.has_value(), std::isfinite(least)) << round;
      if (!best) continue;
      ASSERT_NEAR(best->value, least, least * 1e-12) << to_string(problem) << " round " << round;
      ++searched;
    }
  }
  EXPECT_GT(searched, 12);
}

}  // namespace
}  // namespace wattgrind
