#include "estimator/system/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

ProcessResult run(const ProcessSpec& spec) { return make_process_runner()->run(spec); }

ProcessResult run_shell(const std::string& script) { return run({{"/bin/sh", "-c", script}}); }

int exit_status(const ProcessResult& result) { return std::get<ProcessExited>(result.end).status; }

TEST(Process, KeepsStatusAndBothStreams) {
  const ProcessResult result = run_shell("echo to out; echo to error >&2; exit 7");
  EXPECT_EQ(exit_status(result), 7);
  EXPECT_EQ(result.out, "to out\n");
  EXPECT_EQ(result.error, "to error\n");
}

TEST(Process, TellsTheSignalThatEndedIt) {
  const ProcessResult result = run_shell("kill -ILL $$");
  EXPECT_EQ(std::get<ProcessKilled>(result.end).signal, SIGILL);
}

TEST(Process, AMissingProgramIsAValue) {
  EXPECT_TRUE(std::holds_alternative<ProgramNotFound>(run({{"no-such-program"}}).end));
  EXPECT_TRUE(std::holds_alternative<ProgramNotFound>(run({{"/no/such/program"}}).end));
}

TEST(Process, WhatCannotBeStartedIsAnError) {
  try {
    run({{"/etc/passwd"}});
    FAIL() << "/etc/passwd ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    EXPECT_STREQ(error.what(), "cannot start /etc/passwd in .: Permission denied");
  }
  EXPECT_THROW(run({{"true"}, {}, "/no/such/folder"}), Error);
}

TEST(Process, IsStoppedWhenItIsToBe) {
  const auto start = std::chrono::steady_clock::now();
  ProcessSpec spec{{"sleep", "60"}};
  spec.should_stop = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(200);
  };
  EXPECT_TRUE(std::holds_alternative<ProcessStopped>(run(spec).end));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Process, TakesNoMoreThanItsLimits) {
  ProcessSpec spec{{"/bin/sh", "-c", "ulimit -v; while :; do :; done"}};
  spec.limits = {uint64_t{64} << 20, 1};
  const ProcessResult result = run(spec);
  EXPECT_EQ(result.out, "65536\n");
  EXPECT_TRUE(std::holds_alternative<ProcessKilled>(result.end));
}

TEST(Process, ItsErrorsAreSeenAsTheyCome) {
  std::string seen;
  ProcessSpec spec{{"/bin/sh", "-c", "echo first >&2; sleep 0.1; echo last >&2"}};
  spec.on_error = [&](std::string_view text) { seen += text; };
  EXPECT_EQ(run(spec).error, "first\nlast\n");
  EXPECT_EQ(seen, "first\nlast\n");
}

TEST(Process, GetsTheEnvironmentItIsGivenAndNoOther) {
  setenv("WATTGRIND_TEST_VARIABLE", "inherited", 1);
  EXPECT_EQ(run({{"env"}}).out, "");
  EXPECT_EQ(run({{"env"}, {"A=1", "B=two words"}}).out, "A=1\nB=two words\n");
  unsetenv("WATTGRIND_TEST_VARIABLE");
}

TEST(Process, RunsInTheFolderItIsGivenWithEmptyInput) {
  EXPECT_EQ(run({{"pwd"}, {}, "/usr"}).out, "/usr\n");
  EXPECT_EQ(run({{"cat"}}).out, "");
}

TEST(Process, KeepsTheLastOfMuchOutput) {
  ProcessSpec spec{{"/bin/sh", "-c", "seq 200000; seq 200000 >&2"}};
  spec.captured_bytes = 14;
  const ProcessResult result = run(spec);
  EXPECT_EQ(exit_status(result), 0);
  EXPECT_EQ(result.out, "199999\n200000\n");
  EXPECT_EQ(result.error, "199999\n200000\n");
}

TEST(Process, WaitsForOneThatClosesItsStreams) {
  EXPECT_EQ(exit_status(run_shell("exec >&- 2>&-; sleep 0.05; exit 3")), 3);
}

TEST(Process, InheritsNoDescriptors) {
  const int fd = open("/dev/null", O_RDONLY);
  const ProcessResult result = run({{"ls", "/proc/self/fd"}});
  close(fd);
  EXPECT_EQ(result.out, "0\n1\n2\n3\n");  // 3 is ls's own, for the folder
}

// Runs `body` in a forked process, since a signal to this one would end the tests.
pid_t fork_and(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  return pid;
}

// The process writes its id to `file`, then sleeps.
ProcessSpec sleeper(const std::filesystem::path& file) {
  return {{"/bin/sh", "-c",
           "echo $$ > " + file.string() + ".new; mv " + file.string() + ".new " + file.string() +
               "; exec sleep 100"},
          {"PATH=/usr/bin:/bin"}};
}

class ProcessLifetime : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(pid_file_); }
  void TearDown() override { std::filesystem::remove(pid_file_); }

  pid_t wait_for_child() const {
    while (!std::filesystem::exists(pid_file_)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return std::stoi(read_file());
  }

  // True once the process is gone or only waits to be reaped by whoever inherited it.
  static bool is_gone(pid_t pid) {
    for (int i = 0; i < 1000; ++i) {
      const std::string status = "/proc/" + std::to_string(pid) + "/stat";
      FILE* const file = std::fopen(status.c_str(), "r");
      if (file == nullptr) return true;
      char state = '?';
      const int fields = std::fscanf(file, "%*d %*s %c", &state);
      std::fclose(file);
      if (fields == 1 && state == 'Z') return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  std::string read_file() const {
    FILE* const file = std::fopen(pid_file_.c_str(), "r");
    char text[32] = {};
    EXPECT_NE(std::fgets(text, sizeof text, file), nullptr);
    std::fclose(file);
    return text;
  }

  const std::filesystem::path pid_file_ =
      std::filesystem::path(testing::TempDir()) / ("process_test." + std::to_string(getpid()));
};

TEST_F(ProcessLifetime, DiesWithAParentThatIsKilled) {
  const pid_t parent = fork_and([&] {
    run(sleeper(pid_file_));
    return 0;
  });
  const pid_t child = wait_for_child();
  ASSERT_EQ(kill(parent, SIGKILL), 0);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(is_gone(child));
}

TEST_F(ProcessLifetime, IsKilledAndReapedWhenTheParentIsInterrupted) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove(pid_file_);
    const pid_t parent = fork_and([&] {
      const InterruptGuard guard;
      try {
        run(sleeper(pid_file_));
      } catch (const Error& error) {
        const bool is_reaped = waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
        return is_reaped ? static_cast<int>(error.kind()) : 1;
      }
      return 0;
    });
    const pid_t child = wait_for_child();
    ASSERT_EQ(kill(parent, signal), 0);
    int status = 0;
    waitpid(parent, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
    EXPECT_TRUE(is_gone(child));
  }
}

// A terminal sends Ctrl-C to its whole foreground group.
TEST_F(ProcessLifetime, SignalsToOurGroupReachItThroughUs) {
  const pid_t parent = fork_and([&] {
    run(sleeper(pid_file_));
    return 0;
  });
  const pid_t child = wait_for_child();
  EXPECT_EQ(getpgid(child), child);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
}

TEST(Process, RunsFromManyThreads) {
  std::vector<std::thread> threads;
  std::vector<int> statuses(8, -1);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i, &statuses] {
      for (int k = 0; k < 5; ++k) statuses[i] = exit_status(run_shell("exit " + std::to_string(i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(statuses, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace wattgrind
