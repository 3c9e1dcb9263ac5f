// wattgrind search CONFIG: architecture search.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/data_advice.h"
#include "cli/commands/report_option.h"
#include "cli/commands/search_progress.h"
#include "cli/commands/size_options.h"
#include "cli/commands/trial_options.h"
#include "cli/pages/study_page.h"
#include "cli/reports/study_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/network_file.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "search/candidates/candidate_evaluation.h"
#include "search/candidates/earlier_study.h"
#include "search/candidates/search_config.h"
#include "search/candidates/search_definition.h"
#include "search/candidates/study_notes.h"
#include "search/study/open_store.h"
#include "search/study/postgres_url.h"
#include "search/study/study.h"

namespace wattgrind {
namespace {

struct SearchArguments {
  std::string config, study, best, page;
  std::vector<std::string> warm_start;
  TrialOptions trials;
  std::optional<uint64_t> seed;
  SizeBounds bounds;
  bool resume = false;
  std::shared_ptr<OutputOptions> output;
};

// The search's name without the characters that a file's name should not have.
std::string default_study(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == '/'; }, '-');
  return name + ".study";
}

// The file beside the study: "dffr.study" has "dffr.best.json". A study of a database has it here,
// by the search's name.
std::filesystem::path default_best(const std::string& study, const SearchConfig& config) {
  std::filesystem::path file = is_postgres_url(study) ? default_study(config.name) : study;
  return file.replace_extension(".best.json");
}

// Opens the study, or makes it. What is wrong with a study that is there is told in this command's
// options.
std::unique_ptr<TrialStore> open_study(const std::string& place, const StudyDefinition& definition,
                                       bool resume) {
  try {
    return open_store(place, definition, resume ? IfThere::kResume : IfThere::kRefuse,
                      print_message);
  } catch (const StudyConflict& conflict) {
    const bool may_not_resume = conflict.reason() == StudyConflict::Reason::kMayNotResume;
    fail(conflict.kind(), "{}, wanted {} or --study with another {}", conflict.found(),
         may_not_resume ? "--resume to go on with it" : "the same",
         is_postgres_url(place) ? "name" : "file");
  }
}

// The winner of a search with repeats is trained anew at least so often: an interval of fewer
// trainings is too wide to tell anything.
constexpr uint64_t kLeastFreshTrainings = 5;

// Judges the best trial by the test images, and counts its first inference, once for each that is
// the best; neither chooses anything.
void judge_winner(TrialStore& store, CandidateEvaluation& evaluation, uint64_t repeats) {
  const Trial* found = best_trial(store.trials());
  if (found == nullptr) return;
  const Trial best = *found;
  const std::optional<Winner> known = read_notes(store).winner;
  const bool is_known = known && known->trial == best.number;
  if (is_known && known->cold_infer_cycles) return;
  const Cost cold = evaluation.cold_infer_cost(evaluation.candidate(best.configuration));
  Winner winner{best.number, 0, cold.cycles.value(), cold.energy.value(), cold.time_s};
  if (is_known) {
    winner.test_accuracy = known->test_accuracy;
  } else if (repeats > 1) {
    winner.anew =
        evaluation.train_anew(best.configuration, std::max(repeats, kLeastFreshTrainings));
    winner.test_accuracy = test_accuracy(winner.anew).mean;
  } else {
    winner.test_accuracy = evaluation.test_accuracy(best.configuration);
  }
  note_winner(store, winner);
}

void run_trials(TrialStore& store, CandidateEvaluation& evaluation, const SearchConfig& config,
                const SearchArguments& arguments) {
  const std::unique_ptr<Sampler> sampler = search_sampler(config);
  SearchProgress progress(config.space, config.trials,
                          {arguments.trials.verbose, arguments.output->quiet}, store.trials());
  const StudyEnd end =
      run_study(store, *sampler, evaluation, {config.trials, arguments.trials.jobs},
                [&progress](const Trial& ended, const Outcome&, std::span<const Trial> all) {
                  progress.trial_ended(ended, all);
                });
  if (end == StudyEnd::kExhausted) {
    print_notice(fmt::format("{}: the sampler has nothing new to propose after {} of {} trials",
                             config.name, store.trials().size(), config.trials));
  }
}

// A built-in search's, or a file's.
std::string config_text(const std::string& config) {
  if (const auto text = builtin_text("searches", config)) return std::string(*text);
  std::error_code ignored;
  if (config.find_first_of("./") == std::string::npos &&
      !std::filesystem::exists(config, ignored)) {
    fail(ErrorKind::kInput, "unknown search {}; {}", quote_json(config),
         suggest(config, builtin_names("searches")));
  }
  return read_file(config, kMostDescriptionBytes);
}

// The search file with what the studies of --warm-start found.
std::string with_earlier_studies(const std::string& text, const std::string& where,
                                 const std::vector<std::string>& places) {
  if (places.empty()) return text;
  const Space space = read_search_config(text, where).space;
  nlohmann::ordered_json json = parse_ordered_json(text, where);
  json["warm_start"] = nlohmann::ordered_json::array();
  for (const std::string& place : places) {
    json["warm_start"].push_back(earlier_study(*open_store(place, print_message), space));
  }
  return json.dump();
}

void run_search(const SearchArguments& arguments) {
  const std::string where = std::filesystem::path(arguments.config).filename().string();
  const std::string text =
      with_earlier_studies(config_text(arguments.config), where, arguments.warm_start);
  SearchConfig config = read_search_config(text, where);
  if (arguments.trials.trials) config.trials = *arguments.trials.trials;
  if (arguments.seed) config.seed = *arguments.seed;
  Output output(*arguments.output);
  ReportFile page(arguments.page);
  const std::string study = arguments.study.empty() ? default_study(config.name) : arguments.study;
  const std::filesystem::path best =
      arguments.best.empty() ? default_best(study, config) : std::filesystem::path(arguments.best);
  const InterruptGuard guard;

  CandidateEvaluation evaluation =
      with_data_advice("data.path", [&] { return CandidateEvaluation(config, arguments.bounds); });
  const std::unique_ptr<TrialStore> opened =
      open_study(study, define_search(config, parse_ordered_json(text, where)), arguments.resume);
  TrialStore& store = *opened;
  make_study_report(store);  // what is damaged is refused before the work, not at its end
  note_trials(store, config.trials);
  note_data(store, describe(config.data));
  try {
    run_trials(store, evaluation, config, arguments);
    judge_winner(store, evaluation, config.repeats);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    const std::span<const Trial> trials = store.trials();
    const auto ended = std::count_if(trials.begin(), trials.end(), [](const Trial& trial) {
      return trial.state != TrialState::kRunning;
    });
    fail(ErrorKind::kInterrupted, "interrupted; {} of {} trials are in {}: --resume goes on", ended,
         config.trials, study);
  }
  if (const std::optional<Candidate> reference = evaluation.reference(store.trials())) {
    note_reference(store, evaluation.reference_result(*reference));
  }
  const StudyReport report = make_study_report(store);
  if (const std::optional<Network> network = best_network(report)) {
    write_file(best, write_network(*network));
    if (!arguments.output->quiet) {
      print_notice(fmt::format("{}: the study; {}: the best architecture", study, best.string()));
    }
  }
  page.write([&](const PageOrigin& origin) { return study_page(report, origin); });
  output.print({[&](const TextPage& of) { return study_text(report, false, of); },
                [&] { return study_json(report); }, [&] { return study_csv(report); }});
  if (!report.summary.best) {
    fail(ErrorKind::kFailed, "{}: {}; {} keeps them all: --resume with more --trials goes on",
         config.name, no_best_line(report), study);
  }
}

}  // namespace

void add_search_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("search", "Search for the network worth building");
  auto arguments = std::make_shared<SearchArguments>();
  command
      ->add_option("config", arguments->config, "A built-in search (dffr_digits), or a search file")
      ->required()
      ->type_name("CONFIG");
  add_trial_options(*command, arguments->trials, "the file's");
  command->add_option("--seed", arguments->seed, "Of proposals and weights (default: the file's)")
      ->check(integer_of_at_least(0))
      ->type_name("S");
  command
      ->add_option("--study", arguments->study,
                   "Where trials are kept: a file (default: the search's name and .study) or "
                   "postgresql://USER@HOST/DATABASE?study=NAME")
      ->type_name("FILE|URL");
  command->add_flag("--resume", arguments->resume,
                    "Go on with the study if there is one; several processes may");
  command
      ->add_option("--warm-start", arguments->warm_start,
                   "Earlier studies of the same parameters, whose best are tried first; one that "
                   "turns out to mislead is heard no more")
      ->type_name("FILE|URL");
  command
      ->add_option("--best", arguments->best,
                   "Where the best architecture goes (default: beside the study, .best.json)")
      ->type_name("FILE");
  add_size_options(*command, arguments->bounds);
  add_report_option(*command, arguments->page);
  arguments->output = add_output_options(*command);
  command->footer("Ends with status 1 where no trial is complete; the study stays.");
  command->callback([arguments] { run_search(*arguments); });
}

}  // namespace wattgrind
