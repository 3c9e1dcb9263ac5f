// A study: a sampler that proposes, an evaluation that answers, a store that remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "search/study/evaluation.h"
#include "search/study/trial_store.h"

namespace wattgrind {

struct StudyOptions {
  uint64_t trials = 0;  // in the study, those it holds already included
  size_t jobs = 1;      // evaluations at once in this process
  double renew_s = 15;  // between two calls of TrialStore::renew(); well below the store's lease
  double look_again_s = 0.2;  // while the last trials are with other processes
};

enum class StudyEnd {
  kAllTrials,
  kExhausted  // fewer: the sampler has nothing new to propose
};

// Called when a trial of this process has ended and is stored, with all trials that are known then,
// by number. Calls come one at a time, from any thread, and must not throw.
using TrialEnded =
    std::function<void(const Trial& ended, const Outcome& outcome, std::span<const Trial> all)>;

// Works on the study until every trial below `trials` has ended, here or in another process on the
// same store. With one worker at a time the trials are a function of the study's definition,
// however often it is stopped, killed and resumed; with more they also depend on which trials end
// first. A trial with which 25 workers were lost (crashed, killed, gone silent) fails.
//
// Throws Error(kInterrupted) after SIGINT (under an InterruptGuard): trials in flight are back in
// the queue. Any other Error, of the evaluation or the store, ends the study in this process once
// the evaluations under way have ended; the trial it befell is back in the queue.
StudyEnd run_study(TrialStore& store, Sampler& sampler, Evaluation& evaluation,
                   const StudyOptions& options, const TrialEnded& trial_ended = {});

}  // namespace wattgrind
