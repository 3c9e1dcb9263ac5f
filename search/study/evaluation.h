// What a study asks of an objective: the outcome of one configuration.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

// How a trial ended.
struct Outcome {
  TrialState state = TrialState::kComplete;  // any but kRunning
  std::vector<double> values;                // as Trial has them
  std::optional<double> violation;
  nlohmann::ordered_json result;  // what else was found out, kept with the trial: scores, costs
  std::vector<double> variances = {};  // as Trial has them
  std::vector<double> curve = {};      // likewise
};

class Evaluation {
 public:
  virtual ~Evaluation() = default;

  // Evaluates the configuration, or sees from `history` that it is ruled out. Several threads may
  // call this at once. Throws Error(kInterrupted) when asked to stop; any other Error is the
  // study's failure, not the configuration's.
  virtual Outcome evaluate(const Configuration& configuration, std::span<const Trial> history) = 0;

  // The outcome of a configuration whose evaluation ended its process every time: a failure, whose
  // result says `why`.
  virtual Outcome give_up(const Configuration& configuration, const std::string& why) = 0;
};

}  // namespace wattgrind
