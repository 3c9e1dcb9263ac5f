#include "cli/terminal/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "cli/terminal/message.h"
#include "estimator/base/printable.h"

namespace wattgrind {

namespace {

bool a_program_reads() {
  const char* const wanted = std::getenv("WATTGRIND_PROGRESS");
  return wanted != nullptr && std::string_view(wanted) == "lines";
}

}  // namespace

ProgressLine::ProgressLine(bool quiet)
    : ProgressLine(stderr, !quiet && (a_program_reads() || isatty(STDERR_FILENO) != 0),
                   a_program_reads()) {}

ProgressLine::ProgressLine(std::FILE* stream, bool enabled, bool line_each_time)
    : stream_(stream), enabled_(enabled), line_each_time_(line_each_time) {}

ProgressLine::~ProgressLine() {
  if (!shown_.empty() && !line_each_time_) write("");
}

void ProgressLine::show(std::string_view what, uint64_t done, uint64_t total) {
  constexpr std::chrono::milliseconds kBetween(100);
  if (!enabled_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_.empty() && done < total && now - last_ < kBetween) return;
  last_ = now;
  write(fmt::format("{} {}/{}", what, done, total));
}

void ProgressLine::write(std::string_view line) {
  // This goes back to the first column, writes the new line, and wipes what the old one had beyond
  // it (CSI K).
  write_or_drop(stream_, line_each_time_ ? fmt::format("{}\n", printable(line))
                                         : fmt::format("\r{}\x1b[K", printable(line)));
  shown_ = line;
}

}  // namespace wattgrind
