// wattgrind study FILE: what a study holds and what it found.
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/report_option.h"
#include "cli/pages/study_page.h"
#include "cli/reports/study_report.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/network/network_file.h"

namespace wattgrind {
namespace {

struct StudyArguments {
  std::string file, best, page;
  bool trials = false;
  std::shared_ptr<OutputOptions> output;
};

void run_study_command(const StudyArguments& arguments) {
  Output output(*arguments.output);
  ReportFile page(arguments.page);
  StudyFile file(arguments.file);
  const StudyReport report = make_study_report(file);
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

}  // namespace

void add_study_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "study", "Show a study: the best architecture, the front, what mattered");
  auto arguments = std::make_shared<StudyArguments>();
  command->add_option("file", arguments->file, "What `wattgrind search` leaves")
      ->required()
      ->type_name("FILE");
  command->add_flag("--trials", arguments->trials, "Show every trial (JSON and CSV always do)");
  command->add_option("--best", arguments->best, "Write the best architecture as a network file")
      ->type_name("FILE");
  add_report_option(*command, arguments->page);
  arguments->output = add_output_options(*command);
  command->callback([arguments] { run_study_command(*arguments); });
}

}  // namespace wattgrind
