#include "search/candidates/candidate_evaluation.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/base/random.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// FNV-1a (Fowler, Noll, Vo): the same on every platform.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xCBF29CE484222325u;
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  return value;
}

DataSet load_checked(const SearchConfig& config) {
  DataSet data = load_data(config.data);
  const FeatureShape& wanted = config.form.task.input;
  if (data.train.shape != wanted) {
    fail(ErrorKind::kInput, "{}: images of {}, wanted {}: a search takes no others",
         describe(config.data), to_string(data.train.shape), to_string(wanted));
  }
  CHECK(data.validation.size() > 0, "no validation images of {}", config.data.set);
  return data;
}

Json describe_candidate(const Candidate& candidate) {
  return {{"network", candidate.network.name}, {"batch", candidate.batch}};
}

// Everything but what training costs.
void add_sizes(const CandidateCosts& costs, int64_t infer_batch, Json& result) {
  result["parameters"] = costs.parameters;
  result["macs"] = costs.macs;
  result["infer_cycles"] = costs.infer.cycles.value();
  result["infer_energy_pj"] = costs.infer.energy.value();
  if (infer_batch == 1) return;
  const auto images = static_cast<double>(infer_batch);
  result["infer_batch_cycles"] = costs.infer.cycles.value() * images;
  result["infer_batch_energy_pj"] = costs.infer.energy.value() * images;
}

// The trial with the lowest number.
const Trial* first_trial(std::span<const Trial> history) {
  const auto first =
      std::min_element(history.begin(), history.end(),
                       [](const Trial& a, const Trial& b) { return a.number < b.number; });
  return first == history.end() ? nullptr : &*first;
}

}  // namespace

CandidateEvaluation::CandidateEvaluation(SearchConfig config, const Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      data_(load_checked(config_)),
      cost_model_(config_.machine, {data_.train.size(), config_.epochs}, config_.infer_batch) {}

Candidate CandidateEvaluation::candidate(const Configuration& configuration) const {
  return make_candidate(config_.form, to_json(config_.space, configuration), config_.name);
}

std::optional<Candidate> CandidateEvaluation::reference(std::span<const Trial> history) const {
  if (config_.reference) return config_.reference;
  const Trial* first = first_trial(history);
  if (first == nullptr) return std::nullopt;
  return candidate(first->configuration);
}

NormalisedCosts CandidateEvaluation::normalised(const CandidateCosts& costs,
                                                const CandidateCosts& reference) const {
  return normalise(costs, reference, config_.objective.unit);
}

Outcome CandidateEvaluation::evaluate(const Configuration& configuration,
                                      std::span<const Trial> history) {
  const Candidate found = candidate(configuration);
  Outcome outcome;
  outcome.result = describe_candidate(found);
  try {
    evaluate(found, reference(history).value_or(found), history, outcome);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    record_failure(error.what(), outcome);  // the candidate's, not the study's
  } catch (const std::bad_alloc&) {
    record_failure("out of memory", outcome);
  }
  return outcome;
}

Outcome CandidateEvaluation::give_up(const Configuration& configuration, uint64_t workers_lost) {
  Outcome outcome;
  outcome.result = describe_candidate(candidate(configuration));
  record_failure(Evaluation::give_up(configuration, workers_lost).result.at("error"), outcome);
  return outcome;
}

void CandidateEvaluation::record_failure(const std::string& error, Outcome& outcome) const {
  outcome.state = TrialState::kFailed;
  outcome.result["score"] = 1.0 / data_.classes;
  outcome.result["error"] = error;
}

void CandidateEvaluation::evaluate(const Candidate& candidate, const Candidate& reference,
                                   std::span<const Trial> history, Outcome& outcome) {
  Json& result = outcome.result;
  const double start_s = clock_.now_s();
  const CandidateCosts reference_costs = cost_model_.costs(reference);
  const CandidateCosts least = cost_model_.least_costs(candidate);
  add_sizes(least, config_.infer_batch, result);
  result["infer_cost"] = normalised(least, reference_costs).infer;
  if (rule_out(least, reference_costs, history, outcome)) {
    result["least_train_cost"] = normalised(least, reference_costs).train;
    result["timing_s"]["costs"] = clock_.now_s() - start_s;
    return;
  }
  const CandidateCosts costs = cost_model_.costs(candidate);
  result["train_cycles"] = costs.train.cycles.value();
  result["train_energy_pj"] = costs.train.energy.value();
  result["train_cost"] = normalised(costs, reference_costs).train;
  const double costs_end_s = clock_.now_s();
  result["timing_s"]["costs"] = costs_end_s - start_s;
  if (rule_out(costs, reference_costs, history, outcome)) return;
  score(candidate, costs, normalised(costs, reference_costs), outcome);
  result["timing_s"]["training"] = clock_.now_s() - costs_end_s;
}

bool CandidateEvaluation::rule_out(const CandidateCosts& costs, const CandidateCosts& reference,
                                   std::span<const Trial> history, Outcome& outcome) const {
  if (const auto violated = violation(config_.objective.limits, costs, std::nullopt)) {
    outcome.state = TrialState::kInfeasible;
    outcome.violation = violated->excess;
    outcome.result["exceeded"] = violated->exceeded;
    return true;
  }
  const std::vector<double> bound =
      objective_bound(config_.objective, normalised(costs, reference));
  const Trial* better = ruled_out_by(bound, history);
  if (better == nullptr) return false;
  outcome.state = TrialState::kPruned;
  outcome.values = bound;
  outcome.result["bound"] = bound;
  outcome.result["ruled_out_by"] = better->number;
  return true;
}

void CandidateEvaluation::score(const Candidate& candidate, const CandidateCosts& costs,
                                const NormalisedCosts& normalised, Outcome& outcome) const {
  const Training training = train(candidate, data_.validation);
  outcome.result["score"] = training.score;
  if (std::isfinite(training.loss)) outcome.result["loss"] = training.loss;
  outcome.result["learning"] = name(training.learning);
  if (const auto violated = violation(config_.objective.limits, costs, training.score)) {
    outcome.state = TrialState::kInfeasible;
    outcome.violation = violated->excess;
    outcome.result["exceeded"] = violated->exceeded;
  }
  outcome.values = objective_values(config_.objective, normalised, training.score);
}

CandidateEvaluation::Training CandidateEvaluation::train(const Candidate& candidate,
                                                         const LabelledImages& judges) const {
  TrainingOptions options;
  options.batch = candidate.batch;
  options.optimizer = candidate.optimizer;
  options.initializer = config_.initializer;
  // The same initial weights whatever the batch and the optimiser: what they do is compared.
  options.seed = derive_seed(config_.seed, hash(candidate.network.name));
  Trainer trainer(candidate.network, data_.train, data_.classes, options);
  std::vector<EpochResult> epochs;
  for (uint64_t epoch = 0; epoch < config_.epochs; ++epoch) {
    epochs.push_back(trainer.train_epoch());
    if (!std::isfinite(epochs.back().loss)) break;
  }
  Training training;
  training.learning = judge(epochs, data_.classes);
  training.loss = epochs.back().loss;
  training.score =
      training.learning == Learning::kNotANumber ? 1.0 / data_.classes : trainer.accuracy(judges);
  return training;
}

double CandidateEvaluation::test_accuracy(const Configuration& configuration) {
  return train(candidate(configuration), data_.test).score;
}

}  // namespace wattgrind
