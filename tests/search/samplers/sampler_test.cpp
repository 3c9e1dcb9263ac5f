#include "search/samplers/sampler.h"

#include <gtest/gtest.h>

#include <limits>

#include "estimator/base/error.h"
#include "search/samplers/grid_sampler.h"

namespace wattgrind {
namespace {

std::string options_error(const char* text) {
  try {
    parse_sampler_options(nlohmann::ordered_json::parse(text), "f.json: sampler");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SamplerOptions, AreChecked) {
  EXPECT_EQ(options_error(R"({"kind": "tpe", "variant": "hyperopt"})"), "no error");
  EXPECT_EQ(options_error(R"({"kind": "anneal"})"),
            "f.json: sampler.kind: found \"anneal\", wanted \"random\", \"grid\" or \"tpe\"");
  EXPECT_EQ(options_error(R"({"kind": "tpe", "variant": "optuna"})"),
            "f.json: sampler.variant: found \"optuna\", wanted \"hyperopt\" or no such key");
  EXPECT_EQ(options_error(R"({"kind": "random", "noisy": true})"),
            "f.json: sampler.noisy: belongs to the sampler \"tpe\" alone, remove it");
  EXPECT_EQ(options_error(R"({"kind": "tpe", "fidelity": "images"})"),
            "f.json: sampler.fidelity: found \"images\", wanted \"epochs\" or no such key");
  EXPECT_EQ(options_error(R"({"kind": "grid", "fidelity": "epochs"})"),
            "f.json: sampler.fidelity: belongs to the sampler \"tpe\" alone, remove it");
  EXPECT_EQ(options_error(R"({"kind": "random", "points": 3})"),
            "f.json: sampler.points: found 3, wanted 1 to 1000000, with the sampler \"grid\"");
  EXPECT_EQ(options_error(R"({"startup": 3})"),
            "f.json: sampler.startup: unknown key, known are kind, variant, noisy, "
            "fidelity, points");
}

TEST(BestTrial, IsTheLowestFiniteValueOfACompleteTrial) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Trial> history = {
      {0, {}, TrialState::kComplete, {nan}, std::nullopt},
      {1, {}, TrialState::kComplete, {3.0}, std::nullopt},
      {2, {}, TrialState::kPruned, {1.0}, std::nullopt},
      {3, {}, TrialState::kInfeasible, {0.5}, std::nullopt},
      {5, {}, TrialState::kComplete, {2.0}, std::nullopt},
      {4, {}, TrialState::kComplete, {2.0}, std::nullopt},
      {6, {}, TrialState::kComplete, {-std::numeric_limits<double>::infinity()}, std::nullopt}};
  ASSERT_NE(best_trial(history), nullptr);
  EXPECT_EQ(best_trial(history)->number, 4u);
  EXPECT_EQ(best_trial(std::span(history).first(1)), nullptr);
}

TEST(GridSampler, RefusesSpacesTooLargeToNumber) {
  const Space space =
      parse_space(nlohmann::ordered_json::parse(
                      R"({"n": {"int": [40, 40]}, "w": {"int": [1, 9], "per": "n"}})"),
                  "space");
  EXPECT_THROW(GridSampler(space, 1, 5), Error);
}

}  // namespace
}  // namespace wattgrind
