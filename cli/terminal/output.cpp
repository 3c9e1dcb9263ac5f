#include "cli/terminal/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

void print_to_stdout(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorKind::kFailed, "cannot write standard output: {}", std::strerror(errno));
  }
}

// no-color.org: any value but the empty one switches colours off.
Emphasis stdout_emphasis() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = no_color != nullptr && *no_color != '\0';
  return isatty(STDOUT_FILENO) != 0 && !plain ? Emphasis::kBold : Emphasis::kNone;
}

}  // namespace

std::shared_ptr<OutputOptions> add_output_options(CLI::App& command) {
  auto options = std::make_shared<OutputOptions>();
  const std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  command
      .add_option_function<std::string>(
          "--format",
          [options, formats](const std::string& word) { options->format = formats.at(word); },
          "How the result is written (default: table)")
      ->check(CLI::IsMember({"table", "json", "csv"}).description(""))
      ->type_name("table|json|csv");
  command.add_option("-o,--output", options->path, "Write the result to a file")->type_name("FILE");
  command.add_flag("--quiet", options->quiet, "No progress on standard error");
  return options;
}

Output::Output(const OutputOptions& options) : format_(options.format) {
  if (!options.path.empty()) file_.emplace(options.path);
}

void Output::print(const Result& result) {
  std::string text;
  switch (format_) {
    case Format::kTable:
      text = result.text(file_ ? Emphasis::kNone : stdout_emphasis());
      break;
    case Format::kJson:
      text = layout_json(result.json());
      break;
    case Format::kCsv:
      text = csv_text(result.csv());
      break;
  }
  if (file_) {
    file_->commit(text);
  } else {
    print_to_stdout(text);
  }
}

}  // namespace wattgrind
