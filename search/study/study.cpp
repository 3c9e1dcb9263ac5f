#include "search/study/study.h"

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// A trial that so many workers were lost with is given up as failed. A script that restarts a
// search whenever it crashes gets past such a trial, and a user who kills a search time and again
// does not lose trials.
constexpr uint64_t kMostWorkersLost = 25;

std::string why_given_up(const ClaimedTrial& claimed) {
  return fmt::format("given up after {} attempts: each worker ended or fell silent evaluating it",
                     claimed.workers_lost);
}

// What the workers of one process share. The store and the sampler are used under the lock, the
// evaluation is not.
class Workers {
 public:
  Workers(TrialStore& store, Sampler& sampler, Evaluation& evaluation, const StudyOptions& options,
          const TrialEnded& trial_ended)
      : store_(store),
        sampler_(sampler),
        evaluation_(evaluation),
        options_(options),
        trial_ended_(trial_ended) {}

  StudyEnd run();

 private:
  void work();
  std::optional<ClaimedTrial> next();
  std::optional<ClaimedTrial> evaluate(ClaimedTrial claimed);
  std::optional<ClaimedTrial> store(ClaimedTrial claimed, const Outcome& outcome);
  bool is_to_stop() const { return stop_.stop_requested() || interrupted(); }
  void give_up(const Lease& lease);
  void renew_leases(std::stop_token stop);
  void stop_with(std::exception_ptr failure);

  TrialStore& store_;
  Sampler& sampler_;
  Evaluation& evaluation_;
  const StudyOptions& options_;
  const TrialEnded& trial_ended_;

  std::mutex mutex_;
  std::stop_source stop_;    // no new trials
  std::vector<Lease> held_;  // being evaluated here
  bool exhausted_ = false;
  std::exception_ptr failure_;  // the first
};

StudyEnd Workers::run() {
  {
    const std::jthread renewal([this](std::stop_token stop) { renew_leases(std::move(stop)); });
    // TBB gives as many threads as there are cores, unless asked for more.
    const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, options_.jobs);
    tbb::task_arena arena(static_cast<int>(options_.jobs));
    arena.execute([this] {
      tbb::task_group group;
      for (size_t i = 0; i < options_.jobs; ++i) group.run([this] { work(); });
      group.wait();
    });
  }
  if (failure_) std::rethrow_exception(failure_);
  throw_if_interrupted();
  return exhausted_ ? StudyEnd::kExhausted : StudyEnd::kAllTrials;
}

void Workers::work() {
  try {
    while (std::optional<ClaimedTrial> claimed = next()) {
      while (claimed) claimed = evaluate(std::move(*claimed));
    }
  } catch (...) {
    stop_with(std::current_exception());
  }
}

// Claims the next trial, and waits where others may give one back. Absent when there is nothing
// left to do for this worker.
std::optional<ClaimedTrial> Workers::next() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (is_to_stop()) return std::nullopt;
      Claim claim = store_.claim(options_.trials, sampler_);
      if (auto* claimed = std::get_if<ClaimedTrial>(&claim)) {
        held_.push_back(claimed->lease);
        return std::move(*claimed);
      }
      const auto& nothing = std::get<NothingToClaim>(claim);
      exhausted_ = nothing.exhausted;
      // Only other processes' trials can come back: those held here are other threads' to end.
      if (nothing.in_flight <= held_.size()) return std::nullopt;
    }
    system_clock().sleep_until(system_clock().now_s() + options_.look_again_s, stop_.get_token());
  }
}

// Returns the next trial where one was there to be claimed with storing this one.
std::optional<ClaimedTrial> Workers::evaluate(ClaimedTrial claimed) {
  const Lease lease = claimed.lease;
  try {
    const Outcome outcome = claimed.workers_lost < kMostWorkersLost
                                ? evaluation_.evaluate(claimed.configuration, claimed.history)
                                : evaluation_.give_up(claimed.configuration, why_given_up(claimed));
    return store(std::move(claimed), outcome);
  } catch (...) {
    stop_with(std::current_exception());
    give_up(lease);
    return std::nullopt;
  }
}

std::optional<ClaimedTrial> Workers::store(ClaimedTrial claimed, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  claimed.history = {};  // or the store would copy what it knows
  FinishedAndClaimed done;
  if (is_to_stop()) {
    done.stored = store_.finish(claimed.lease, outcome);
  } else {
    done = store_.finish_and_claim(claimed.lease, outcome, options_.trials, sampler_);
  }
  std::erase(held_, claimed.lease);
  std::optional<ClaimedTrial> next;
  if (auto* const taken = std::get_if<ClaimedTrial>(&done.next)) {
    held_.push_back(taken->lease);
    next = std::move(*taken);
  }
  if (done.stored && trial_ended_) {
    trial_ended_({claimed.lease.trial, std::move(claimed.configuration), outcome.state,
                  outcome.values, outcome.violation, outcome.variances, outcome.curve},
                 outcome, next ? store_.known_trials() : store_.trials());
  }
  return next;
}

void Workers::give_up(const Lease& lease) {
  const std::lock_guard lock(mutex_);
  std::erase(held_, lease);
  store_.give_up(lease);
}

void Workers::renew_leases(std::stop_token stop) {
  try {
    while (system_clock().sleep_until(system_clock().now_s() + options_.renew_s, stop)) {
      const std::lock_guard lock(mutex_);
      store_.renew(held_);
    }
  } catch (...) {
    stop_with(std::current_exception());
  }
}

void Workers::stop_with(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(failure);
  stop_.request_stop();
}

}  // namespace

StudyEnd run_study(TrialStore& store, Sampler& sampler, Evaluation& evaluation,
                   const StudyOptions& options, const TrialEnded& trial_ended) {
  CHECK(options.jobs > 0, "{} jobs", options.jobs);
  return Workers(store, sampler, evaluation, options, trial_ended).run();
}

}  // namespace wattgrind
