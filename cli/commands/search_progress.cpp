#include "cli/commands/search_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cli/terminal/message.h"
#include "search/study/trial_store.h"

namespace wattgrind {
namespace {

// An architecture is shown in at most so many characters: a line that wraps cannot be rewritten.
constexpr size_t kMostCharacters = 40;

size_t count_ended(std::span<const Trial> trials) {
  return static_cast<size_t>(std::count_if(trials.begin(), trials.end(), [](const Trial& trial) {
    return trial.state != TrialState::kRunning;
  }));
}

std::string shortened(std::string text) {
  if (text.size() > kMostCharacters) text = text.substr(0, kMostCharacters - 3) + "...";
  return text;
}

// "complete, value -0.5", "pruned, value at least -0.4", "failed"
std::string outcome_text(const Trial& trial) {
  std::string text(trial_state_word(trial.state));
  if (trial.values.empty()) return text;
  text += trial.state == TrialState::kPruned ? ", value at least" : ", value";
  for (const double value : trial.values) text += fmt::format(" {:.6f}", value);
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 90 * 60) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

SearchProgress::SearchProgress(const Space& space, uint64_t trials, ProgressOptions options,
                               std::span<const Trial> so_far)
    : space_(space),
      trials_(trials),
      options_(options),
      ended_before_(count_ended(so_far)),
      start_(std::chrono::steady_clock::now()),
      line_(options.quiet || options.verbose) {}

void SearchProgress::trial_ended(const Trial& ended, std::span<const Trial> all) {
  if (options_.verbose) {
    print_notice(fmt::format("trial {}: {}, {}", ended.number, outcome_text(ended),
                             to_string(space_, ended.configuration)));
    return;
  }
  const size_t done = count_ended(all);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const double left = elapsed.count() /
                      static_cast<double>(std::max<size_t>(1, done - ended_before_)) *
                      static_cast<double>(trials_ - std::min<uint64_t>(done, trials_));
  std::string what;
  if (const Trial* best = best_trial(all)) {
    what = fmt::format("best {:.4f} ({}: {}), ", best->values[0], best->number,
                       shortened(to_string(space_, best->configuration)));
  }
  line_.show(fmt::format("{}{} left, trial", what, duration_text(left)), done, trials_);
}

}  // namespace wattgrind
