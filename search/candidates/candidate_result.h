// What a search found out about one candidate, and its form as JSON.
//
// A study keeps such a result with every trial (Outcome::result) and one more for the reference.
// This file alone knows the keys: whoever wants a member reads the JSON into a CandidateResult.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "search/candidates/objective.h"
#include "search/training/trainer.h"

namespace wattgrind {

// How long the parts of an evaluation took, on the wall clock.
struct EvaluationTime {
  double costs_s = 0;
  std::optional<double> training_s;  // absent where nothing was trained
};

// A member is absent where the evaluation ended before it was known, and in results that somebody
// else wrote without it.
struct CandidateResult {
  std::optional<std::string> network;  // its short form
  std::optional<uint64_t> batch;       // images of a training step
  std::optional<uint64_t> parameters;
  std::optional<uint64_t> macs;  // multiply-accumulates of one image's inference
  // Inference costs are one image's; the batch's are there where inference takes several at once.
  std::optional<double> infer_cycles, infer_energy_pj;
  std::optional<double> infer_time_s;  // predicted, where the searched unit needs it
  std::optional<double> infer_batch_cycles, infer_batch_energy_pj;
  std::optional<double> infer_cost;  // of the reference's cost, in the unit that is searched in
  // A lower bound of train_cost, where that alone ruled the candidate out.
  std::optional<double> least_train_cost;
  std::optional<double> train_cycles, train_energy_pj, train_time_s;  // of all epochs
  std::optional<double> train_cost;                                   // of the reference's cost
  std::optional<EvaluationTime> timing_s;
  // Fraction of the validation images, the mean of the repeats; a failure's is that of chance.
  std::optional<double> score;
  std::optional<std::vector<double>> scores;  // of the repeats, where there are several
  std::optional<double> loss;  // of the last epoch, the repeats' mean; absent where it is no number
  std::optional<Learning> learning;        // the worst of the repeats
  std::optional<uint64_t> epochs_trained;  // where trials are trained in parts: by this and earlier
  std::optional<std::vector<std::string>> exceeded;  // limits, in words
  std::optional<std::vector<double>> bound;          // values that a pruned trial cannot beat
  std::optional<uint64_t> ruled_out_by;              // the trial that attains the bound
  std::optional<std::string> error;                  // why it failed
};

// The members, in the order in which a trial's result has them.
enum class ResultField {
  kNetwork,
  kBatch,
  kParameters,
  kMacs,
  kInferCycles,
  kInferEnergy,
  kInferTime,
  kInferBatchCycles,
  kInferBatchEnergy,
  kInferCost,
  kLeastTrainCost,
  kTrainCycles,
  kTrainEnergy,
  kTrainTime,
  kTrainCost,
  kTiming,
  kScore,
  kScores,
  kLoss,
  kLearning,
  kEpochsTrained,
  kExceeded,
  kBound,
  kRuledOutBy,
  kError,
};

// The field's key: "network", "infer_energy_pj", ...
std::string_view field_key(ResultField field);

// A field's value where it is one word or number, else nothing.
using ResultValue = std::variant<std::monostate, std::string, uint64_t, double>;
ResultValue field_value(const CandidateResult& result, ResultField field);

// What the result says of a goal: the score itself (not its negative), or a cost.
std::optional<double> goal_result(const CandidateResult& result, Goal goal);

// Reads what write_result() or write_reference() wrote. Keys may be missing, other keys are passed
// over, and null is the same as a missing key: it is what JSON has for a number that is none. A
// trial without a result is null as a whole, and has no member. Throws Error(kInput), begun by
// `where` and the key, for a value of another kind.
CandidateResult read_result(const nlohmann::ordered_json& json, std::string_view where);

// An object of the members that are there, in the order of study files: a trial's, and the
// reference's, which has training before inference.
nlohmann::ordered_json write_result(const CandidateResult& result);
nlohmann::ordered_json write_reference(const CandidateResult& result);

}  // namespace wattgrind
