#include "estimator/models/time_model.h"

#include <gmock/gmock.h>

#include <random>

namespace wattgrind {
namespace {

using testing::ElementsAre;

KernelWork random_work(std::mt19937& random) {
  KernelWork work;
  work.port_cycles = random() % 100000;
  work.waiting_cycles = random() % 50000;
  work.loop_iterations = random() % 5000;
  work.counts.levels.resize(3);
  work.counts.levels[1].accesses = random() % 4000;
  work.counts.levels[1].misses = work.counts.levels[1].accesses / (1 + random() % 4);
  work.counts.levels[2].accesses = work.counts.levels[1].misses;
  work.counts.levels[2].misses = work.counts.levels[2].accesses / (1 + random() % 4);
  work.counts.dram.reads = work.counts.levels[2].misses;
  return work;
}

double true_seconds(const KernelWork& work) {
  const auto& levels = work.counts.levels;
  return 2e-7 + 4e-10 * work.port_cycles + 2e-10 * work.waiting_cycles +
         1e-9 * static_cast<double>(work.loop_iterations) +
         3e-9 * static_cast<double>(levels[1].accesses - levels[1].misses) +
         9e-9 * static_cast<double>(levels[2].accesses - levels[2].misses) +
         40e-9 * static_cast<double>(work.counts.dram.reads);
}

TEST(TimeModel, FindsThePricesThatMadeTheTimes) {
  std::mt19937 random(5);
  std::vector<TimedKernel> kernels;
  for (int i = 0; i < 40; ++i) {
    const KernelWork work = random_work(random);
    kernels.push_back({work, true_seconds(work)});
  }
  const TimeModel model = TimeModel::fit(kernels);
  EXPECT_THAT(model.names(), ElementsAre("call", "port cycles", "waiting cycles", "loop iterations",
                                         "L2 line", "L3 line", "DRAM line"));
  const double wanted[] = {2e-7, 4e-10, 2e-10, 1e-9, 3e-9, 9e-9, 40e-9};
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(model.prices_s()[i], wanted[i], 1e-6 * wanted[i]) << model.names()[i];
  }
  const KernelWork unseen = random_work(random);
  EXPECT_NEAR(model.seconds(unseen), true_seconds(unseen), 1e-6 * true_seconds(unseen));
}

TEST(TimeModel, NoPriceIsNegative) {
  std::mt19937 random(7);
  std::vector<TimedKernel> kernels;
  for (int i = 0; i < 30; ++i) {
    const KernelWork work = random_work(random);
    // The more iterations the faster: nothing a price could say.
    kernels.push_back({work, 1e-3 - 1e-8 * static_cast<double>(work.loop_iterations)});
  }
  const TimeModel model = TimeModel::fit(kernels);
  for (const double price_s : model.prices_s()) EXPECT_GE(price_s, 0);
}

}  // namespace
}  // namespace wattgrind
