// Where a command's result goes, and in which form: --format, -o, --quiet.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/terminal/table.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {

// kOwn is a format that only one command has.
enum class Format { kTable, kJson, kCsv, kOwn };

struct OutputOptions {
  Format format = Format::kTable;
  std::string path;    // empty: standard output
  bool quiet = false;  // no progress on standard error
};

// Adds --format, -o/--output and --quiet to a command. The values returned are set when the
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
};

// Throws Error(kFailed) where the text cannot be written.
void print_to_stdout(std::string_view text);

// The place for a command's result. It is to be made before the work, so that a file that cannot be
// written is reported before time is spent.
class Output {
 public:
  // Throws Error(kFailed) when the file of -o cannot be created.
  explicit Output(const OutputOptions& options);

  // Writes the result. The file of -o is written whole or not at all. Throws Error(kFailed) when it
  // cannot be written.
  void print(const Result& result);

 private:
  Format format_;
  std::optional<AtomicFile> file_;
};

}  // namespace wattgrind
