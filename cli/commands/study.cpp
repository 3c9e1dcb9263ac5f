// wattgrind study PLACE: what a study holds and what it found; copies and deletes studies.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/report_option.h"
#include "cli/pages/study_page.h"
#include "cli/reports/explain_report.h"
#include "cli/reports/study_list.h"
#include "cli/reports/study_report.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/network/network_file.h"
#include "search/study/open_store.h"
#include "search/study/optuna_file.h"
#include "search/study/optuna_import.h"

namespace wattgrind {
namespace {

struct StudyArguments {
  std::string place, best, copy_to, export_to, page;
  bool trials = false, remove = false, explain = false;
  std::shared_ptr<OutputOptions> output;
};

void show_study(const StudyArguments& arguments) {
  Output output(*arguments.output);
  ReportFile page(arguments.page);
  const std::unique_ptr<TrialStore> store = open_store(arguments.place, print_message);
  const StudyReport report = make_study_report(*store);
  if (!arguments.best.empty()) {
    const std::optional<Network> network = best_network(report);
    if (!network) {
      fail(ErrorKind::kFailed, "{}: no trial is complete, wanted one for --best", report.file);
    }
    write_file(arguments.best, write_network(*network));
  }
  page.write([&](const PageOrigin& origin) { return study_page(report, origin); });
  output.print({[&](const TextPage& of) { return study_text(report, arguments.trials, of); },
                [&] { return study_json(report); }, [&] { return study_csv(report); }});
}

void explain_study(const StudyArguments& arguments) {
  Output output(*arguments.output);
  const std::unique_ptr<TrialStore> store = open_store(arguments.place, print_message);
  const ExplainReport report = make_explain_report(*store);
  output.print({[&](const TextPage& page) { return explain_text(report, page); },
                [&] { return explain_json(report); }, [&] { return explain_csv(report); }});
}

void list_studies(const StudyArguments& arguments) {
  if (!arguments.best.empty() || !arguments.copy_to.empty() || !arguments.export_to.empty() ||
      !arguments.page.empty() || arguments.remove || arguments.explain) {
    fail(ErrorKind::kUsage, "{}: names a database, wanted a study of it: add ?study=NAME",
         arguments.place);
  }
  Output output(*arguments.output);
  const StudyList list = make_study_list(arguments.place);
  output.print({[&](const TextPage& page) { return study_list_text(list, page); },
                [&] { return study_list_json(list); }, [&] { return study_list_csv(list); }});
}

constexpr std::string_view kOptuna = "optuna:sqlite:///";

// The study of "optuna:sqlite:///FILE?study=NAME".
OptunaStudy optuna_study(const std::string& place) {
  const std::string file = place.substr(kOptuna.size());
  constexpr std::string_view kName = "?study=";
  const size_t name = file.find(kName);
  if (name == std::string::npos) return read_optuna_file(file, "");
  return read_optuna_file(file.substr(0, name), file.substr(name + kName.size()));
}

void copy_study(const StudyArguments& arguments) {
  OptunaStudy from;
  if (arguments.place.starts_with(kOptuna)) {
    from = optuna_study(arguments.place);
  } else {
    from.contents = read_contents(*open_store(arguments.place, print_message));
  }
  try {
    make_store(arguments.copy_to, from.contents);
  } catch (const StudyConflict& conflict) {
    fail(ErrorKind::kUsage, "{}, wanted --copy-to where none is", conflict.found());
  }
  std::string notice = fmt::format("{}: {} trials copied to {}", arguments.place,
                                   from.contents.records.size(), arguments.copy_to);
  if (from.left_out > 0) {
    notice += fmt::format("; {} that have not all their parameters are left out", from.left_out);
  }
  if (from.negated) notice += "; what Optuna maximises is negated, for here all is minimised";
  print_notice(notice);
}

void export_study(const StudyArguments& arguments) {
  if (!arguments.export_to.starts_with(kOptuna)) {
    fail(ErrorKind::kUsage, "--export: found {}, wanted {}FILE", arguments.export_to, kOptuna);
  }
  const std::unique_ptr<TrialStore> store = open_store(arguments.place, print_message);
  const std::string file = arguments.export_to.substr(kOptuna.size());
  const StudyContents contents = read_contents(*store);
  write_optuna_file(file, contents.definition.name, contents, store->space());
  print_notice(fmt::format("{}: {} trials, for Optuna: the study \"{}\" of sqlite:///{}",
                           arguments.place, contents.records.size(), contents.definition.name,
                           file));
}

void run_study_command(const StudyArguments& arguments) {
  if (arguments.place.starts_with(kOptuna) && arguments.copy_to.empty()) {
    fail(ErrorKind::kUsage,
         "{}: is a study of Optuna's, wanted --copy-to FILE|URL to make one of it",
         arguments.place);
  }
  if (is_database(arguments.place)) {
    list_studies(arguments);
  } else if (!arguments.copy_to.empty()) {
    copy_study(arguments);
  } else if (!arguments.export_to.empty()) {
    export_study(arguments);
  } else if (arguments.explain) {
    explain_study(arguments);
  } else if (arguments.remove) {
    remove_store(arguments.place);
    print_notice(fmt::format("{}: deleted", arguments.place));
  } else {
    show_study(arguments);
  }
}

}  // namespace

void add_study_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "study", "Show a study: the best architecture, the front, what mattered");
  auto arguments = std::make_shared<StudyArguments>();
  command
      ->add_option("study", arguments->place,
                   "What `wattgrind search` leaves: a file, or "
                   "postgresql://USER@HOST/DATABASE?study=NAME; without a NAME, the studies of the "
                   "database are listed. For --copy-to also optuna:sqlite:///FILE?study=NAME")
      ->required()
      ->type_name("FILE|URL");
  command->add_flag("--trials", arguments->trials, "Show every trial (JSON and CSV always do)");
  CLI::Option* const explained = command->add_flag(
      "--explain", arguments->explain,
      "Show why the best is good: what parameters do, what could be changed, how sure it is");
  command->add_option("--best", arguments->best, "Write the best architecture as a network file")
      ->type_name("FILE");
  add_report_option(*command, arguments->page);
  CLI::Option* const copy =
      command
          ->add_option("--copy-to", arguments->copy_to,
                       "Copy the study to another file or database, where none of its name is")
          ->type_name("FILE|URL");
  CLI::Option* const exported =
      command
          ->add_option("--export", arguments->export_to,
                       "Write the study as Optuna keeps it: optuna:sqlite:///FILE")
          ->excludes(copy)
          ->type_name("optuna:sqlite:///FILE");
  command->add_flag("--delete", arguments->remove, "Delete the study with all its trials")
      ->excludes(copy)
      ->excludes(exported)
      ->excludes(explained);
  arguments->output = add_output_options(*command);
  command->callback([arguments] { run_study_command(*arguments); });
}

}  // namespace wattgrind
