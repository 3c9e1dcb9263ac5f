#include "search/samplers/fidelity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace wattgrind {
namespace {

Configuration at(int64_t x) { return {Value(x)}; }

Space line() {
  return parse_space(nlohmann::ordered_json::parse(R"({"x": {"int": [0, 999]}})"), "space");
}

// Proposes 900, 901, ..., and keeps what it was shown.
class CountingSampler : public Sampler {
 public:
  explicit CountingSampler(std::vector<Trial>& shown) : shown_(shown) {}
  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override {
    shown_.assign(history.begin(), history.end());
    return at(900 + static_cast<int64_t>(number));
  }

 private:
  std::vector<Trial>& shown_;
};

Trial paused(uint64_t number, int64_t x, std::vector<double> curve) {
  Trial trial{number, at(x), TrialState::kPaused, {curve.back()}, std::nullopt};
  trial.curve = std::move(curve);
  return trial;
}

Trial complete(uint64_t number, int64_t x, std::vector<double> curve) {
  Trial trial = paused(number, x, std::move(curve));
  trial.state = TrialState::kComplete;
  return trial;
}

TEST(Rungs, AreThirds) {
  EXPECT_EQ(rungs(9), (std::vector<uint64_t>{1, 3, 9}));
  EXPECT_EQ(rungs(5), (std::vector<uint64_t>{1, 2, 5}));
  EXPECT_EQ(rungs(1), (std::vector<uint64_t>{1}));
  EXPECT_EQ(rungs(100), (std::vector<uint64_t>{1, 2, 4, 12, 34, 100}));
}

class FidelityTest : public testing::Test {
 protected:
  std::optional<Configuration> ask(uint64_t number, const std::vector<Trial>& history) {
    return sampler_.ask(number, history);
  }

  std::vector<Trial> shown_;
  FidelitySampler sampler_{std::make_unique<CountingSampler>(shown_), 9};
};

TEST_F(FidelityTest, GoesOnWithTheBestThirdOfARung) {
  std::vector<Trial> history = {paused(0, 10, {5}), paused(1, 11, {4})};
  EXPECT_EQ(ask(2, history), at(902)) << "two have no third";
  history.push_back(paused(2, 12, {6}));
  EXPECT_EQ(ask(3, history), at(11));
  history.push_back({3, at(11), TrialState::kRunning, {}, std::nullopt});
  EXPECT_EQ(ask(4, history), at(904)) << "it is gone on with already";
  history.back() = paused(3, 11, {4, 3, 2});
  EXPECT_EQ(ask(4, history), at(904)) << "of six, two would be";
  for (uint64_t i = 4; i < 7; ++i) history.push_back(paused(i, static_cast<int64_t>(i), {9}));
  EXPECT_EQ(ask(7, history), at(10)) << "the second best of six";
  std::reverse(history.begin(), history.end());
  EXPECT_EQ(ask(7, history), at(10)) << "in whatever order they come";
}

TEST_F(FidelityTest, GoesOnFromTheHighestRungFirst) {
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 9; ++i) {
    history.push_back(paused(i, static_cast<int64_t>(i), {static_cast<double>(i)}));
  }
  for (uint64_t i = 0; i < 3; ++i) {
    history.push_back(paused(9 + i, static_cast<int64_t>(i), {static_cast<double>(i), 1, 1.0 - i}));
  }
  EXPECT_EQ(ask(12, history), at(2)) << "the best after three epochs, not after one";
}

// Three complete ones gained 2, 3 and 4 from the first epoch on: 3 on average, with a deviation of
// sqrt(2 / 3). The best ended at 1, so that 4.8 could win and 4.9 could not.
TEST_F(FidelityTest, GoesOnOnlyWithWhatCouldWin) {
  const auto history_with = [](double value) {
    std::vector<Trial> history = {complete(0, 20, {4, 3, 3, 3, 3, 3, 3, 3, 1}),
                                  complete(1, 21, {4.5, 3, 3, 3, 3, 3, 3, 3, 2.5}),
                                  complete(2, 22, {5, 3, 3, 3, 3, 3, 3, 3, 1})};
    for (uint64_t i = 3; i < 12; ++i) history.push_back(paused(i, static_cast<int64_t>(i), {9}));
    history.push_back(paused(12, 12, {value}));
    return history;
  };
  EXPECT_EQ(ask(13, history_with(4.8)), at(12));
  EXPECT_EQ(ask(13, history_with(4.9)), at(913)) << "though among the best third";
  std::vector<Trial> two = history_with(4.9);
  two.erase(two.begin() + 1);
  EXPECT_EQ(ask(13, two), at(12)) << "two complete ones tell too little";
}

TEST_F(FidelityTest, ShowsEachConfigurationOnceAtWhatItIsExpectedToReach) {
  const std::vector<Trial> history = {paused(0, 10, {5}),
                                      complete(1, 20, {4, 3, 3, 3, 3, 3, 3, 3, 1}),
                                      complete(2, 21, {4, 3, 3, 3, 3, 3, 3, 3, 3}),
                                      paused(3, 11, {8}),
                                      paused(4, 10, {8, 4, 4}),
                                      {5, at(12), TrialState::kRunning, {}, std::nullopt}};
  ask(6, history);
  ASSERT_EQ(shown_.size(), 5u);
  EXPECT_EQ(shown_[0].configuration, at(10));
  EXPECT_EQ(shown_[0].state, TrialState::kComplete);
  EXPECT_EQ(shown_[0].values, std::vector<double>{4 - 1}) << "of 3 after three, 1 and 3 came";
  EXPECT_EQ(shown_[3].values, std::vector<double>{8 - 2 - 1})
      << "1, 1 and 4 less from the first rung to the second, and 2 and 0 less from there";
  EXPECT_EQ(shown_[4].state, TrialState::kRunning);
  ask(5, history);
  EXPECT_EQ(shown_[3].values, std::vector<double>{8 - 1 - 1}) << "trial 4 counts from the 6th on";
}

// On curves that fall alike, the best of 40 configurations is completed although few are.
TEST(FidelitySampler, CompletesTheBestOfMany) {
  SamplerOptions options;
  options.by_epochs = true;
  options.epochs = 9;
  const auto sampler = make_sampler(options, line(), 4);
  std::vector<Trial> history;
  uint64_t epochs = 0;
  const auto value = [](const Configuration& configuration, size_t epoch) {
    const double x = static_cast<double>(std::get<int64_t>(*configuration[0]));
    return (x - 300) * (x - 300) / 1e5 + 1.0 / static_cast<double>(epoch);
  };
  for (uint64_t i = 0; i < 60; ++i) {
    const Configuration asked = sampler->ask(i, history).value();
    const Trial* before = paused_trial(asked, history);
    std::vector<double> curve = before == nullptr ? std::vector<double>() : before->curve;
    const std::vector<uint64_t> stops = rungs(9);
    const uint64_t goal = *std::upper_bound(stops.begin(), stops.end(), curve.size());
    while (curve.size() < goal) {
      curve.push_back(value(asked, curve.size() + 1));
      ++epochs;
    }
    history.push_back(goal == 9 ? complete(i, 0, curve) : paused(i, 0, curve));
    history.back().configuration = asked;
  }
  const Trial* best = best_trial(history);
  ASSERT_NE(best, nullptr);
  EXPECT_LT(best->values[0], 1.0 / 9 + 0.005);
  EXPECT_LT(epochs, 60u * 9 / 3);
}

}  // namespace
}  // namespace wattgrind
