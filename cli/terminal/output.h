// Where a command's result goes, and in which form: --format, -o, --quiet.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {

// kOwn is a format that only one command has.
enum class Format { kTable, kJson, kCsv, kMarkdown, kLatex, kOwn };

struct AlsoWritten {
  Format format;
  std::string path;
};

struct OutputOptions {
  Format format = Format::kTable;
  std::string path;               // empty: standard output
  std::vector<AlsoWritten> also;  // the same result once more, in files
  bool quiet = false;             // no progress on standard error
};

// Adds --format, -o/--output, --also and --quiet to a command. The values returned are set when the
// command's callback runs. `file_flags` are others for a command that writes several outputs;
// `own_format` is the word for a format of its own, if it has one.
std::shared_ptr<OutputOptions> add_output_options(CLI::App& command,
                                                  const std::string& file_flags = "-o,--output",
                                                  const std::string& own_format = "");

// Makes a command's result in each of its forms. Only the one that is asked for is called.
struct Result {
  std::function<std::string(const TextPage&)> text;  // tables and the sentences around them
  std::function<nlohmann::ordered_json()> json;
  std::function<Table()> csv;
  std::function<std::string()> own = nullptr;  // of commands that have a format of their own
  // What Markdown and LaTeX show, where people want another table than programs do.
  std::function<Table()> people = nullptr;
};

// Throws Error(kFailed) where the text cannot be written.
void print_to_stdout(std::string_view text);

// The place for a command's result. It is to be made before the work, so that a file that cannot be
// written is reported before time is spent.
class Output {
 public:
  // Throws Error(kFailed) when a file of -o or --also cannot be created.
  explicit Output(const OutputOptions& options);

  // Writes the result. Each file is written whole or not at all. Throws Error(kFailed) when it
  // cannot be written.
  void print(const Result& result);

 private:
  Format format_;
  std::optional<AtomicFile> file_;
  std::vector<std::pair<Format, std::unique_ptr<AtomicFile>>> also_;
};

}  // namespace wattgrind
