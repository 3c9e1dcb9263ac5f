#include "experiments/powerml/studies.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/measurements.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

// Of the random pool; no study's sampler has it.
constexpr uint64_t kPoolSeed = 1000;

std::string architecture(const std::string& topology, const CsvTable& table, const CsvRow& row) {
  const auto field = [&](std::string_view column) { return row.fields.at(table.column(column)); };
  const std::string size = field("width_or_filters");
  return topology == "cnn"
             ? fmt::format("{} x {} of {}x{}, batch {}", field("layers"), size,
                           field("filter_size"), field("filter_size"), field("batch"))
             : fmt::format("{} x {}, batch {}", field("layers"), size, field("batch"));
}

NormalisedCosts relative(CandidateTable& table, const CandidateCosts& costs,
                         const CandidateCosts& reference) {
  return normalise(costs, reference, table.config().objective.unit);
}

// The configured reference's costs, whatever the setting.
CandidateCosts reference_costs(CandidateTable& table) {
  return table.evaluation().costs(table.config().reference.value());
}

// What a search tells of a candidate: pruned by its least costs, by its costs, infeasible, or
// complete. `found` is what the table knows, where that was asked.
Trial judge(CandidateTable& table, const Objective& objective, const CandidateCosts& reference,
            Trial trial, std::span<const Trial> history, std::optional<EvaluatedCandidate>& found) {
  const auto rule_out = [&](const CandidateCosts& costs) {
    trial.values = objective_bound(objective, relative(table, costs, reference));
    trial.state = TrialState::kPruned;
    return ruled_out_by(trial.values, history) != nullptr;
  };
  if (rule_out(table.least_costs(trial.configuration))) return trial;
  found = table.find(trial.configuration);
  if (rule_out(found->costs)) return trial;
  trial.values =
      objective_values(objective, relative(table, found->costs, reference), found->score);
  trial.state = TrialState::kComplete;
  if (const auto violated = violation(objective.limits, found->costs, found->score)) {
    trial.state = TrialState::kInfeasible;
    trial.violation = violated->excess;
  }
  return trial;
}

}  // namespace

std::vector<Setting> read_settings(const std::string& topology) {
  const std::filesystem::path path = measurements_file("powerml_figure2.csv");
  const CsvTable table = parse_csv(read_file(path), path.filename().string());
  const auto number = [&](const CsvRow& row, std::string_view column) {
    return table.number(row, table.column(column));
  };
  std::vector<Setting> settings;
  for (const CsvRow& row : table.rows) {
    if (row.fields.at(table.column("topology")) != topology) continue;
    settings.push_back({static_cast<int>(number(row, "trial")), number(row, "alpha"),
                        number(row, "beta"), number(row, "score"), number(row, "train_cost"),
                        number(row, "infer_cost"), architecture(topology, table, row)});
  }
  return settings;
}

Objective objective_of(const Setting& setting, std::optional<double> least_score) {
  Objective objective;
  objective.alpha = setting.alpha;
  objective.beta = setting.beta;
  objective.limits.score = least_score;
  return objective;
}

StudyRun run_study(CandidateTable& table, const Objective& objective, uint64_t sampler_seed,
                   uint64_t trials) {
  const SearchConfig& config = table.config();
  const CandidateCosts reference = reference_costs(table);
  const auto sampler = make_sampler(config.sampler, config.space, sampler_seed);
  std::vector<Trial> history;
  std::optional<Judged> best;
  StudyRun run;
  for (uint64_t number = 0; number < trials; ++number) {
    const Configuration asked = sampler->ask(number, history).value();
    std::optional<EvaluatedCandidate> found;
    history.push_back(judge(table, objective, reference,
                            {number, asked, TrialState::kRunning, {}, std::nullopt}, history,
                            found));
    const Trial& trial = history.back();
    run.asked.push_back(asked);
    run.pruned += trial.state == TrialState::kPruned ? 1 : 0;
    if (has_value(trial) && (!best || trial.values[0] < best->value)) {
      best = Judged{asked, found.value(), trial.values[0]};
    }
    run.best.push_back(best);
  }
  return run;
}

std::optional<Judged> best_of_pool(CandidateTable& table, const Objective& objective,
                                   std::span<const Configuration> pool) {
  const CandidateCosts reference = reference_costs(table);
  std::optional<Judged> best;
  for (const Configuration& configuration : pool) {
    const NormalisedCosts least = relative(table, table.least_costs(configuration), reference);
    if (best && objective_bound(objective, least)[0] >= best->value) continue;
    const EvaluatedCandidate found = table.find(configuration);
    if (violation(objective.limits, found.costs, found.score)) continue;
    const double value =
        objective_values(objective, relative(table, found.costs, reference), found.score)[0];
    if (!best || value < best->value) best = Judged{configuration, found, value};
  }
  return best;
}

std::vector<Configuration> draw_pool(const Space& space, uint64_t size) {
  Random random(kPoolSeed);
  std::vector<Configuration> pool;
  for (uint64_t i = 0; i < size; ++i) pool.push_back(draw_uniform(space, random));
  return pool;
}

void in_parallel(size_t count, size_t threads, const std::function<void(size_t)>& run) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      try {
        for (size_t i = next++; i < count; i = next++) run(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        next = count;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace wattgrind
