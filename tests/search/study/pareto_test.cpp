#include "search/study/pareto.h"

#include <gtest/gtest.h>

#include <limits>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

Trial complete(uint64_t number, std::vector<double> values) {
  return {number, {}, TrialState::kComplete, std::move(values), std::nullopt};
}

TEST(Pareto, KeepsWhatNothingDominates) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Trial> history = {complete(0, {3, 1}),   complete(1, {1, 3}), complete(2, {2, 2}),
                                complete(3, {3, 3}),   complete(4, {2, 2}), complete(5, {1, 4}),
                                complete(6, {0, nan}), complete(7, {0})};
  history.push_back({8, {}, TrialState::kInfeasible, {0, 0}, std::nullopt});
  std::vector<uint64_t> numbers;
  for (const Trial* trial : pareto_front(history)) numbers.push_back(trial->number);
  EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 2, 0}));
}

TEST(Pareto, AgreesWithTheDefinition) {
  Random random(1);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 200; ++i) {
    history.push_back(complete(i, {random.uniform(), random.uniform(), random.uniform()}));
  }
  size_t wanted = 0;
  for (const Trial& a : history) {
    bool beaten = false;
    for (const Trial& b : history) beaten = beaten || dominates(b.values, a.values);
    wanted += !beaten;
  }
  EXPECT_EQ(pareto_front(history).size(), wanted);
}

}  // namespace
}  // namespace wattgrind
