#include "search/study/evaluation.h"

#include <fmt/format.h>

namespace wattgrind {

Outcome Evaluation::give_up(const Configuration&, uint64_t workers_lost) {
  Outcome outcome;
  outcome.state = TrialState::kFailed;
  outcome.result["error"] = fmt::format(
      "given up after {} attempts: each worker ended or fell silent evaluating it", workers_lost);
  return outcome;
}

}  // namespace wattgrind
