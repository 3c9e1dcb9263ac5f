// The architecture holds: every source lies in a room of tests/rooms.txt, includes what that room's
// line allows and nothing else, and no name stands for two types.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/places.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTable = "tests/rooms.txt";
constexpr std::array<std::string_view, 5> kFolders = {"estimator", "cachesim", "kernels", "search",
                                                      "cli"};

// The outside libraries that belong to some rooms only, by how their headers begin.
const std::map<std::string, std::vector<std::string>>& libraries() {
  static const std::map<std::string, std::vector<std::string>> kLibraries = {
      {"benchmark", {"benchmark/"}}, {"boost", {"boost/"}},
      {"cli11", {"CLI/"}},           {"curl", {"curl/"}},
      {"eigen", {"Eigen/"}},         {"highway", {"hwy/"}},
      {"libpq", {"libpq-fe.h"}},     {"llvm", {"llvm/", "llvm-c/", "lld/"}},
      {"onednn", {"oneapi/dnnl/"}},  {"openblas", {"cblas.h"}},
      {"openssl", {"openssl/"}},     {"protobuf", {"google/protobuf/"}},
      {"sqlite", {"sqlite3.h"}},     {"tbb", {"oneapi/tbb", "tbb/"}},
      {"zlib", {"zlib.h"}},
  };
  return kLibraries;
}

// Headers that any room may include: of the C++ standard library (they have neither "/" nor ".h"),
// of POSIX and Linux, and of the two libraries everybody prints and reads with.
bool is_anybodys(const std::string& header) {
  static const std::regex kPattern(
      "[a-z_0-9]+|(sys|linux|netinet|arpa|fmt|nlohmann)/.*|"
      "(dlfcn|elf|fcntl|limits|poll|sched|signal|spawn|stdlib|unistd)\\.h");
  return std::regex_match(header, kPattern);
}

struct RoomLine {
  std::string text;  // as the table has it
  bool everything = false;
  std::set<std::string> rooms;    // that it may include, itself among them
  std::set<std::string> outside;  // libraries' words
};
using RoomTable = std::map<std::string, RoomLine>;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (part = trimmed(part); !part.empty()) parts.push_back(part);
  }
  return parts;
}

RoomTable parse_table(const std::string& text) {
  RoomTable table;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (trimmed(line).empty() || line[0] == '#') continue;
    const size_t first = line.find('|'), second = line.find('|', first + 1);
    if (second == std::string::npos) {
      ADD_FAILURE() << kTable << ": wanted ROOM | MAY INCLUDE | OUTSIDE, found: " << line;
      continue;
    }
    const std::string room = trimmed(line.substr(0, first));
    RoomLine entry{line, false, {room}, {}};
    for (const std::string& group : split(line.substr(first + 1, second - first - 1), ';')) {
      const size_t colon = group.find(':');
      entry.everything = entry.everything || group == "everything";
      if (colon == std::string::npos) continue;
      for (const std::string& name : split(group.substr(colon + 1), ' ')) {
        entry.rooms.insert(group.substr(0, colon) + "/" + name);
      }
    }
    for (const std::string& word : split(line.substr(second + 1), ' ')) entry.outside.insert(word);
    table[room] = std::move(entry);
  }
  return table;
}

// The folder of a source; all of experiments/ is one room.
std::string room_of(const std::string& path) {
  return path.starts_with("experiments/") ? "experiments"
                                          : fs::path(path).parent_path().generic_string();
}

bool is_ours(const std::string& header) {
  return std::any_of(kFolders.begin(), kFolders.end(), [&](std::string_view folder) {
    return header.starts_with(std::string(folder) + "/");
  });
}

// Why the room may not include `header`; empty where it may.
std::string objection(const std::string& path, const std::string& header, const RoomTable& table) {
  const RoomLine& line = table.at(room_of(path));
  const std::string remedy = std::string("; to allow it on purpose, change the line of ") +
                             std::string(kTable) + " that says: " + line.text;
  if (is_ours(header)) {
    const std::string room = room_of(header);
    return line.everything || line.rooms.contains(room) ? "" : "includes " + room + remedy;
  }
  // Experiments time oracles too.
  if (header.starts_with("experiments/") || header.starts_with("tests/")) {
    return room_of(path) == "experiments" ? "" : "includes what is no room" + remedy;
  }
  for (const auto& [word, beginnings] : libraries()) {
    for (const std::string& beginning : beginnings) {
      if (!header.starts_with(beginning)) continue;
      if (word == "llvm" && !path.ends_with(".cpp")) return "LLVM's headers belong in .cpp files";
      return line.outside.contains(word) ? "" : "includes a header of " + word + remedy;
    }
  }
  return is_anybodys(header) ? ""
                             : "an outside header of no library that " + std::string(kTable) +
                                   " knows: name it in libraries() of the layering test" + remedy;
}

// "path:line: header: why" for each include of `text` that is not allowed in `path`.
std::vector<std::string> bad_includes(const std::string& path, const std::string& text,
                                      const RoomTable& table) {
  if (!table.contains(room_of(path))) {
    return {path + ": no room " + room_of(path) + ": move it, or add a line to " +
            std::string(kTable)};
  }
  std::vector<std::string> found;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const size_t word = line.find("include", hash);
    const size_t open = line.find_first_of("\"<", hash);
    if (word == std::string::npos || open == std::string::npos || open < word) continue;
    const std::string header =
        line.substr(open + 1, line.find_first_of("\">", open + 1) - open - 1);
    const std::string place = path + ":" + std::to_string(number) + ": " + header + ": ";
    if (header.ends_with(".inc")) continue;  // written by the build
    if (line[open] == '"' && header.find('/') == std::string::npos) {
      found.push_back(place + "not relative to the top");
      continue;
    }
    const std::string why = objection(path, header, table);
    if (!why.empty()) found.push_back(place + why);
  }
  return found;
}

// The types that a source defines at namespace scope: code there begins a line.
std::set<std::string> types_of(const std::string& text) {
  static const std::regex kType(
      "(?:template <.*> )?(?:struct|class|union|enum|enum class)(?: alignas\\(.*\\))? (\\w+)"
      "(?: final)?(?: : [^;]*)? \\{.*");
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kType)) names.insert(match[1]);
  }
  return names;
}

struct SourceFile {
  std::string path;
  std::string text;
};

bool is_product(const std::string& path) { return is_ours(path); }

// "NAME: a second type of this name, in PATH and PATH" for each. Every program holds all that the
// five folders hold, so there a name is one type's; experiments are programs of their own, whose
// names are not those of a header they could include.
std::vector<std::string> twice_named(const std::vector<SourceFile>& sources) {
  std::map<std::string, std::vector<std::string>> product, headers;
  for (const SourceFile& source : sources) {
    if (!is_product(source.path)) continue;
    for (const std::string& name : types_of(source.text)) {
      product[name].push_back(source.path);
      if (source.path.ends_with(".h")) headers[name].push_back(source.path);
    }
  }
  std::vector<std::string> found;
  const auto report = [&](const std::string& name, const std::string& a, const std::string& b) {
    found.push_back(name + ": a second type of this name, in " + a + " and " + b +
                    ": rename one, so that the word means one thing");
  };
  for (const auto& [name, paths] : product) {
    for (size_t i = 1; i < paths.size(); ++i) report(name, paths[0], paths[i]);
  }
  for (const SourceFile& source : sources) {
    if (is_product(source.path)) continue;
    for (const std::string& name : types_of(source.text)) {
      if (headers.contains(name)) report(name, headers[name][0], source.path);
    }
  }
  return found;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cpp";
}

std::vector<SourceFile> sources_under(std::string_view folder) {
  std::vector<SourceFile> sources;
  for (const auto& entry : fs::recursive_directory_iterator(source_path(folder))) {
    if (!is_source(entry.path())) continue;
    sources.push_back(
        {fs::relative(entry.path(), source_path("")).generic_string(), read(entry.path())});
  }
  EXPECT_GT(sources.size(), 5u) << folder << " was not found";
  return sources;
}

std::vector<SourceFile> all_sources(bool with_tests) {
  std::vector<SourceFile> sources = sources_under("experiments");
  for (const std::string_view folder : kFolders) {
    for (SourceFile& source : sources_under(folder)) sources.push_back(std::move(source));
  }
  if (with_tests) {
    for (SourceFile& source : sources_under("tests")) sources.push_back(std::move(source));
  }
  return sources;
}

RoomTable real_table() { return parse_table(read(source_path(kTable))); }

TEST(Layering, EveryIncludeIsAllowedByTheTable) {
  const RoomTable table = real_table();
  ASSERT_GT(table.size(), 30u);
  for (const SourceFile& source : all_sources(false)) {
    for (const std::string& bad : bad_includes(source.path, source.text, table)) {
      ADD_FAILURE() << bad;
    }
  }
}

TEST(Layering, NoNameStandsForTwoTypes) {
  for (const std::string& bad : twice_named(all_sources(true))) ADD_FAILURE() << bad;
}

// A room includes only rooms that stand above it in the table: read from the top, it has no cycle.
TEST(Layering, TheTableHasNoCycle) {
  const RoomTable table = real_table();
  std::set<std::string> before;
  std::istringstream lines(read(source_path(kTable)));
  for (std::string line; std::getline(lines, line);) {
    if (trimmed(line).empty() || line[0] == '#') continue;
    const std::string room = trimmed(line.substr(0, line.find('|')));
    for (const std::string& used : table.at(room).rooms) {
      EXPECT_TRUE(used == room || before.contains(used)) << room << " before " << used;
    }
    before.insert(room);
  }
}

TEST(Layering, EveryRoomOfTheTableIsThere) {
  for (const auto& [room, line] : real_table()) {
    EXPECT_TRUE(fs::is_directory(source_path(room))) << line.text;
    for (const std::string& word : line.outside) {
      EXPECT_TRUE(libraries().contains(word)) << word << ": " << line.text;
    }
  }
}

// The drawing of the architecture is the table, to the letter.
TEST(Layering, ArchitectureQuotesTheTable) {
  const std::string text = read(source_path("ARCHITECTURE.md"));
  for (const auto& [room, line] : real_table()) {
    EXPECT_NE(text.find(line.text), std::string::npos) << line.text;
  }
}

class LayeringRules : public testing::Test {
 protected:
  std::vector<std::string> bad(const std::string& path, const std::string& text) const {
    return bad_includes(path, text, table_);
  }

  const RoomTable table_ = parse_table(
      "# a comment\n"
      "estimator/base   |                                  |\n"
      "estimator/system | estimator: base                  | curl\n"
      "kernels/codegen  | estimator: base                  | llvm\n"
      "cli/commands     | everything                       | cli11\n"
      "experiments      | everything                       |\n");
};

TEST_F(LayeringRules, AFileWithoutARoomIsNamed) {
  EXPECT_EQ(
      bad("estimator/other/a.h", ""),
      std::vector<std::string>{"estimator/other/a.h: no room estimator/other: move it, or add "
                               "a line to tests/rooms.txt"});
  EXPECT_EQ(bad("estimator/a.h", "").size(), 1u);
}

TEST_F(LayeringRules, AnIncludeThatTheTableDoesNotAllowNamesItsLine) {
  EXPECT_EQ(
      bad("estimator/base/a.h", "#pragma once\n#include \"estimator/system/b.h\"\n"),
      std::vector<std::string>{
          "estimator/base/a.h:2: estimator/system/b.h: includes estimator/system; to allow it "
          "on purpose, change the line of tests/rooms.txt that says: estimator/base   |       "
          "                           |"});
  EXPECT_EQ(bad("estimator/system/a.cpp", "#  include \"cli/commands/c.h\"").size(), 1u);
  EXPECT_EQ(bad("estimator/base/a.h", "#include \"experiments/experiment.h\"").size(), 1u);
  EXPECT_EQ(bad("estimator/base/a.h", "#include \"b.h\"").size(), 1u);
}

TEST_F(LayeringRules, AnOutsideHeaderInARoomThatHasNoneNamesItsLine) {
  const auto found = bad("estimator/base/a.cpp", "#include <curl/curl.h>");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("includes a header of curl; to allow it on purpose, change the line of "
                          "tests/rooms.txt that says: estimator/base"),
            std::string::npos);
  EXPECT_EQ(bad("kernels/codegen/a.h", "#include <llvm/IR/Module.h>").size(), 1u);
  EXPECT_EQ(bad("estimator/base/a.cpp", "#include <unknown/library.h>").size(), 1u);
  EXPECT_EQ(bad("experiments/a/main.cpp", "#include <valgrind/cachegrind.h>").size(), 1u);
}

TEST_F(LayeringRules, AllowsWhatTheTableAllows) {
  EXPECT_TRUE(bad("estimator/system/a.cpp", "#include \"estimator/base/b.h\"").empty());
  EXPECT_TRUE(bad("estimator/system/a.cpp", "#include <curl/curl.h>\n#include <vector>").empty());
  EXPECT_TRUE(bad("kernels/codegen/a.cpp", "#include <llvm/IR/Module.h>").empty());
  EXPECT_TRUE(bad("cli/commands/a.cpp", "#include \"estimator/base/b.h\"").empty());
  EXPECT_TRUE(bad("experiments/a/main.cpp", "#include \"estimator/base/b.h\"").empty());
  EXPECT_TRUE(bad("estimator/base/a.cpp", "#include <sys/mman.h>\n#include <unistd.h>").empty());
}

TEST_F(LayeringRules, ASecondTypeOfANameIsNamed) {
  const std::vector<SourceFile> sources = {
      {"kernels/codegen/a.h", "struct Stream {\n  int a;\n};\nstruct Other;\n"},
      {"estimator/base/b.cpp", "class Stream final : public Base {\n};\nclass Other {};\n"},
      {"experiments/c/main.cpp", "enum class Stream { kA };\nstruct Own {};\n"},
      {"experiments/d/main.cpp", "struct Own {};\n"}};
  EXPECT_EQ(twice_named(sources),
            (std::vector<std::string>{
                "Stream: a second type of this name, in kernels/codegen/a.h and "
                "estimator/base/b.cpp: rename one, so that the word means one thing",
                "Stream: a second type of this name, in kernels/codegen/a.h and "
                "experiments/c/main.cpp: rename one, so that the word means one thing"}));
}

}  // namespace
}  // namespace wattgrind
