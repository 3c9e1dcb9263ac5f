// How much earlier studies help, and how little they harm: closed-form objectives.
#include "search/samplers/warm_start.h"

#include <gtest/gtest.h>

#include <cmath>

#include "experiments/tpe_regret/warm_start.h"

namespace wattgrind {
namespace {

constexpr uint64_t kSeeds = 24;

double mean_regret_after(const BenchmarkObjective& objective, EarlierStudy kind, uint64_t trials) {
  double sum = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    sum += warm_start_regrets(objective, kind, 4000 + seed, {trials})[0];
  }
  return sum / kSeeds;
}

TEST(WarmStart, HelpsWhereStudiesAreAlikeAndHardlyHarmsWhereTheyMislead) {
  double alike = 0, shuffled = 0, reversed = 0, objectives = 0;
  for (const BenchmarkObjective& objective : benchmark_objectives()) {
    if (objective.noisy) continue;
    // Regrets below a thousandth of the median's are as good as none.
    const auto regret = [&](EarlierStudy kind) {
      return std::max(mean_regret_after(objective, kind, 25), 1e-3);
    };
    const double cold = regret(EarlierStudy::kNone);
    alike += std::log(regret(EarlierStudy::kAlike) / cold);
    shuffled += std::log(regret(EarlierStudy::kShuffled) / cold);
    reversed += std::log(regret(EarlierStudy::kReversed) / cold);
    ++objectives;
  }
  EXPECT_LT(std::exp(alike / objectives), 0.4);
  EXPECT_LT(std::exp(shuffled / objectives), 1.1);
  EXPECT_LT(std::exp(reversed / objectives), 1.1);
}

Space line() {
  return parse_space(nlohmann::ordered_json::parse(R"({"x": {"int": [0, 99]}})"), "space");
}

PriorStudy falling() {
  PriorStudy prior{"falling", {}};
  for (int64_t x = 0; x < 100; x += 10) {
    prior.findings.push_back({{Value(x)}, static_cast<double>(-x)});
  }
  return prior;
}

TEST(RankAgreement, IsKendallsTauLessItsDeviation) {
  const UnitSpace space(line());
  std::vector<Trial> trials;
  for (const int64_t x : {3, 41, 62, 88, 17}) {
    trials.push_back({0, {Value(x)}, TrialState::kComplete, {100.0 - static_cast<double>(x)}, {}});
  }
  std::vector<const Trial*> listed;
  for (const Trial& trial : trials) listed.push_back(&trial);
  // Five in perfect order: tau is 1, and by chance has the variance 2 (2 * 5 + 5) / (9 * 5 * 4).
  EXPECT_NEAR(rank_agreement(space, falling(), listed), 1 - std::sqrt(30.0 / 180), 1e-12);
  for (Trial& trial : trials) trial.values[0] = -trial.values[0];
  EXPECT_EQ(rank_agreement(space, falling(), listed), 0) << "the reverse is no agreement";
}

TEST(WarmStart, ProposesTheBestFirst) {
  WarmStartSampler sampler(make_sampler({}, line(), 1), line(), {falling()});
  EXPECT_EQ(sampler.ask(0, {}), (Configuration{int64_t{90}}));
  const std::vector<Trial> history = {{0, {Value(int64_t{90})}, TrialState::kRunning, {}, {}}};
  EXPECT_EQ(sampler.ask(4, history), (Configuration{int64_t{80}}));
}

}  // namespace
}  // namespace wattgrind
