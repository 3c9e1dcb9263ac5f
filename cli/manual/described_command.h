// The commands and their options as descriptions, read from what --help is made from.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace wattgrind {

struct DescribedOption {
  std::vector<std::string> names;  // "-o", "--output"; none: an argument that stands by itself
  std::string value;               // "FILE", "fused|layers"; empty: a flag
  std::string text;
  std::string default_value;       // empty: none, or told by the text
  std::vector<std::string> words;  // what the value may be; none: not known
  bool takes_files = false;        // the value may be a file or a folder
  bool required = false;
};

struct DescribedCommand {
  std::string name;  // "estimate"
  std::string text;
  std::string footer;  // what stands below the options; may be empty
  std::vector<DescribedOption> arguments, options;
};

struct DescribedProgram {
  std::string name, text, version;
  std::vector<DescribedOption> options;
  std::vector<DescribedCommand> commands;  // in alphabetical order
};

// The names that stand for values: {"MACHINE", {"host", "zen3", ...}}.
using ValueWords = std::map<std::string, std::vector<std::string>>;

// Leaves out what is hidden. A value such as "inference|training" says its words itself; others
// have those that `words` knows for their name.
DescribedProgram describe_program(const CLI::App& program, const std::string& version,
                                  const ValueWords& words);

// "network", or "--output" where there are several names.
std::string long_name(const DescribedOption& option);

}  // namespace wattgrind
