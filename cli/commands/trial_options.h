// What commands that work on a study are told of its trials: --trials, --jobs and --verbose.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace wattgrind {

struct TrialOptions {
  std::optional<uint64_t> trials;  // in all
  size_t jobs = 1;                 // at once
  bool verbose = false;
};

// Adds them. `trials_without` says where the number of trials comes from if it is not given;
// `options` must live as long as the command.
void add_trial_options(CLI::App& command, TrialOptions& options, const std::string& trials_without);

}  // namespace wattgrind
