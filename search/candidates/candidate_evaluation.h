// Evaluating the candidates of a search: their costs, exactly, and their score, by training them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/system/clock.h"
#include "search/candidates/candidate_costs.h"
#include "search/candidates/candidate_result.h"
#include "search/candidates/candidate_training.h"
#include "search/candidates/search_config.h"
#include "search/candidates/study_notes.h"
#include "search/data/data_set.h"
#include "search/study/evaluation.h"

namespace wattgrind {

class CandidateEvaluation : public Evaluation {
 public:
  // Loads the data. Throws Error(kInput) where it does not fit the search, and as load_data() does.
  explicit CandidateEvaluation(SearchConfig config, const SizeBounds& bounds = {},
                               const Clock& clock = system_clock());

  // Evaluates in three steps, each of which may be the last: the least that training can cost, what
  // it costs exactly, and the score, for which the network is trained.
  // - A candidate whose costs exceed a limit is infeasible.
  // - A candidate that could not beat a complete trial of `history` with a perfect score is pruned;
  //   its values are the bound that says so.
  // - A network that cannot be lowered, or that memory does not suffice for, is a failed trial.
  //
  // Where trials are trained in parts, it is trained up to the next rung
  // (search/samplers/fidelity.h) and paused there. A trial that goes on with another takes over its
  // training if that was here, and else trains again from the start: the weights are the same to
  // the last bit. Training comes first then, and its costs are counted only for what could win: a
  // candidate is pruned as soon as its value, were its costs the least they can be and were it to
  // gain half as much again as any complete trial from that epoch on, is above the best.
  //
  // The outcome's result is a written CandidateResult. It has `least_train_cost` where that ruled
  // the candidate out, else the costs of training; once trained `score`, `loss` and `learning`; if
  // infeasible `exceeded`, if pruned `bound` and `ruled_out_by`, if failed `error`; in parts,
  // `epochs_trained`.
  Outcome evaluate(const Configuration& configuration, std::span<const Trial> history) override;

  // The result has `network`, `batch`, `score` (that of chance) and `error`.
  Outcome give_up(const Configuration& configuration, const std::string& why) override;

  // The network is named by its short form.
  Candidate candidate(const Configuration& configuration) const;

  // The candidate whose costs all costs are divided by. Where that is the first trial, `history`
  // tells which it is; absent while there is none.
  std::optional<Candidate> reference(std::span<const Trial> history) const;
  // The costs of the reference, divided by themselves.
  CandidateResult reference_result(const Candidate& reference);
  CandidateCosts costs(const Candidate& candidate) { return cost_model_.costs(candidate); }
  // The least that training can cost, and the rest exactly (CandidateCostModel::least_costs).
  CandidateCosts least_costs(const Candidate& candidate) {
    return cost_model_.least_costs(candidate);
  }
  // What one image costs in the first pass, from empty caches.
  Cost cold_infer_cost(const Candidate& candidate) const {
    return cost_model_.cold_infer_cost(candidate);
  }
  NormalisedCosts normalised(const CandidateCosts& costs, const CandidateCosts& reference) const;

  // Trains the candidate again, as it was trained when it was evaluated, and judges it by the test
  // images. Only the winner may be judged so. Throws Error(kInterrupted).
  double test_accuracy(const Configuration& configuration);

  // Trains the candidate `trainings` times from weights that no trial of the study began with, and
  // judges each training by the validation and by the test images: a winner was chosen for its
  // score, which is why that is likely to be a lucky one. Throws Error(kInterrupted).
  std::vector<FreshTraining> train_anew(const Configuration& configuration, uint64_t trainings);

 private:
  // An outcome whose result is not written yet.
  struct Judgement {
    TrialState state = TrialState::kComplete;
    std::vector<double> values;
    std::optional<double> violation;
    CandidateResult result;
    std::vector<double> variances = {}, curve = {};
  };
  void evaluate(const Configuration& configuration, const Candidate& candidate,
                const Candidate& reference, std::span<const Trial> history, Judgement& judgement);
  // Whether costs, or lower bounds of them, say how the trial ends without a score. If they do,
  // that is put into the judgement.
  bool rule_out(const CandidateCosts& costs, const CandidateCosts& reference,
                std::span<const Trial> history, Judgement& judgement) const;
  void evaluate_in_parts(const Configuration& configuration, const Candidate& candidate,
                         const CandidateCosts& reference, const CandidateCosts& least,
                         std::span<const Trial> history, Judgement& judgement);
  // What the training's scores make of the values, by epoch.
  std::vector<double> curve(const NormalisedCosts& costs, const std::vector<double>& scores) const;
  // Whether a value after so many epochs is beyond hope. If it is, that is put into the judgement.
  static bool falls_behind(double value, uint64_t epochs, std::span<const Trial> history,
                           Judgement& judgement);
  // Before its first epoch; from the weights of that repeat.
  std::unique_ptr<CandidateTraining> start(const Candidate& candidate, uint64_t repeat) const;
  std::unique_ptr<CandidateTraining> train(const Candidate& candidate, uint64_t repeat) const;
  void record_failure(const std::string& error, Judgement& judgement) const;
  static void record_violation(const Violation& violation, Judgement& judgement);
  static Outcome outcome_of(Judgement judgement);
  void score(const Candidate& candidate, const CandidateCosts& costs,
             const NormalisedCosts& normalised, Judgement& judgement) const;

  const SearchConfig config_;
  const Clock& clock_;
  const DataSet data_;
  CandidateCostModel cost_model_;
  KeptTrainings kept_;
};

}  // namespace wattgrind
