// --report FILE.html: a command's result as a page, beside its output.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "cli/pages/page_origin.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {

void add_report_option(CLI::App& command, std::string& path);

// The file of --report. It is to be made before the work, so that a place that cannot be written to
// is told before time is spent. It appears whole or not at all.
class ReportFile {
 public:
  // An empty path: no report is wanted. Throws Error(kFailed) naming the option.
  explicit ReportFile(const std::string& path);

  // Writes what `page` makes, which is called where a report is wanted alone.
  void write(const std::function<std::string(const PageOrigin&)>& page);

 private:
  std::optional<AtomicFile> file_;
};

}  // namespace wattgrind
