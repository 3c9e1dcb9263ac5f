#include "search/candidates/candidate_evaluation.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "search/candidates/mean_estimate.h"
#include "search/samplers/fidelity.h"

namespace wattgrind {
namespace {

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

CandidateResult describe_candidate(const Candidate& candidate) {
  CandidateResult result;
  result.network = candidate.network.name;
  result.batch = static_cast<uint64_t>(candidate.batch);
  return result;
}

void add_infer_costs(const CandidateCosts& costs, CandidateResult& result) {
  result.parameters = costs.parameters;
  result.macs = costs.macs;
  result.infer_cycles = costs.infer.cycles.value();
  result.infer_energy_pj = costs.infer.energy.value();
  result.infer_time_s = costs.infer.time_s;
}

void add_train_costs(const CandidateCosts& costs, CandidateResult& result) {
  result.train_cycles = costs.train.cycles.value();
  result.train_energy_pj = costs.train.energy.value();
  result.train_time_s = costs.train.time_s;
}

// The trial with the lowest number.
const Trial* first_trial(std::span<const Trial> history) {
  const auto first =
      std::min_element(history.begin(), history.end(),
                       [](const Trial& a, const Trial& b) { return a.number < b.number; });
  return first == history.end() ? nullptr : &*first;
}

}  // namespace

CandidateEvaluation::CandidateEvaluation(SearchConfig config, const SizeBounds& bounds,
                                         const Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      data_(load_checked(config_)),
      cost_model_(config_.machine, {data_.train.size(), config_.epochs}, config_.infer_batch,
                  config_.objective.unit, bounds, config_.target) {}

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
  Judgement judgement{TrialState::kComplete, {}, {}, describe_candidate(found)};
  try {
    evaluate(configuration, found, reference(history).value_or(found), history, judgement);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    record_failure(error.what(), judgement);  // the candidate's, not the study's
  } catch (const std::bad_alloc&) {
    record_failure("out of memory", judgement);
  }
  return outcome_of(std::move(judgement));
}

Outcome CandidateEvaluation::give_up(const Configuration& configuration, const std::string& why) {
  Judgement judgement{TrialState::kFailed, {}, {}, describe_candidate(candidate(configuration))};
  record_failure(why, judgement);
  return outcome_of(std::move(judgement));
}

CandidateResult CandidateEvaluation::reference_result(const Candidate& reference) {
  const CandidateCosts costs = cost_model_.costs(reference);
  const NormalisedCosts relative = normalised(costs, costs);
  CandidateResult result = describe_candidate(reference);
  add_infer_costs(costs, result);
  add_train_costs(costs, result);
  result.train_cost = relative.train;
  result.infer_cost = relative.infer;
  return result;
}

Outcome CandidateEvaluation::outcome_of(Judgement judgement) {
  return {judgement.state,
          std::move(judgement.values),
          judgement.violation,
          write_result(judgement.result),
          std::move(judgement.variances),
          std::move(judgement.curve)};
}

void CandidateEvaluation::record_failure(const std::string& error, Judgement& judgement) const {
  judgement.state = TrialState::kFailed;
  judgement.result.score = 1.0 / data_.classes;
  judgement.result.error = error;
}

void CandidateEvaluation::record_violation(const Violation& violation, Judgement& judgement) {
  judgement.state = TrialState::kInfeasible;
  judgement.violation = violation.excess;
  judgement.result.exceeded = violation.exceeded;
}

void CandidateEvaluation::evaluate(const Configuration& configuration, const Candidate& candidate,
                                   const Candidate& reference, std::span<const Trial> history,
                                   Judgement& judgement) {
  CandidateResult& result = judgement.result;
  const double start_s = clock_.now_s();
  const CandidateCosts reference_costs = cost_model_.costs(reference);
  const CandidateCosts least = cost_model_.least_costs(candidate);
  add_infer_costs(least, result);
  if (config_.infer_batch > 1) {
    const auto images = static_cast<double>(config_.infer_batch);
    result.infer_batch_cycles = *result.infer_cycles * images;
    result.infer_batch_energy_pj = *result.infer_energy_pj * images;
  }
  result.infer_cost = normalised(least, reference_costs).infer;
  result.timing_s = {clock_.now_s() - start_s, std::nullopt};
  if (rule_out(least, reference_costs, history, judgement)) {
    result.least_train_cost = normalised(least, reference_costs).train;
    return;
  }
  if (config_.sampler.by_epochs) {
    evaluate_in_parts(configuration, candidate, reference_costs, least, history, judgement);
    return;
  }
  const CandidateCosts costs = cost_model_.costs(candidate);
  add_train_costs(costs, result);
  result.train_cost = normalised(costs, reference_costs).train;
  const double costs_end_s = clock_.now_s();
  result.timing_s = {costs_end_s - start_s, std::nullopt};
  if (rule_out(costs, reference_costs, history, judgement)) return;
  score(candidate, costs, normalised(costs, reference_costs), judgement);
  result.timing_s->training_s = clock_.now_s() - costs_end_s;
}

bool CandidateEvaluation::rule_out(const CandidateCosts& costs, const CandidateCosts& reference,
                                   std::span<const Trial> history, Judgement& judgement) const {
  if (const auto violated = violation(config_.objective.limits, costs, std::nullopt)) {
    record_violation(*violated, judgement);
    return true;
  }
  const std::vector<double> bound =
      objective_bound(config_.objective, normalised(costs, reference));
  const Trial* better = ruled_out_by(bound, history);
  if (better == nullptr) return false;
  judgement.state = TrialState::kPruned;
  judgement.values = bound;
  judgement.result.bound = bound;
  judgement.result.ruled_out_by = better->number;
  return true;
}

void CandidateEvaluation::score(const Candidate& candidate, const CandidateCosts& costs,
                                const NormalisedCosts& normalised, Judgement& judgement) const {
  std::vector<double> scores;
  double loss = 0;
  Learning learning = Learning::kFell;
  for (uint64_t repeat = 0; repeat < config_.repeats; ++repeat) {
    const auto training = train(candidate, repeat);
    scores.push_back(training->accuracy(data_.validation));
    loss += training->loss() / static_cast<double>(config_.repeats);
    learning = std::max(learning, training->learning());
  }
  const MeanEstimate score = estimate_mean(scores);
  judgement.result.score = score.mean;
  if (scores.size() > 1) judgement.result.scores = scores;
  if (std::isfinite(loss)) judgement.result.loss = loss;
  judgement.result.learning = learning;
  if (const auto violated = violation(config_.objective.limits, costs, score.mean)) {
    record_violation(*violated, judgement);
  }
  judgement.values = objective_values(config_.objective, normalised, score.mean);
  if (score.variance) {
    judgement.variances = objective_variances(config_.objective, score.mean, *score.variance);
  }
}

std::vector<double> CandidateEvaluation::curve(const NormalisedCosts& costs,
                                               const std::vector<double>& scores) const {
  std::vector<double> values;
  for (const double score : scores) {
    values.push_back(objective_values(config_.objective, costs, score)[0]);
  }
  return values;
}

bool CandidateEvaluation::falls_behind(double value, uint64_t epochs,
                                       std::span<const Trial> history, Judgement& judgement) {
  constexpr size_t kFewestComplete = 5;
  constexpr double kMoreThanAny = 1.5;
  const Trial* best = best_trial(history);
  const EpochGains gains = gains_from(epochs, history);
  if (best == nullptr || gains.trials < kFewestComplete) return false;
  const double bound = value - kMoreThanAny * std::max(gains.most, 0.0);
  if (bound <= best->values[0]) return false;
  judgement.state = TrialState::kPruned;
  judgement.values = {bound};
  judgement.result.bound = judgement.values;
  judgement.result.ruled_out_by = best->number;
  return true;
}

void CandidateEvaluation::evaluate_in_parts(const Configuration& configuration,
                                            const Candidate& candidate,
                                            const CandidateCosts& reference,
                                            const CandidateCosts& least,
                                            std::span<const Trial> history, Judgement& judgement) {
  CandidateResult& result = judgement.result;
  const double start_s = clock_.now_s();
  const std::string name = to_string(config_.space, configuration);
  const Trial* before = paused_trial(configuration, history);
  const size_t epochs_before = before == nullptr ? 0 : before->curve.size();
  const std::vector<uint64_t> stops = rungs(config_.epochs);
  const uint64_t goal = *std::ranges::upper_bound(stops, epochs_before);
  auto training = kept_.take(name);
  if (!training) training = start(candidate, 0);
  const NormalisedCosts cheapest = normalised(least, reference);
  while (training->epochs() < goal && !training->diverged()) {
    training->train_epoch();
    training->note_score();
    result.epochs_trained = training->epochs();
    // What an earlier trial went through is no news.
    if (training->epochs() <= epochs_before || training->epochs() == config_.epochs) continue;
    const double value = curve(cheapest, {training->scores().back()})[0];
    if (!falls_behind(value, training->epochs(), history, judgement)) continue;
    result.least_train_cost = cheapest.train;
    result.timing_s->training_s = clock_.now_s() - start_s;
    return;
  }
  result.timing_s->training_s = clock_.now_s() - start_s;
  const double trained_s = clock_.now_s();
  const CandidateCosts costs = cost_model_.costs(candidate);
  result.timing_s->costs_s += clock_.now_s() - trained_s;
  const NormalisedCosts exact = normalised(costs, reference);
  add_train_costs(costs, result);
  result.train_cost = exact.train;
  if (rule_out(costs, reference, history, judgement)) return;
  result.score = training->scores().back();
  if (std::isfinite(training->loss())) result.loss = training->loss();
  result.learning = training->learning();
  judgement.curve = curve(exact, training->scores());
  judgement.values = {judgement.curve.back()};
  if (training->epochs() == config_.epochs || training->diverged()) {
    if (const auto violated = violation(config_.objective.limits, costs, result.score)) {
      record_violation(*violated, judgement);
    }
    return;
  }
  if (falls_behind(judgement.curve.back(), training->epochs(), history, judgement)) return;
  judgement.state = TrialState::kPaused;
  kept_.put(name, std::move(training));
}

std::unique_ptr<CandidateTraining> CandidateEvaluation::start(const Candidate& candidate,
                                                              uint64_t repeat) const {
  TrainingOptions options;
  options.batch = candidate.batch;
  options.optimizer = candidate.optimizer;
  options.initializer = config_.initializer;
  // The same initial weights whatever the batch and the optimiser: what they do is compared.
  options.seed = derive_seed(config_.seed, hash(candidate.network.name));
  if (repeat > 0) options.seed = derive_seed(options.seed, repeat);
  return std::make_unique<CandidateTraining>(candidate.network, data_, options);
}

std::unique_ptr<CandidateTraining> CandidateEvaluation::train(const Candidate& candidate,
                                                              uint64_t repeat) const {
  auto training = start(candidate, repeat);
  while (training->epochs() < config_.epochs && !training->diverged()) training->train_epoch();
  return training;
}

double CandidateEvaluation::test_accuracy(const Configuration& configuration) {
  return train(candidate(configuration), 0)->accuracy(data_.test);
}

std::vector<FreshTraining> CandidateEvaluation::train_anew(const Configuration& configuration,
                                                           uint64_t trainings) {
  std::vector<FreshTraining> fresh;
  const Candidate winner = candidate(configuration);
  for (uint64_t i = 0; i < trainings; ++i) {
    const auto training = train(winner, config_.repeats + i);
    fresh.push_back({training->accuracy(data_.validation), training->accuracy(data_.test)});
  }
  return fresh;
}

}  // namespace wattgrind
