#include "search/samplers/surrogate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattgrind {
namespace {

// Eleven trials of value 1 and, amid them, one of value 0.5; two of 2 keep the scale.
std::vector<Trial> history_with_a_dip(double variance_of_dip) {
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 14; ++i) {
    const double value = i == 6 ? 0.5 : i < 12 ? 1 + 0.01 * std::sin(static_cast<double>(i)) : 2;
    Trial trial{i,
                {Value(static_cast<int64_t>(i < 12 ? i * 7 : 60 + 3 * i))},
                TrialState::kComplete,
                {value},
                std::nullopt};
    trial.variances = {i == 6 ? variance_of_dip : 1e-8};
    history.push_back(std::move(trial));
  }
  return history;
}

// Where a value lies, from 0, where it was observed, to 1, where its neighbours lie.
double believed_height_of_dip(double variance_of_dip) {
  const UnitSpace space(
      parse_space(nlohmann::ordered_json::parse(R"({"a": {"int": [0, 99]}})"), "s"));
  const std::vector<Trial> history = history_with_a_dip(variance_of_dip);
  Observations observations(space);
  observations.read(history);
  Surrogate surrogate(space, Surrogate::Of::kObjective, false);
  surrogate.learn(observations, trial_values(observations.finished(), {}));
  const std::vector<Point> dip = {*observations.finished()[6].point};
  const double mean = surrogate.process().means(surrogate.process().covariances(dip))[0];
  const double low = surrogate.warped(0.5), high = surrogate.warped(1);
  return (mean - low) / (high - low);
}

TEST(Surrogate, TrustsAValueAsFarAsItsVarianceLets) {
  EXPECT_LT(std::fabs(believed_height_of_dip(1e-8)), 0.1) << "as observed";
  EXPECT_GT(believed_height_of_dip(4), believed_height_of_dip(1e-8) + 0.3) << "a lucky one";
}

}  // namespace
}  // namespace wattgrind
