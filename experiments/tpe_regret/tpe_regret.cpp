// How far samplers stay from the optimum after n trials.
//
//   tpe_regret run SAMPLER FIRST_SEED SEEDS [PARALLEL] > FILE.csv
//                                  SAMPLER: ours, hyperopt or random; PARALLEL trials in flight (1)
//   tpe_regret evaluate                                  values for samplers outside this program
//   tpe_regret table FILE.csv...                         mean regrets, side by side
//
// `evaluate` reads lines "OBJECTIVE SEED REPETITION X..." and answers "OBSERVED REGRET".
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "experiments/experiment.h"
#include "experiments/tpe_regret/objectives.h"
#include "search/samplers/sampler.h"

namespace wattgrind {
namespace {

constexpr std::array<int, 5> kCheckpoints = {10, 25, 50, 100, 200};
constexpr double kFloor = 1e-4;  // of a mean regret, in ratios

// Mean normalised regrets at 25, 50, 100, 200 trials of Optuna 5's default, 20 seeds: what the
// targets are stated against.
const std::map<std::string, std::array<double, 4>> kOptuna5 = {
    {"mlp3", {.067, .022, .0014, .0001}},
    {"mlp3n", {.065, .040, .013, .0047}},
    {"cnn4", {.109, .048, .0095, .0001}},
    {"cnn4n", {.121, .056, .021, .012}},
    {"rast4d", {.416, .318, .211, .122}}};

SamplerOptions options_of(const std::string& name, const BenchmarkObjective& objective) {
  SamplerOptions options;
  if (name == "ours") {
    options.noisy = objective.noisy;
  } else if (name == "hyperopt") {
    options.hyperopt = true;
  } else if (name == "random") {
    options.kind = SamplerKind::kRandom;
  } else {
    fail(ErrorKind::kUsage, "sampler: found \"{}\", wanted ours, hyperopt or random", name);
  }
  return options;
}

const BenchmarkObjective& find_objective(const std::vector<BenchmarkObjective>& all,
                                         const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&name](const BenchmarkObjective& o) { return o.name == name; });
  if (found == all.end()) fail(ErrorKind::kUsage, "objective: found \"{}\", no such", name);
  return *found;
}

double observe(const BenchmarkObjective& objective, std::span<const double> x, uint64_t seed,
               uint64_t repetition) {
  return objective.noisy ? objective.observed(x, seed, repetition) : objective.true_value(x);
}

// One study: a line at each checkpoint of trials that have ended, with the regret of the best
// observed. So many trials are in flight all the time; which of them ends next is drawn.
void run_study(const std::string& sampler_name, const BenchmarkObjective& objective, uint64_t seed,
               uint64_t parallel) {
  const std::string label =
      parallel == 1 ? sampler_name : fmt::format("{}-x{}", sampler_name, parallel);
  Random random(derive_seed(seed, parallel));
  const auto sampler = make_sampler(options_of(sampler_name, objective), objective.space, seed);
  std::vector<Trial> history;
  std::map<std::vector<double>, uint64_t> evaluations;
  double best = INFINITY, regret = INFINITY;
  int repeats = 0;
  std::vector<size_t> in_flight;
  for (int n = 1; n <= kCheckpoints.back(); ++n) {
    while (in_flight.size() < parallel) {
      const uint64_t number = history.size();
      std::optional<Configuration> asked = sampler->ask(number, history);
      CHECK(asked.has_value(), "trial {}", number);
      in_flight.push_back(history.size());
      history.push_back({number, std::move(*asked), TrialState::kRunning, {}, std::nullopt});
    }
    const uint64_t drawn = random.below(in_flight.size());
    Trial& ended = history[in_flight[drawn]];
    in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(drawn));
    const std::vector<double> x = coordinates(objective.space, ended.configuration);
    const uint64_t repetition = evaluations[x]++;
    if (repetition > 0) ++repeats;
    const double value = observe(objective, x, seed, repetition);
    if (value < best) {
      best = value;
      regret = objective.regret(objective.true_value(x));
    }
    ended.state = TrialState::kComplete;
    ended.values = {value};
    if (std::find(kCheckpoints.begin(), kCheckpoints.end(), n) != kCheckpoints.end()) {
      fmt::print("{},{},{},{},{:.17g},{}\n", label, objective.name, seed, n, regret, repeats);
    }
  }
}

void run(const std::string& sampler, uint64_t first_seed, uint64_t seeds, uint64_t parallel) {
  fmt::print("sampler,objective,seed,n,regret,repeats\n");
  for (const BenchmarkObjective& objective : benchmark_objectives()) {
    for (uint64_t s = 0; s < seeds; ++s) run_study(sampler, objective, first_seed + s, parallel);
  }
}

void evaluate() {
  const std::vector<BenchmarkObjective> objectives = benchmark_objectives();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t seed = 0, repetition = 0;
    words >> name >> seed >> repetition;
    const BenchmarkObjective& objective = find_objective(objectives, name);
    std::vector<double> x;
    for (double v = 0; words >> v;) x.push_back(v);
    if (x.size() != objective.space.size()) fail(ErrorKind::kUsage, "wrong line: {}", line);
    fmt::print("{:.17g} {:.17g}\n", observe(objective, x, seed, repetition),
               objective.regret(objective.true_value(x)));
    std::cout.flush();
    std::fflush(stdout);
  }
}

struct Mean {
  double sum = 0, squares = 0;
  int count = 0;
  int repeats = 0;

  double mean() const { return sum / count; }
  double error() const {
    return std::sqrt(std::max(0.0, squares / count - mean() * mean()) / count);
  }
};

using Means = std::map<std::string, std::map<std::string, std::map<int, Mean>>>;

Means read_results(std::span<char* const> files) {
  Means means;
  for (const char* file : files) {
    std::ifstream in(file);
    std::string line;
    for (std::getline(in, line); std::getline(in, line);) {
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream words(line);
      std::string sampler, objective;
      int seed = 0, n = 0, repeats = 0;
      double regret = 0;
      if (!(words >> sampler >> objective >> seed >> n >> regret >> repeats)) {
        fail(ErrorKind::kInput, "{}: wrong line: {}", file, line);
      }
      Mean& mean = means[sampler][objective][n];
      mean.sum += regret;
      mean.squares += regret * regret;
      mean.repeats += repeats;
      ++mean.count;
    }
  }
  return means;
}

// Against Optuna 5: the geometric mean over objectives of the ratio of mean regrets, and the worst.
void print_ratios(const std::string& sampler,
                  std::map<std::string, std::map<int, Mean>>& by_objective) {
  fmt::print("| {} |", sampler);
  for (size_t i = 0; i < 4; ++i) {
    double logs = 0, worst = 0;
    for (const auto& [objective, published] : kOptuna5) {
      const double regret = by_objective[objective][kCheckpoints[i + 1]].mean();
      const double ratio = std::max(regret, kFloor) / std::max(published[i], kFloor);
      logs += std::log(ratio) / static_cast<double>(kOptuna5.size());
      worst = std::max(worst, ratio);
    }
    fmt::print(" {:.2f} (worst {:.2f}) |", std::exp(logs), worst);
  }
  fmt::print("\n");
}

void table(std::span<char* const> files) {
  Means means = read_results(files);
  fmt::print("| sampler | objective | 10 | 25 | 50 | 100 | 200 | repeats in 200 |\n");
  fmt::print("|---|---|---|---|---|---|---|---|\n");
  for (auto& [sampler, by_objective] : means) {
    for (auto& [objective, by_n] : by_objective) {
      fmt::print("| {} | {} |", sampler, objective);
      for (int n : kCheckpoints) fmt::print(" {:.4f} ± {:.4f} |", by_n[n].mean(), by_n[n].error());
      const Mean& last = by_n[kCheckpoints.back()];
      fmt::print(" {:.1f} |\n", static_cast<double>(last.repeats) / last.count);
    }
  }
  fmt::print("\n| sampler against Optuna 5 | 25 | 50 | 100 | 200 |\n|---|---|---|---|---|\n");
  for (auto& [sampler, by_objective] : means) print_ratios(sampler, by_objective);
}

int run_program(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "run" && (argc == 5 || argc == 6)) {
    run(argv[2], std::stoull(argv[3]), std::stoull(argv[4]), argc == 6 ? std::stoull(argv[5]) : 1);
  } else if (verb == "evaluate" && argc == 2) {
    evaluate();
  } else if (verb == "table" && argc > 2) {
    table({argv + 2, argv + argc});
  } else {
    fail(ErrorKind::kUsage,
         "wanted: tpe_regret run SAMPLER FIRST_SEED SEEDS [PARALLEL] | evaluate | "
         "table FILE.csv...");
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("tpe_regret",
                                   [&] { return wattgrind::run_program(argc, argv); });
}
