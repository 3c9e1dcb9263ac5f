#include "cli/terminal/output.h"

#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

// How text is laid out on standard output. Any value of NO_COLOR but the empty one switches
// colours off (no-color.org).
TextPage stdout_page() {
  if (isatty(STDOUT_FILENO) == 0) return Emphasis::kNone;
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = no_color != nullptr && *no_color != '\0';
  winsize size = {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {plain ? Emphasis::kNone : Emphasis::kBold, known ? size.ws_col : SIZE_MAX};
}

// Escapes a whole text but for the emphasis, which is our own. The sentences around tables may hold
// foreign text too.
std::string printable_text(std::string_view text) {
  constexpr std::array<std::string_view, 2> kOwn = {kBoldOn, kBoldOff};
  std::string result;
  while (!text.empty()) {
    size_t end = text.size();
    std::string_view own;
    for (const std::string_view sequence : kOwn) {
      if (const size_t found = text.find(sequence); found < end) {
        end = found;
        own = sequence;
      }
    }
    result += printable(text.substr(0, end), LineFeeds::kKeep);
    result += own;
    text.remove_prefix(end + own.size());
  }
  return result;
}

}  // namespace

std::shared_ptr<OutputOptions> add_output_options(CLI::App& command, const std::string& file_flags,
                                                  const std::string& own_format) {
  auto options = std::make_shared<OutputOptions>();
  std::vector<std::string> words = {"table", "json", "csv"};
  std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  if (!own_format.empty()) {
    words.push_back(own_format);
    formats[own_format] = Format::kOwn;
  }
  command
      .add_option_function<std::string>(
          "--format",
          [options, formats](const std::string& word) { options->format = formats.at(word); },
          "How the result is written (default: table)")
      ->check(CLI::IsMember(words).description(""))
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
  command.add_option(file_flags, options->path, "Write the result to a file")->type_name("FILE");
  command.add_flag("--quiet", options->quiet, "No progress on standard error");
  return options;
}

void print_to_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorKind::kFailed, "cannot write standard output: {}", std::strerror(errno));
  }
}

Output::Output(const OutputOptions& options) : format_(options.format) {
  if (!options.path.empty()) file_.emplace(options.path);
}

void Output::print(const Result& result) {
  std::string text;
  switch (format_) {
    case Format::kTable:
      text = printable_text(result.text(file_ ? TextPage(Emphasis::kNone) : stdout_page()));
      break;
    case Format::kJson:
      text = layout_json(result.json());
      break;
    case Format::kCsv:
      text = csv_text(result.csv());
      break;
    case Format::kOwn:
      text = result.own();
      break;
  }
  if (file_) {
    file_->commit(text);
  } else {
    print_to_stdout(text);
  }
}

}  // namespace wattgrind
