#include "cli/commands/report_option.h"

#include "cli/commands/version.h"
#include "cli/terminal/command_line.h"
#include "estimator/base/error.h"

namespace wattgrind {

void add_report_option(CLI::App& command, std::string& path) {
  command
      .add_option("--report", path,
                  "Write the result as a page too: one file with tables and drawings")
      ->type_name("FILE.html");
}

ReportFile::ReportFile(const std::string& path) {
  if (!path.empty()) within("--report", [&] { file_.emplace(path); });
}

void ReportFile::write(const std::function<std::string(const PageOrigin&)>& page) {
  if (!file_) return;
  const std::string text = page({command_line(), program_version()});
  within("--report", [&] { file_->commit(text); });
}

}  // namespace wattgrind
