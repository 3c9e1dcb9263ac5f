// How far samplers stay from the optimum after n trials.
//
//   tpe_regret run SAMPLER FIRST_SEED SEEDS [PARALLEL] > FILE.csv
//                                  SAMPLER: ours, hyperopt or random; PARALLEL trials in flight (1)
//   tpe_regret develop SAMPLER FIRST_SEED SEEDS [PARALLEL] > FILE.csv
//                                  on the objectives that the sampler was developed on
//   tpe_regret warm_start run|develop FIRST_SEED SEEDS > FILE.csv
//                                  searches that begin with an earlier study
//   tpe_regret evaluate                                  values for samplers outside this program
//   tpe_regret table FILE.csv...                         mean regrets, side by side
//   tpe_regret in_flight FILE.csv...                     those in parallel over those one at a
//   time, and
//                                  other samplers' over ours
//   tpe_regret earlier FILE.csv...                       those of warm_start over those begun cold
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
#include "experiments/tpe_regret/development.h"
#include "experiments/tpe_regret/objectives.h"
#include "experiments/tpe_regret/warm_start.h"
#include "search/samplers/sampler.h"

namespace wattgrind {
namespace {

constexpr std::array<int, 6> kCheckpoints = {10, 25, 50, 100, 200, 400};
constexpr std::array<int, 4> kInFlight = {2, 8, 32, 128};
constexpr double kFloor = 1e-4;  // of a mean regret, in ratios

constexpr std::array kEarlierStudies = {EarlierStudy::kNone, EarlierStudy::kAlike,
                                        EarlierStudy::kShuffled, EarlierStudy::kReversed};
const std::vector<uint64_t> kWarmCheckpoints = {10, 25, 50};
constexpr double kWarmFloor = 1e-3;

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

// A study of `parallel` trials in flight is compared after n trials where the first of them are at
// most half.
bool is_compared(int n, int parallel) { return n > kCheckpoints.front() && n >= 2 * parallel; }

// Also where a study that is told each result as late as studies in flight are has come as far.
bool is_checkpoint(int n) {
  for (const int checkpoint : kCheckpoints) {
    if (n == checkpoint) return true;
    for (const int parallel : kInFlight) {
      if (is_compared(checkpoint, parallel) && n == checkpoint - parallel + 1) return true;
    }
  }
  return false;
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
    if (is_checkpoint(n)) {
      fmt::print("{},{},{},{},{:.17g},{}\n", label, objective.name, seed, n, regret, repeats);
    }
  }
}

void run(const std::vector<BenchmarkObjective>& objectives, const std::string& sampler,
         uint64_t first_seed, uint64_t seeds, uint64_t parallel) {
  fmt::print("sampler,objective,seed,n,regret,repeats\n");
  for (const BenchmarkObjective& objective : objectives) {
    for (uint64_t s = 0; s < seeds; ++s) run_study(sampler, objective, first_seed + s, parallel);
  }
}

void run_warm_starts(const std::vector<BenchmarkObjective>& objectives, uint64_t first_seed,
                     uint64_t seeds) {
  fmt::print("sampler,objective,seed,n,regret,repeats\n");
  for (const BenchmarkObjective& objective : objectives) {
    for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
      for (const EarlierStudy kind : kEarlierStudies) {
        const std::vector<double> regrets =
            warm_start_regrets(objective, kind, seed, kWarmCheckpoints);
        for (size_t i = 0; i < regrets.size(); ++i) {
          fmt::print("{},{},{},{},{:.17g},0\n", to_string(kind), objective.name, seed,
                     kWarmCheckpoints[i], regrets[i]);
        }
      }
    }
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
  std::vector<double> regrets;  // one a seed

  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean())); }
  double error() const { return deviation() / std::sqrt(count); }
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
      mean.add(regret);
      mean.regrets.push_back(regret);
      mean.repeats += repeats;
    }
  }
  return means;
}

// Against Optuna 5: the geometric mean over objectives of the ratio of mean regrets, and the worst.
void print_against_optuna(const std::string& sampler,
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
  fmt::print("| sampler | objective | 10 | 25 | 50 | 100 | 200 | 400 | repeats in 200 |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  for (auto& [sampler, by_objective] : means) {
    for (auto& [objective, by_n] : by_objective) {
      fmt::print("| {} | {} |", sampler, objective);
      for (int n : kCheckpoints) {
        if (by_n[n].count == 0) {
          fmt::print(" - |");
        } else {
          fmt::print(" {:.4f} ± {:.4f} |", by_n[n].mean(), by_n[n].error());
        }
      }
      const Mean& at_200 = by_n[200];
      fmt::print(" {:.1f} |\n", static_cast<double>(at_200.repeats) / at_200.count);
    }
  }
  fmt::print("\n| sampler against Optuna 5 | 25 | 50 | 100 | 200 |\n|---|---|---|---|---|\n");
  for (auto& [sampler, by_objective] : means) print_against_optuna(sampler, by_objective);
}

using ByObjective = std::map<std::string, std::map<int, Mean>>;

// Mean regrets of one way of searching over those of another, in two ways: the geometric mean over
// the objectives of the ratio, regrets no lower than `floor`, and the ratio of the means over all
// objectives, which the hardest ones decide. `draws` draws the seeds to take, for bootstraps.
struct RegretRatios {
  double geometric = 0, of_means = 0;
};

RegretRatios ratios_of(const ByObjective& one, int after, const ByObjective& other, int other_after,
                       double floor, Random* draws) {
  double logs = 0, sum = 0, other_sum = 0;
  const auto mean_of = [draws](const std::vector<double>& regrets) {
    double total = 0;
    for (const double regret : regrets) {
      total += draws == nullptr ? regret : regrets[draws->below(regrets.size())];
    }
    return total / static_cast<double>(regrets.size());
  };
  for (const auto& [objective, by_n] : one) {
    const double regret = mean_of(by_n.at(after).regrets);
    const double compared = mean_of(other.at(objective).at(other_after).regrets);
    logs += std::log(std::max(regret, floor) / std::max(compared, floor));
    sum += regret;
    other_sum += compared;
  }
  return {std::exp(logs / static_cast<double>(one.size())), sum / other_sum};
}

// "geometric (of means)", each with its standard error by 200 bootstraps over the seeds.
void print_ratios(const ByObjective& one, int after, const ByObjective& other, int other_after,
                  double floor) {
  const RegretRatios found = ratios_of(one, after, other, other_after, floor, nullptr);
  constexpr int kBootstraps = 200;
  Random random(1);
  Mean geometric, of_means;
  for (int i = 0; i < kBootstraps; ++i) {
    const RegretRatios drawn = ratios_of(one, after, other, other_after, floor, &random);
    geometric.add(drawn.geometric);
    of_means.add(drawn.of_means);
  }
  fmt::print(" {:.2f} ± {:.2f} ({:.2f} ± {:.2f}) |", found.geometric, geometric.deviation(),
             found.of_means, of_means.deviation());
}

template <typename Print>
void print_in_flight_row(const std::string& label, int parallel, const ByObjective& results,
                         const Print& print) {
  fmt::print("| {} | {} |", label, parallel);
  for (const int n : kCheckpoints) {
    if (n == kCheckpoints.front()) continue;
    const bool known = results.begin()->second.contains(n);
    if (known && is_compared(n, parallel)) {
      print(n);
    } else {
      fmt::print(" - |");
    }
  }
  fmt::print("\n");
}

std::string in_flight_label(const std::string& sampler, int parallel) {
  return fmt::format("{}-x{}", sampler, parallel);
}

// What is called "ours-xP" over what is called "ours", and "NAME-xP" over "ours-xP".
void in_flight_table(std::span<char* const> files) {
  const Means means = read_results(files);
  const auto single = means.find("ours");
  if (single == means.end()) fail(ErrorKind::kInput, "no results of ours one at a time among them");
  fmt::print("| ours | in flight | 25 | 50 | 100 | 200 | 400 |\n|---|---|---|---|---|---|---|\n");
  for (const int parallel : kInFlight) {
    const auto found = means.find(in_flight_label("ours", parallel));
    if (found == means.end()) continue;
    print_in_flight_row("over one at a time", parallel, found->second,
                        [&](int n) { print_ratios(found->second, n, single->second, n, kFloor); });
    print_in_flight_row("told late", parallel, single->second, [&](int n) {
      print_ratios(single->second, n - parallel + 1, single->second, n, kFloor);
    });
  }
  fmt::print("\n| over ours | in flight | 25 | 50 | 100 | 200 | 400 |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  for (const auto& [label, results] : means) {
    const size_t at = label.rfind("-x");
    if (at == std::string::npos || label.starts_with("ours-")) continue;
    const int parallel = std::stoi(label.substr(at + 2));
    const auto ours = means.find(in_flight_label("ours", parallel));
    if (ours == means.end()) continue;
    print_in_flight_row(label.substr(0, at), parallel, results, [&, &theirs = results](int n) {
      print_ratios(theirs, n, ours->second, n, kFloor);
    });
  }
}

void warm_start_table(std::span<char* const> files) {
  const Means means = read_results(files);
  const ByObjective& cold = means.at("none");
  fmt::print("| earlier study |");
  for (const uint64_t n : kWarmCheckpoints) fmt::print(" {} |", n);
  fmt::print("\n|---|---|---|---|\n");
  for (const auto& [kind, results] : means) {
    if (kind == "none") continue;
    fmt::print("| {} |", kind);
    for (const uint64_t n : kWarmCheckpoints) {
      print_ratios(results, static_cast<int>(n), cold, static_cast<int>(n), kWarmFloor);
    }
    fmt::print("\n");
  }
}

int run_program(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if ((verb == "run" || verb == "develop") && (argc == 5 || argc == 6)) {
    run(verb == "run" ? benchmark_objectives() : development_objectives(), argv[2],
        std::stoull(argv[3]), std::stoull(argv[4]), argc == 6 ? std::stoull(argv[5]) : 1);
  } else if (verb == "warm_start" && argc == 5) {
    run_warm_starts(
        std::string(argv[2]) == "run" ? benchmark_objectives() : development_objectives(),
        std::stoull(argv[3]), std::stoull(argv[4]));
  } else if (verb == "evaluate" && argc == 2) {
    evaluate();
  } else if (verb == "table" && argc > 2) {
    table({argv + 2, argv + argc});
  } else if (verb == "in_flight" && argc > 2) {
    in_flight_table({argv + 2, argv + argc});
  } else if (verb == "earlier" && argc > 2) {
    warm_start_table({argv + 2, argv + argc});
  } else {
    fail(ErrorKind::kUsage,
         "wanted: tpe_regret run|develop SAMPLER FIRST_SEED SEEDS [PARALLEL] | evaluate | "
         "warm_start run|develop FIRST_SEED SEEDS | table|in_flight|earlier FILE.csv...");
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("tpe_regret",
                                   [&] { return wattgrind::run_program(argc, argv); });
}
