#include "cachesim/cachegrind/cachegrind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

#include "estimator/base/error.h"
#include "estimator/system/scratch_folder.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string read_data(const std::string& name) {
  return read_text(fs::path(source_path("tests/data/cachegrind")) / name);
}

Machine machine_with(const std::vector<CacheGeometry>& levels) {
  Machine machine;
  machine.name = "test_machine";
  for (const CacheGeometry& geometry : levels) {
    CacheLevel level;
    level.name = "L" + std::to_string(machine.levels.size() + 1);
    level.geometry = {geometry, "test"};
    machine.levels.push_back(level);
  }
  return machine;
}

const Machine kTwoLevels = machine_with({{32 << 10, 8, 64}, {256 << 10, 8, 64}});
const Machine kThreeLevels =
    machine_with({{32 << 10, 8, 64}, {256 << 10, 8, 64}, {1 << 20, 16, 64}});

std::string option_value(const ProcessSpec& spec, const std::string& name) {
  for (const std::string& word : spec.argv) {
    if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
  }
  return "";
}

// A Valgrind that writes what it is told to.
class FakeValgrind : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec& spec) override {
    const std::lock_guard lock(mutex_);
    if (spec.argv == std::vector<std::string>{"valgrind", "--version"}) return version;
    specs.push_back(spec);
    if (const auto text = output(spec)) {
      std::ofstream(spec.working_directory / option_value(spec, "--cachegrind-out-file")) << *text;
    }
    return end;
  }

  ProcessResult version{ProcessExited{0}, "valgrind-3.19.0\n", ""};
  ProcessResult end{ProcessExited{0}, "", ""};
  std::function<std::optional<std::string>(const ProcessSpec&)> output = [](const ProcessSpec& s) {
    const bool is_larger = option_value(s, "--LL") == "1048576,16,64";
    return read_data(is_larger ? "two_layers_larger_ll.out" : "two_layers.out");
  };
  std::vector<ProcessSpec> specs;

 private:
  std::mutex mutex_;
};

class Cachegrind : public testing::Test {
 protected:
  void SetUp() override { setenv("TMPDIR", folder_.path().c_str(), 1); }
  void TearDown() override {
    EXPECT_THAT(left_behind(), IsEmpty());
    unsetenv("TMPDIR");
  }

  std::vector<fs::path> left_behind() const {
    return {fs::directory_iterator(folder_.path()), fs::directory_iterator()};
  }

  CachegrindResult run(const Machine& machine = kTwoLevels) {
    return run_cachegrind(machine, request_, valgrind_);
  }

  void expect_error(ErrorKind kind, const testing::Matcher<std::string>& message) {
    try {
      run();
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_THAT(std::string(error.what()), message);
    }
  }

  FakeValgrind valgrind_;
  CachegrindRequest request_{"/somewhere/lenet5", {"layer_strided", "layer_dense"}};

 private:
  const ScratchFolder folder_;
};

TEST_F(Cachegrind, RunsAMachineOfTwoLevelsOnce) {
  const CachegrindResult result = run();
  EXPECT_EQ(result.version, "3.19.0");
  EXPECT_THAT(
      result.commands,
      ElementsAre(
          "valgrind --command-line-only=yes --quiet --demangle=no --vgdb=no --tool=cachegrind "
          "--cache-sim=yes --I1=32768,8,64 --D1=32768,8,64 --LL=262144,8,64 "
          "--cachegrind-out-file=cachegrind.L2.out ./lenet5"));
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].name, "cachegrind.L2.out");
  EXPECT_EQ(result.outputs[0].text, read_data("two_layers.out"));
  EXPECT_EQ(result.counts.layers.at(1).levels.at(1).misses, 18U);
  EXPECT_THAT(result.substitutions, IsEmpty());
}

TEST_F(Cachegrind, GivesItsChildrenNothingOfOurSurroundings) {
  run();
  ASSERT_EQ(valgrind_.specs.size(), 1U);
  EXPECT_THAT(valgrind_.specs[0].environment, IsEmpty());
  EXPECT_EQ(valgrind_.specs[0].working_directory.parent_path(), scratch_root());
}

TEST_F(Cachegrind, RunsAMachineOfThreeLevelsTwice) {
  const CachegrindResult result = run(kThreeLevels);
  ASSERT_EQ(result.commands.size(), 2U);
  EXPECT_THAT(result.commands[1], AllOf(HasSubstr("--LL=1048576,16,64"),
                                        HasSubstr("--cachegrind-out-file=cachegrind.L3.out")));
  EXPECT_EQ(result.counts.layers.at(0).levels.at(2).hits, 1U);
}

TEST_F(Cachegrind, ValgrindThatIsMissingHasARemedy) {
  valgrind_.version = {ProgramNotFound{}, "", ""};
  expect_error(ErrorKind::kMissing,
               "found no program valgrind in PATH: install it (sudo apt-get install valgrind)");
}

TEST_F(Cachegrind, ValgrindThatIsTooOldHasARemedy) {
  valgrind_.version.out = "valgrind-3.8.1\n";
  expect_error(ErrorKind::kMissing, AllOf(HasSubstr("found Valgrind 3.8.1, wanted 3.13"),
                                          HasSubstr("sudo apt-get install valgrind")));
}

TEST_F(Cachegrind, ValgrindThatTellsNoVersionHasARemedy) {
  valgrind_.version = {ProcessExited{1}, "", "/usr/bin/valgrind: 9: exec: not found\n"};
  expect_error(ErrorKind::kMissing,
               AllOf(HasSubstr("exec: not found"), HasSubstr("apt-get install valgrind")));
}

TEST_F(Cachegrind, AnInstructionItCannotRunIsNamed) {
  valgrind_.end = {ProcessKilled{SIGILL}, "", "==7== valgrind: Unrecognised instruction\n==7== \n"};
  expect_error(ErrorKind::kFailed,
               AllOf(HasSubstr("./lenet5 was ended by signal 4"), HasSubstr("AVX-512"),
                     HasSubstr("(it said: valgrind: Unrecognised instruction)")));
}

TEST_F(Cachegrind, AKillIsMostLikelyForWantOfMemory) {
  valgrind_.end = {ProcessKilled{SIGKILL}, "", ""};
  expect_error(ErrorKind::kFailed,
               AllOf(HasSubstr("signal 9"), HasSubstr("memory"), HasSubstr("no message")));
}

TEST_F(Cachegrind, AFailedRunSaysWhatValgrindSaid) {
  valgrind_.end = {ProcessExited{1}, "", "first\nvalgrind: mmap(0x10000000) failed in UME\n"};
  expect_error(ErrorKind::kFailed,
               "cachegrind on ./lenet5 ended with status 1: valgrind: mmap(0x10000000) failed in "
               "UME");
}

// access() gives EACCES for a file that nobody may execute, as on a file system mounted noexec.
TEST_F(Cachegrind, AnExecutableThatMayNotRunHasARemedyAndStartsNothing) {
  const ScratchFolder folder;
  request_.executable = folder.path() / "lenet5";
  std::ofstream(request_.executable) << "a program";
  fs::permissions(request_.executable, fs::perms::owner_read);
  expect_error(ErrorKind::kMissing,
               fmt::format("programs may not run in {} (a file system mounted noexec?): set TMPDIR "
                           "to a folder where programs may run",
                           scratch_root().string()));
  EXPECT_THAT(valgrind_.specs, IsEmpty());
}

// The first is what Valgrind 3.19 says of an executable on a file system mounted noexec.
TEST_F(Cachegrind, WhatValgrindMayNotRunHasARemedy) {
  for (const char* const said :
       {"valgrind: mmap(0x10a000, 16384) failed in UME with error 1 (Operation not permitted).\n",
        "valgrind: ./lenet5: Permission denied\n"}) {
    valgrind_.end = {ProcessExited{1}, "", said};
    expect_error(ErrorKind::kMissing, HasSubstr("set TMPDIR to a folder where programs may run"));
  }
}

TEST_F(Cachegrind, AnExecutableThatEndsItselfGotNoMemory) {
  valgrind_.end = {ProcessExited{1}, "", "--7-- warning: L3 cache found, using its data\n"};
  expect_error(ErrorKind::kFailed, HasSubstr("refused it the memory for its tensors"));
}

TEST_F(Cachegrind, AnAbsentOutputFileIsAnError) {
  valgrind_.output = [](const ProcessSpec&) { return std::nullopt; };
  expect_error(ErrorKind::kFailed, AllOf(HasSubstr("./lenet5 wrote no output: is the disk of"),
                                         HasSubstr(scratch_root().string())));
}

TEST_F(Cachegrind, ATruncatedOutputFileIsAnError) {
  valgrind_.output = [](const ProcessSpec&) { return read_data("two_layers.out").substr(0, 300); };
  expect_error(ErrorKind::kFailed,
               AllOf(HasSubstr("cachegrind.L2.out"), HasSubstr("is the disk full?")));
}

TEST_F(Cachegrind, ARefusedGeometryStartsNothing) {
  try {
    run(machine_with({{32 << 10, 8, 64}, {12 << 20, 16, 64}}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
  }
  EXPECT_THAT(valgrind_.specs, IsEmpty());
}

// A script in Valgrind's place that never ends, and a process of ours that waits for it.
TEST_F(Cachegrind, AnInterruptLeavesNothingBehind) {
  const ScratchFolder bin;
  std::ofstream(bin.path() / "valgrind")
      << "#!/bin/sh\n[ \"$1\" = --version ] && echo valgrind-3.19.0 && exit\n"
         "echo $$ > started\nexec sleep 100\n";
  fs::permissions(bin.path() / "valgrind", fs::perms::owner_all);
  const pid_t parent = fork();
  if (parent == 0) {
    setenv("PATH", bin.path().c_str(), 1);
    try {
      run_cachegrind(kThreeLevels, request_, *make_process_runner());
    } catch (const Error& error) {
      _exit(static_cast<int>(error.kind()));
    }
    _exit(0);
  }
  const auto is_started = [&] {
    const auto folders = left_behind();
    return std::any_of(folders.begin(), folders.end(),
                       [](const fs::path& folder) { return fs::exists(folder / "started"); });
  };
  while (!is_started()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  kill(parent, SIGINT);
  int status = 0;
  waitpid(parent, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

TEST(LastMessage, IsTheLastLineThatSaysSomething) {
  EXPECT_EQ(last_message(""), "no message");
  EXPECT_EQ(last_message("\n==12== \n"), "no message");
  EXPECT_EQ(last_message("one"), "one");
  EXPECT_EQ(last_message("one\ntwo\n"), "two");
  EXPECT_EQ(last_message("==12== error: can't open 'x'\n==12==    ... so results are missing\n"),
            "... so results are missing");
  EXPECT_EQ(last_message("==1== error\n--1-- warning: L3 cache found\n\n"), "error");
  EXPECT_EQ(last_message("--12-- warning\n"), "no message");
}

TEST(ScratchFolder, GoesAwayWithAllItHolds) {
  fs::path path;
  {
    const ScratchFolder folder;
    path = folder.path();
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    fs::create_directory(path / "inner");
    std::ofstream(path / "inner" / "file") << "text";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchFolder, SaysWhereItCannotBeMade) {
  setenv("TMPDIR", "/no/such/folder", 1);
  try {
    const ScratchFolder folder;
    ADD_FAILURE() << "made " << folder.path();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot make a folder in /no/such/folder: No such file or directory; set TMPDIR "
                 "to one that can be written");
  }
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace wattgrind
