// What search/samplers/sampler.h promises, asked of every sampler.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/samplers/sampler.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

struct Subject {
  const char* name;
  const char* options;
  bool may_repeat;  // proposes a configuration it has tried, though others are left
};

// What ctest shows of a subject: without it, bytes that differ from build to build.
void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

Space space_of(const char* text) {
  return parse_space(nlohmann::ordered_json::parse(text), "space");
}

Space mixed_space() {
  return space_of(R"({"layers": {"int": [1, 4]}, "widths": {"int": [1, 6], "per": "layers"},
    "rate": {"float": [1e-4, 1], "log": true}, "batch": {"int": [1, 512], "log": true},
    "optimizer": {"choice": ["adam", "sgd", "rmsprop"]},
    "momentum": {"float": [0, 1], "when": {"optimizer": "sgd"}}})");
}

double objective(const Space& space, const Configuration& configuration) {
  double sum = 0;
  for (size_t i = 0; i < space.size(); ++i) {
    if (!configuration[i]) continue;
    const double* real = std::get_if<double>(&*configuration[i]);
    const int64_t* integer = std::get_if<int64_t>(&*configuration[i]);
    const double x = real ? *real : integer ? static_cast<double>(*integer) : 1.0;
    sum += (x - 2) * (x - 2);
  }
  return sum;
}

Trial completed(const Space& space, uint64_t number, Configuration configuration) {
  const double value = objective(space, configuration);
  return {number, std::move(configuration), TrialState::kComplete, {value}, std::nullopt};
}

class SamplerContract : public testing::TestWithParam<Subject> {
 protected:
  std::unique_ptr<Sampler> sampler(const Space& space, uint64_t seed) const {
    const auto json = nlohmann::ordered_json::parse(GetParam().options);
    return make_sampler(parse_sampler_options(json, "sampler"), space, seed);
  }

  std::vector<Trial> run(Sampler& asked, const Space& space, uint64_t trials) const {
    std::vector<Trial> history;
    for (uint64_t i = 0; i < trials; ++i) {
      const auto configuration = asked.ask(i, history);
      if (!configuration) break;
      history.push_back(completed(space, i, *configuration));
    }
    return history;
  }
};

void expect_valid(const Space& space, const Configuration& configuration) {
  // Reading back what is written checks activity, types and bounds.
  EXPECT_EQ(parse_configuration(space, to_json(space, configuration), "asked"), configuration);
}

TEST_P(SamplerContract, ProposesValidConfigurations) {
  const Space space = mixed_space();
  const auto asked = sampler(space, 1);
  const std::vector<Trial> history = run(*asked, space, 120);
  ASSERT_EQ(history.size(), 120u);
  for (const Trial& trial : history) expect_valid(space, trial.configuration);
}

TEST_P(SamplerContract, IsAFunctionOfTheHistory) {
  const Space space = mixed_space();
  const auto asked = sampler(space, 5);
  std::vector<Trial> history = run(*asked, space, 60);
  std::vector<Trial> replayed;
  const auto resumed = sampler(space, 5);
  std::vector<Trial> shuffled(history.begin(), history.begin() + 40);
  std::reverse(shuffled.begin(), shuffled.end());
  EXPECT_EQ(resumed->ask(40, shuffled), history[40].configuration) << "resumed at 40";
  const std::vector<Trial> first(history.begin(), history.begin() + 25);
  EXPECT_EQ(resumed->ask(25, first), history[25].configuration) << "asked again, further back";
  for (uint64_t i = 0; i < 60; ++i) {
    const auto configuration = resumed->ask(i, replayed);
    ASSERT_EQ(configuration, history[i].configuration) << "replayed, trial " << i;
    replayed.push_back(history[i]);
  }
}

TEST_P(SamplerContract, DiffersBySeedAndNumber) {
  const Space space = mixed_space();
  EXPECT_NE(sampler(space, 1)->ask(0, {}), sampler(space, 2)->ask(0, {}));
  EXPECT_NE(sampler(space, 1)->ask(0, {}), sampler(space, 1)->ask(1, {}));
}

TEST_P(SamplerContract, BearsFailuresOfEveryKind) {
  const Space space = mixed_space();
  const auto asked = sampler(space, 3);
  std::vector<Trial> history;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (uint64_t i = 0; i < 90; ++i) {
    const auto configuration = asked->ask(i, history);
    ASSERT_TRUE(configuration);
    expect_valid(space, *configuration);
    Trial trial = completed(space, i, *configuration);
    const double value = trial.values[0];
    switch (i % 8) {
      case 0:
        trial = {i, *configuration, TrialState::kFailed, {}, std::nullopt};
        break;
      case 1:
        trial.values = {nan};
        break;
      case 2:
        trial.values = {std::numeric_limits<double>::infinity()};
        break;
      case 3:
        trial = {i, *configuration, TrialState::kInfeasible, {value}, value};
        break;
      case 4:
        trial = {i, *configuration, TrialState::kInfeasible, {}, std::nullopt};
        break;
      case 5:
        trial = {i, *configuration, TrialState::kPruned, {value / 2}, std::nullopt};
        break;
      default:
        break;
    }
    history.push_back(trial);
  }
}

TEST_P(SamplerContract, BearsHistoriesWithNothingUsable) {
  const Space space = mixed_space();
  for (const TrialState state :
       {TrialState::kFailed, TrialState::kRunning, TrialState::kPruned, TrialState::kInfeasible}) {
    const auto asked = sampler(space, 4);
    std::vector<Trial> history;
    for (uint64_t i = 0; i < 40; ++i) {
      const auto configuration = asked->ask(i, history);
      ASSERT_TRUE(configuration);
      expect_valid(space, *configuration);
      history.push_back({i, *configuration, state, {}, std::nullopt});
    }
  }
}

TEST_P(SamplerContract, BearsConstantAndExtremeValues) {
  const Space space = mixed_space();
  for (const double value : {0.0, 1e308, -1e308, 5e-324}) {
    const auto asked = sampler(space, 6);
    std::vector<Trial> history;
    for (uint64_t i = 0; i < 40; ++i) {
      const auto configuration = asked->ask(i, history);
      ASSERT_TRUE(configuration);
      expect_valid(space, *configuration);
      const double sign = value == 0 || i % 2 ? 1 : -1;
      history.push_back({i, *configuration, TrialState::kComplete, {sign * value}, std::nullopt});
    }
  }
}

TEST_P(SamplerContract, BearsSeveralObjectives) {
  const Space space = mixed_space();
  const auto asked = sampler(space, 8);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 60; ++i) {
    const auto configuration = asked->ask(i, history);
    ASSERT_TRUE(configuration);
    expect_valid(space, *configuration);
    history.push_back(completed(space, i, *configuration));
    history.back().values.push_back(-history.back().values[0]);
    if (i % 7 == 3) history.back().values.pop_back();  // one too few
  }
}

TEST_P(SamplerContract, KeepsTrialsInFlightApart) {
  const Space space = space_of(R"({"a": {"int": [0, 99]}, "b": {"int": [0, 99]}})");
  const auto asked = sampler(space, 9);
  std::vector<Trial> history = run(*asked, space, 40);
  std::vector<std::string> in_flight;
  for (uint64_t i = 40; i < 48; ++i) {
    const auto configuration = asked->ask(i, history);
    ASSERT_TRUE(configuration);
    history.push_back({i, *configuration, TrialState::kRunning, {}, std::nullopt});
    in_flight.push_back(to_string(space, *configuration));
  }
  std::sort(in_flight.begin(), in_flight.end());
  const auto repeated = std::unique(in_flight.begin(), in_flight.end());
  if (!GetParam().may_repeat) {
    EXPECT_EQ(repeated, in_flight.end());
  }
}

TEST_P(SamplerContract, TriesEveryConfigurationOfASmallSpaceOnce) {
  if (GetParam().may_repeat) GTEST_SKIP() << "skipped: draws independently of what was tried";
  const Space space = space_of(R"({"a": {"int": [0, 5]}, "b": {"choice": ["x", "y", "z"]},
    "c": {"int": [1, 3], "when": {"b": "y"}}})");
  const auto asked = sampler(space, 11);
  const std::vector<Trial> history = run(*asked, space, 1000);
  std::vector<std::string> tried;
  for (const Trial& trial : history) tried.push_back(to_string(space, trial.configuration));
  std::sort(tried.begin(), tried.end());
  EXPECT_EQ(std::unique(tried.begin(), tried.end()), tried.end()) << "a configuration twice";
  EXPECT_EQ(tried.size(), count_configurations(space));
}

TEST_P(SamplerContract, HandlesASpaceOfOneConfiguration) {
  const Space space = space_of(R"({"a": {"int": [3, 3]}, "b": {"choice": ["x"]},
                                   "c": {"float": [0.5, 0.5]}})");
  const auto asked = sampler(space, 1);
  const auto configuration = asked->ask(0, {});
  ASSERT_TRUE(configuration);
  EXPECT_EQ(to_string(space, *configuration), "a=3 b=x c=0.5");
}

INSTANTIATE_TEST_SUITE_P(
    All, SamplerContract,
    testing::Values(Subject{"random", R"({"kind": "random"})", true},
                    Subject{"grid", R"({"kind": "grid"})", false},
                    Subject{"tpe", R"({"kind": "tpe"})", false},
                    Subject{"tpe_noisy", R"({"kind": "tpe", "noisy": true})", true},
                    Subject{"tpe_epochs", R"({"kind": "tpe", "fidelity": "epochs"})", false},
                    Subject{"hyperopt", R"({"kind": "tpe", "variant": "hyperopt"})", true}),
    [](const auto& subject) { return std::string(subject.param.name); });

}  // namespace
}  // namespace wattgrind
