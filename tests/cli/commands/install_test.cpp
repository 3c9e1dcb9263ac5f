// `cmake --install`, into a folder of the test's own: what is there afterwards, and that the
// program works from anywhere.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>

#include "estimator/formats/builtin_files.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

ProcessResult ran_in(const fs::path& folder, std::vector<std::string> argv) {
  return make_process_runner()->run(
      {std::move(argv), {"PATH=/usr/local/bin:/usr/bin:/bin"}, folder, 1 << 20});
}

int status_of(const ProcessResult& result) {
  const auto* exited = std::get_if<ProcessExited>(&result.end);
  return exited == nullptr ? -1 : exited->status;
}

class Installed : public testing::Test {
 protected:
  void SetUp() override {
    const ProcessResult result = ran_in(
        "/",
        {"cmake", "--install", fs::path(program_path()).parent_path(), "--prefix", prefix_.path()});
    ASSERT_EQ(status_of(result), 0) << result.error;
  }

  fs::path at(const fs::path& path) const { return prefix_.path() / path; }

  const TemporaryFolder prefix_;
};

TEST_F(Installed, TheProgramWorksFromAnywhere) {
  const TemporaryFolder elsewhere;
  const std::string program = at("bin/wattgrind");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"estimate", "lenet5", "--machine", "zen3"},
           {"sweep", "deepmeter_conv1_input", "--machine", "zen3", "--max-work", "1e7"},
           {"dataflow", "lenet5", "--accelerator", "eyeriss_chip"},
           {"search", "dffr_digits", "--trials", "1", "--quiet"}}) {
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const ProcessResult result = ran_in(elsewhere.path(), argv);
    // A sweep that leaves points out ends with 1, and a search of one trial may find nothing.
    EXPECT_THAT(status_of(result), testing::AnyOf(0, 1)) << result.error;
    EXPECT_FALSE(result.out.empty()) << arguments[0] << result.error;
  }
}

TEST_F(Installed, EveryCommandHasItsManPage) {
  const std::string page = read_file(at("share/man/man1/wattgrind-estimate.1"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-machine\\fR"));
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(at("share/man/man1"))) {
    names.insert(entry.path().filename());
    // groff warns of what it cannot set.
    const ProcessResult result =
        ran_in("/", {"groff", "-man", "-Tutf8", "-Kutf8", "-ww", entry.path()});
    if (std::holds_alternative<ProgramNotFound>(result.end)) continue;
    EXPECT_EQ(result.error, "") << entry.path();
  }
  for (const std::string command : {"ask-tell", "calibrate", "compare", "doctor", "sweep"}) {
    EXPECT_TRUE(names.contains("wattgrind-" + command + ".1")) << command;
  }
  EXPECT_FALSE(names.contains("wattgrind-write-manual.1"));
}

TEST_F(Installed, WhatPeopleReadAndShellsCompleteIsThere) {
  EXPECT_THAT(read_file(at("share/zsh/vendor-completions/_wattgrind")),
              StartsWith("#compdef wattgrind\n"));
  EXPECT_TRUE(fs::exists(at("share/bash-completion/completions/wattgrind")));
  EXPECT_TRUE(fs::exists(at("share/fish/vendor_completions.d/wattgrind.fish")));
  EXPECT_EQ(read_file(at("share/wattgrind/configs/searches/dffr_digits.json")),
            builtin_text("searches", "dffr_digits"));
}

TEST(BuiltinFiles, EveryConfigThatIsShippedIsInside) {
  size_t files = 0;
  for (const std::string folder :
       {"accelerators", "machines", "networks", "schemas", "searches", "sweeps"}) {
    for (const auto& entry : fs::directory_iterator(source_path("configs/" + folder))) {
      ++files;
      EXPECT_EQ(builtin_text(folder, entry.path().stem().string()), read_file(entry.path()))
          << entry.path();
    }
  }
  EXPECT_GT(files, 60u);
}

TEST(Searches, AnUnknownNameIsToldWithThoseNearIt) {
  const Ran ran = run_wattgrind({"search", "dffr_digit"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("unknown search \"dffr_digit\"; did you mean dffr_digits"));
}

}  // namespace
}  // namespace wattgrind
