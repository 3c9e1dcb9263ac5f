// Milliseconds of processor time a suggestion takes, by the number of trials there are: cnn4 of
// tpe_regret.
//
//   search_speed > ours.csv
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "experiments/tpe_regret/objectives.h"
#include "search/samplers/sampler.h"

namespace wattgrind {
namespace {

// Suggestions that are timed: as many as lie between two fits of the model, so that each bears its
// share of a fit.
constexpr uint64_t kTimed = 64;

Trial completed(const BenchmarkObjective& objective, uint64_t number, Configuration configuration) {
  const double value = objective.true_value(coordinates(objective.space, configuration));
  return {number, std::move(configuration), TrialState::kComplete, {value}, std::nullopt};
}

// Random trials first, then suggestions, each told before the next.
void time_sampler(const std::string& name, const SamplerOptions& options, uint64_t trials) {
  const std::vector<BenchmarkObjective> objectives = benchmark_objectives();
  const BenchmarkObjective& objective =
      *std::find_if(objectives.begin(), objectives.end(),
                    [](const BenchmarkObjective& o) { return o.name == "cnn4"; });
  SamplerOptions random_options;
  random_options.kind = SamplerKind::kRandom;
  const auto random = make_sampler(random_options, objective.space, 1);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < trials; ++i) {
    history.push_back(completed(objective, i, random->ask(i, history).value()));
  }
  const auto sampler = make_sampler(options, objective.space, 2);
  std::vector<double> times;
  double first = 0;
  for (uint64_t i = trials; i < trials + kTimed + 1; ++i) {
    const std::clock_t start = std::clock();
    Configuration asked = sampler->ask(i, history).value();
    const double elapsed = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (i == trials) {
      first = elapsed;
    } else {
      times.push_back(elapsed);
    }
    history.push_back(completed(objective, i, std::move(asked)));
  }
  double sum = 0;
  for (double time : times) sum += time;
  std::sort(times.begin(), times.end());
  fmt::print("{},{},{:.4f},{:.4f},{:.4f}\n", name, trials, sum / static_cast<double>(times.size()),
             times[times.size() / 2], first);
}

}  // namespace
}  // namespace wattgrind

int main() {
  using wattgrind::SamplerOptions;
  fmt::print("sampler,trials,mean_ms,median_ms,first_ms\n");
  SamplerOptions hyperopt;
  hyperopt.hyperopt = true;
  SamplerOptions noisy;
  noisy.noisy = true;
  for (uint64_t trials : {100, 1000, 5000}) {
    wattgrind::time_sampler("ours", SamplerOptions(), trials);
    wattgrind::time_sampler("ours-noisy", noisy, trials);
    wattgrind::time_sampler("ours-hyperopt", hyperopt, trials);
  }
}
