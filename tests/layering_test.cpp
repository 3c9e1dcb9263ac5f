// Includes point one way: estimator <- cachesim <- kernels <- search <- cli. LLVM's and LLD's
// headers appear in kernels/*.cpp only, and nothing includes Valgrind's.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// From the bottom up: a folder includes itself and those before it.
constexpr std::array<std::string_view, 5> kFolders = {"estimator", "cachesim", "kernels", "search",
                                                      "cli"};

std::optional<size_t> height(std::string_view path) {
  const std::string_view folder = path.substr(0, path.find('/'));
  for (size_t i = 0; i < kFolders.size(); ++i) {
    if (kFolders[i] == folder) return i;
  }
  return std::nullopt;
}

bool starts_with_any(std::string_view text, const std::set<std::string_view>& prefixes) {
  for (std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

// Why the file at `path` (relative to the top) may not include `header`; empty where it may.
std::string objection(std::string_view path, std::string_view header) {
  if (header.starts_with("valgrind/")) return "Valgrind is a program to run, not to include";
  if (starts_with_any(header, {"llvm/", "llvm-c/", "lld/"})) {
    return path.starts_with("kernels/") && path.ends_with(".cpp")
               ? ""
               : "LLVM's headers belong in kernels/*.cpp";
  }
  const std::optional<size_t> from = height(path), to = height(header);
  return from && to && *to > *from ? "points up" : "";
}

// "path:line: <header>: why" for each include of `text` that is not allowed in `path`.
std::vector<std::string> bad_includes(const std::string& path, const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const size_t word = line.find("include", hash);
    const size_t open = line.find_first_of("\"<", hash);
    if (word == std::string::npos || open == std::string::npos) continue;
    const size_t close = line.find_first_of("\">", open + 1);
    const std::string header = line.substr(open + 1, close - open - 1);
    const std::string why = objection(path, header);
    const std::string place = path + ":" + std::to_string(number) + ": " + header + ": ";
    if (!why.empty()) found.push_back(place + why);
    if (line[open] == '"' && header.find('/') == std::string::npos) {
      found.push_back(place + "not relative to the top");
    }
  }
  return found;
}

TEST(Layering, IncludesPointDown) {
  const fs::path top = WATTGRIND_SOURCE_DIR;
  int files = 0;
  for (const std::string folder : {"estimator", "cachesim", "kernels", "search", "cli", "tests"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(top / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      for (const std::string& bad :
           bad_includes(fs::relative(entry.path(), top).generic_string(), text.str())) {
        ADD_FAILURE() << bad;
      }
      ++files;
    }
  }
  EXPECT_GT(files, 10) << "the folders were not found";
}

TEST(Layering, FindsEachKindOfBadInclude) {
  EXPECT_EQ(bad_includes("estimator/cost.h", "#pragma once\n#include \"cachesim/cache.h\"\n"),
            std::vector<std::string>{"estimator/cost.h:2: cachesim/cache.h: points up"});
  EXPECT_EQ(bad_includes("kernels/jit.h", "#include <llvm/IR/Module.h>").size(), 1u);
  EXPECT_EQ(bad_includes("cli/main.cpp", "#include \"lld/Common/Driver.h\"").size(), 1u);
  EXPECT_EQ(bad_includes("search/study.cpp", "#  include \"cli/commands.h\"").size(), 1u);
  EXPECT_EQ(bad_includes("kernels/jit.cpp", "#include <valgrind/cachegrind.h>").size(), 1u);
  EXPECT_EQ(bad_includes("kernels/jit.cpp", "#include \"jit.h\"").size(), 1u);
}

TEST(Layering, AllowsWhatPointsDown) {
  EXPECT_TRUE(bad_includes("cli/main.cpp", "#include \"search/study.h\"").empty());
  EXPECT_TRUE(bad_includes("kernels/jit.cpp", "#include <llvm/IR/Module.h>").empty());
  EXPECT_TRUE(bad_includes("estimator/cost.cpp", "#include \"estimator/cost.h\"").empty());
  EXPECT_TRUE(bad_includes("tests/cachesim/cache_test.cpp", "#include \"kernels/nest.h\"").empty());
}

}  // namespace
}  // namespace wattgrind
