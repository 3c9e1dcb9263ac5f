// wattgrind worker: works on a study that a search has begun, on this host or another.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/data_advice.h"
#include "cli/commands/search_progress.h"
#include "cli/commands/size_options.h"
#include "cli/commands/trial_options.h"
#include "cli/terminal/message.h"
#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "search/candidates/candidate_evaluation.h"
#include "search/candidates/earlier_study.h"
#include "search/candidates/search_definition.h"
#include "search/candidates/study_notes.h"
#include "search/study/open_store.h"
#include "search/study/study.h"

namespace wattgrind {
namespace {

struct WorkerArguments {
  std::string study;
  TrialOptions trials;
  SizeBounds bounds;
  bool quiet = false;
};

uint64_t trials_of(TrialStore& store, const WorkerArguments& arguments) {
  if (arguments.trials.trials) return *arguments.trials.trials;
  if (const std::optional<uint64_t> noted = read_notes(store).trials) return *noted;
  fail(ErrorKind::kInput, "{}: does not tell how many trials it is to have, wanted --trials N",
       store.place());
}

void run_worker(const WorkerArguments& arguments) {
  const InterruptGuard guard;
  const std::unique_ptr<TrialStore> store = open_store(arguments.study, print_message);
  const uint64_t trials = trials_of(*store, arguments);
  const SearchConfig config =
      read_defined_search(store->definition(), trials, store->note_place(kDefinitionNote));
  CandidateEvaluation evaluation =
      with_data_advice("data.path", [&] { return CandidateEvaluation(config, arguments.bounds); });
  const std::unique_ptr<Sampler> sampler = search_sampler(config);
  SearchProgress progress(config.space, trials, {arguments.trials.verbose, arguments.quiet},
                          store->trials());
  uint64_t ended_here = 0;
  try {
    run_study(*store, *sampler, evaluation, {trials, arguments.trials.jobs},
              [&](const Trial& ended, const Outcome&, std::span<const Trial> all) {
                ++ended_here;
                progress.trial_ended(ended, all);
              });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    fail(ErrorKind::kInterrupted,
         "interrupted; {} trials ended here, those under way went back to {}", ended_here,
         store->place());
  }
  if (!arguments.quiet) {
    print_notice(fmt::format("{}: no trial is left; {} ended here", store->place(), ended_here));
  }
}

}  // namespace

void add_worker_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("worker", "Work on a study that `wattgrind search` has begun");
  auto arguments = std::make_shared<WorkerArguments>();
  command
      ->add_option("--study", arguments->study,
                   "The study: a file or postgresql://USER@HOST/DATABASE?study=NAME")
      ->required()
      ->type_name("FILE|URL");
  add_trial_options(*command, arguments->trials, "the search's");
  command->add_flag("--quiet", arguments->quiet, "No progress on standard error");
  add_size_options(*command, arguments->bounds);
  command->footer(
      "The study tells what to search; data that it takes from a folder must be in that folder "
      "here.\nEnds when every trial has ended, here or elsewhere. SIGTERM and Ctrl-C put the "
      "trials "
      "under\nway back for others (status 130). `wattgrind search ... --resume` then judges the "
      "winner.");
  command->callback([arguments] { run_worker(*arguments); });
}

}  // namespace wattgrind
