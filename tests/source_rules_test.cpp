// Rules of the sources' own text that no compiler and no include tells: what may be called in one
// place only, so that what comes from outside meets the same care wherever it comes in or goes out.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/places.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

struct SourceRule {
  std::regex forbidden;
  std::vector<std::string> places;   // folders and files it is looked for in
  std::vector<std::string> allowed;  // the files that may
  std::string remedy;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// "cli/commands/x.cpp:12: ...remedy" for each line of `text` that breaks the rule. Comments may say
// what they like.
std::vector<std::string> violations(const std::string& file, const std::string& text,
                                    const SourceRule& rule) {
  std::vector<std::string> found;
  if (std::count(rule.allowed.begin(), rule.allowed.end(), file) != 0) return found;
  size_t number = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    ++number;
    const std::string code = line.substr(0, line.find("//"));
    if (!std::regex_search(code, rule.forbidden)) continue;
    found.push_back(file + ":" + std::to_string(number) + ": " + rule.remedy);
  }
  return found;
}

std::vector<std::string> sources_in(const std::string& place) {
  const fs::path path = source_path(place);
  if (fs::is_regular_file(path)) return {place};
  std::vector<std::string> sources;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".h") continue;
    sources.push_back(fs::relative(entry.path(), source_path(".")).generic_string());
  }
  return sources;
}

void expect_kept(const SourceRule& rule) {
  for (const std::string& place : rule.places) {
    const std::vector<std::string> sources = sources_in(place);
    EXPECT_FALSE(sources.empty()) << place;
    for (const std::string& source : sources) {
      for (const std::string& violation : violations(source, text_of(source_path(source)), rule)) {
        ADD_FAILURE() << violation;
      }
    }
  }
}

const std::vector<std::string> kProgram = {"estimator", "cachesim", "kernels", "search", "cli"};

TEST(SourceRules, NameTheLineButNoComment) {
  const SourceRule rule{std::regex("printf\\("), {}, {"a.cpp"}, "print elsewhere"};
  const std::string text = "// printf() was here\nint a;\nprintf(\"a\");\n";
  EXPECT_EQ(violations("b.cpp", text, rule),
            (std::vector<std::string>{"b.cpp:3: print elsewhere"}));
  EXPECT_TRUE(violations("a.cpp", text, rule).empty());
}

TEST(SourceRules, OneReaderOfJson) {
  expect_kept(
      {std::regex("[jJ]son::(parse|accept|sax_parse)\\("),
       kProgram,
       {"estimator/formats/json_text.cpp"},
       "JSON is read by parse_json (estimator/formats/json_text.h), which bounds its depth"});
}

// CLI11's own checks let a NaN be within any range, and -1 be a large unsigned number.
TEST(SourceRules, OptionsAreCheckedByOurOwnChecks) {
  expect_kept(
      {std::regex("CLI::(Range|Number|PositiveNumber|NonNegativeNumber|TypeValidator|Bound)"),
       kProgram,
       {},
       "options with numbers are checked by cli/terminal/checks.h"});
}

TEST(SourceRules, OnePlaceWritesToTheTerminal) {
  expect_kept({std::regex("\\b(stdout|stderr|cout|cerr|clog)\\b|fmt::print\\(\""),
               kProgram,
               {"cli/terminal/message.cpp", "cli/terminal/output.cpp", "cli/terminal/progress.cpp",
                "estimator/base/error.cpp"},
               "results go through Output, messages through print_message (cli/terminal), which "
               "escape foreign text and bear a stream that is closed or full"});
}

// CHECK is for faults of ours and aborts. These read what a user wrote, or another program, and
// hold nothing else: whatever is wrong there is an Error. (The readers of networks and machines
// CHECK that they know every word their schema has let pass.)
TEST(SourceRules, ReadersAbortOnNothingTheyRead) {
  expect_kept({std::regex("\\bCHECK\\(|\\bassert\\(|\\babort\\("),
               {"cachesim/cachegrind/cachegrind_output.cpp",
                "cli/commands/ask_tell.cpp",
                "cli/terminal/checks.cpp",
                "estimator/accelerator/accelerator_file.cpp",
                "estimator/catalog/workload_source.cpp",
                "estimator/dataflow/mit_file.cpp",
                "estimator/dataflow/sparsity_file.cpp",
                "estimator/formats/csv.cpp",
                "estimator/formats/json_check.cpp",
                "estimator/formats/json_text.cpp",
                "estimator/formats/key_values.cpp",
                "estimator/meters/meter_log.cpp",
                "estimator/network/short_form.cpp",
                "estimator/readings/readings.cpp",
                "estimator/system/file_text.cpp",
                "search/candidates/search_config.cpp",
                "search/candidates/study_notes.cpp",
                "search/samplers/sampler.cpp",
                "search/study/stored_row.cpp",
                "search/space/space_json.cpp",
                "search/study/ask_tell.cpp",
                "search/training/safetensors.cpp"},
               {},
               "this file reads what came from outside: throw an Error (fail) instead"});
}

}  // namespace
}  // namespace wattgrind
