#include "cli/commands/trial_options.h"

#include "cli/terminal/checks.h"

namespace wattgrind {

void add_trial_options(CLI::App& command, TrialOptions& options,
                       const std::string& trials_without) {
  command.add_option("--trials", options.trials, "Trials in all (default: " + trials_without + ")")
      ->check(integer_from(1, 100'000'000))
      ->type_name("N");
  command.add_option("--jobs", options.jobs, "Trials at once")
      ->check(integer_from(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("-v,--verbose", options.verbose, "A line for each trial");
}

}  // namespace wattgrind
