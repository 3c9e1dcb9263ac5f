#include "cli/terminal/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/terminal/message.h"
#include "estimator/base/printable.h"

namespace wattgrind {

ProgressLine::ProgressLine(bool quiet)
    : ProgressLine(stderr, !quiet && isatty(STDERR_FILENO) != 0) {}

ProgressLine::ProgressLine(std::FILE* stream, bool enabled) : stream_(stream), enabled_(enabled) {}

ProgressLine::~ProgressLine() {
  if (!shown_.empty()) write("");
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
  write_or_drop(stream_, fmt::format("\r{}\x1b[K", printable(line)));
  shown_ = line;
}

}  // namespace wattgrind
