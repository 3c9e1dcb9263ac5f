#include "experiments/tpe_regret/warm_start.h"

#include <cmath>
#include <utility>

#include "estimator/base/random.h"
#include "search/samplers/warm_start.h"

namespace wattgrind {
namespace {

constexpr uint64_t kEarlierTrials = 60;

double observe(const BenchmarkObjective& objective, std::span<const double> x, uint64_t seed,
               uint64_t repetition) {
  return objective.noisy ? objective.observed(x, seed, repetition) : objective.true_value(x);
}

std::vector<Trial> trials_of(Sampler& sampler, const BenchmarkObjective& objective, uint64_t seed,
                             uint64_t trials) {
  std::vector<Trial> history;
  for (uint64_t i = 0; i < trials; ++i) {
    const Configuration asked = sampler.ask(i, history).value();
    const double value = observe(objective, coordinates(objective.space, asked), seed, i);
    history.push_back({i, asked, TrialState::kComplete, {value}, std::nullopt});
  }
  return history;
}

PriorStudy earlier_study(const BenchmarkObjective& objective, uint64_t seed, EarlierStudy kind) {
  SamplerOptions options;
  options.noisy = objective.noisy;
  if (kind == EarlierStudy::kReversed) options = {.kind = SamplerKind::kRandom};
  const auto sampler = make_sampler(options, objective.space, derive_seed(seed, 777));
  PriorStudy prior{"earlier", {}};
  for (const Trial& trial : trials_of(*sampler, objective, seed + 1, kEarlierTrials)) {
    const double value = trial.values[0];
    prior.findings.push_back(
        {trial.configuration, kind == EarlierStudy::kReversed ? -value : value});
  }
  Random random(seed);
  for (size_t i = prior.findings.size(); kind == EarlierStudy::kShuffled && i > 1; --i) {
    std::swap(prior.findings[i - 1].value, prior.findings[random.below(i)].value);
  }
  return prior;
}

}  // namespace

std::string_view to_string(EarlierStudy kind) {
  switch (kind) {
    case EarlierStudy::kNone:
      return "none";
    case EarlierStudy::kAlike:
      return "alike";
    case EarlierStudy::kShuffled:
      return "shuffled";
    case EarlierStudy::kReversed:
      return "reversed";
  }
  return "";
}

std::vector<double> warm_start_regrets(const BenchmarkObjective& objective, EarlierStudy kind,
                                       uint64_t seed, const std::vector<uint64_t>& checkpoints) {
  SamplerOptions options;
  options.noisy = objective.noisy;
  auto sampler = make_sampler(options, objective.space, seed);
  if (kind != EarlierStudy::kNone) {
    std::vector<PriorStudy> priors = {earlier_study(objective, seed, kind)};
    sampler =
        std::make_unique<WarmStartSampler>(std::move(sampler), objective.space, std::move(priors));
  }
  const std::vector<Trial> history = trials_of(*sampler, objective, seed, checkpoints.back());
  std::vector<double> regrets;
  for (const uint64_t trials : checkpoints) {
    const Trial* best = best_trial(std::span(history).first(trials));
    const std::vector<double> x = coordinates(objective.space, best->configuration);
    regrets.push_back(objective.regret(objective.true_value(x)));
  }
  return regrets;
}

}  // namespace wattgrind
