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

enum class Format { kTable, kJson, kCsv };

struct OutputOptions {
  Format format = Format::kTable;
  std::string path;    // empty: standard output
  bool quiet = false;  // no progress on standard error
};

// Adds --format, -o/--output and --quiet to a command. What they are set to is there when the
// command's callback runs.
std::shared_ptr<OutputOptions> add_output_options(CLI::App& command);

// One result in its forms; only the one asked for is made.
struct Result {
  std::function<std::string(const TextPage&)> text;  // tables and the sentences around them
  std::function<nlohmann::ordered_json()> json;
  std::function<Table()> csv;
};

// Throws Error(kFailed) where it cannot be written.
void print_to_stdout(std::string_view text);

// The place for a command's result. Make it before the work: a file that cannot be written is
// known then.
class Output {
 public:
  // Throws Error(kFailed) when the file of -o cannot be created.
  explicit Output(const OutputOptions& options);

  // Writes the result, to the file of -o whole or not at all. Throws Error(kFailed).
  void print(const Result& result);

 private:
  Format format_;
  std::optional<AtomicFile> file_;
};

}  // namespace wattgrind
