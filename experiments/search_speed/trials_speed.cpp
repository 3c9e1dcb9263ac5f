// Trials a second of whole searches on one thread: suggestion, costs, training.
//
//   trials_speed SEARCH.json TRIALS
//
// As the search runs it, and with the history kept from the evaluation, so that every candidate is
// trained.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"
#include "search/candidates/candidate_evaluation.h"

namespace wattgrind {
namespace {

double seconds(std::clock_t clocks) { return static_cast<double>(clocks) / CLOCKS_PER_SEC; }

struct Times {
  double suggestions_s = 0, costs_s = 0, training_s = 0;
  uint64_t trained = 0;
};

Times run(const SearchConfig& config, uint64_t trials, bool told_history) {
  CandidateEvaluation evaluation(config);
  const auto sampler = make_sampler(config.sampler, config.space, config.seed);
  std::vector<Trial> history;
  Times times;
  for (uint64_t number = 0; number < trials; ++number) {
    const std::clock_t start = std::clock();
    Configuration asked = sampler->ask(number, history).value();
    times.suggestions_s += seconds(std::clock() - start);
    Outcome outcome = evaluation.evaluate(
        asked, told_history ? std::span<const Trial>(history) : std::span<const Trial>());
    const auto& timing = outcome.result.at("timing_s");
    times.costs_s += timing.at("costs").get<double>();
    times.training_s += timing.value("training", 0.0);
    times.trained += timing.contains("training") ? 1 : 0;
    history.push_back(
        {number, std::move(asked), outcome.state, std::move(outcome.values), outcome.violation});
  }
  return times;
}

void report(const char* file, uint64_t trials) {
  const SearchConfig config = read_search_config(read_file(file), file);
  for (const bool told_history : {true, false}) {
    const std::clock_t start = std::clock();
    const Times times = run(config, trials, told_history);
    const double total_s = seconds(std::clock() - start);
    const auto count = static_cast<double>(trials);
    fmt::print("{},{},{},{},{:.2f},{:.2f},{:.2f},{:.2f}\n", config.name,
               told_history ? "pruning" : "training all", trials, times.trained, count / total_s,
               1e3 * times.suggestions_s / count, 1e3 * times.costs_s / count,
               1e3 * times.training_s / static_cast<double>(times.trained));
  }
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: trials_speed SEARCH.json TRIALS\n");
    return 2;
  }
  fmt::print("search,how,trials,trained,trials_per_s,suggestion_ms,costs_ms,training_ms\n");
  try {
    wattgrind::report(argv[1], std::strtoull(argv[2], nullptr, 10));
  } catch (const wattgrind::Error& error) {
    fmt::print(stderr, "trials_speed: {}\n", error.what());
    return 1;
  }
}
