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
#include <utility>
#include <vector>

#include "cli/terminal/table_markup.h"
#include "estimator/base/error.h"
#include "estimator/base/printable.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

constexpr std::pair<std::string_view, Format> kFormats[] = {{"table", Format::kTable},
                                                            {"json", Format::kJson},
                                                            {"csv", Format::kCsv},
                                                            {"markdown", Format::kMarkdown},
                                                            {"latex", Format::kLatex}};

// What is wrong with "csv=FILE"; empty: nothing.
std::string objection_to_also(const std::string& text,
                              const std::map<std::string, Format>& formats) {
  const size_t equals = text.find('=');
  const bool whole = equals != std::string::npos && equals + 1 < text.size();
  if (whole && formats.contains(text.substr(0, equals))) return {};
  std::vector<std::string_view> words;
  for (const auto& [word, format] : formats) words.push_back(word);
  return fmt::format("found {}, wanted FORMAT=FILE with one of {}", text, fmt::join(words, ", "));
}

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

Table table_for_people(const Result& result) {
  return result.people ? result.people() : result.csv();
}

std::string result_text(const Result& result, Format format, const TextPage& page) {
  switch (format) {
    case Format::kTable:
      return printable_text(result.text(page));
    case Format::kJson:
      return layout_json(result.json());
    case Format::kCsv:
      return csv_text(result.csv());
    case Format::kMarkdown:
      return markdown_text(table_for_people(result));
    case Format::kLatex:
      return latex_text(table_for_people(result));
    case Format::kOwn:
      return result.own();
  }
  CHECK(false, "format {}", static_cast<int>(format));
}

}  // namespace

std::shared_ptr<OutputOptions> add_output_options(CLI::App& command, const std::string& file_flags,
                                                  const std::string& own_format) {
  auto options = std::make_shared<OutputOptions>();
  std::vector<std::string> words;
  std::map<std::string, Format> formats;
  for (const auto& [word, format] : kFormats) {
    words.emplace_back(word);
    formats[std::string(word)] = format;
  }
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
  command
      .add_option_function<std::vector<std::string>>(
          "--also",
          [options, formats](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const size_t equals = text.find('=');
              options->also.push_back(
                  {formats.at(text.substr(0, equals)), text.substr(equals + 1)});
            }
          },
          "Write the result in another format, too")
      ->delimiter(',')
      ->check(CLI::Validator(
          [formats](const std::string& text) { return objection_to_also(text, formats); }, ""))
      ->type_name("FORMAT=FILE,...");
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
  for (const AlsoWritten& also : options.also) {
    also_.emplace_back(also.format, std::make_unique<AtomicFile>(also.path));
  }
}

void Output::print(const Result& result) {
  for (auto& [format, file] : also_) file->commit(result_text(result, format, Emphasis::kNone));
  const std::string text =
      result_text(result, format_, file_ ? TextPage(Emphasis::kNone) : stdout_page());
  if (file_) {
    file_->commit(text);
  } else {
    print_to_stdout(text);
  }
}

}  // namespace wattgrind
