#include "search/study/worker_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wattgrind {
namespace {

// A child that lives until it is killed, and how it calls itself.
struct Child {
  pid_t id = 0;
  std::string identity;
};

Child start_child() {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  Child child;
  child.id = fork();
  if (child.id == 0) {
    const std::string identity = process_identity();
    if (write(ends[1], identity.data(), identity.size()) < 0) _exit(1);
    while (true) pause();
  }
  child.identity.resize(256);
  const ssize_t size = read(ends[0], child.identity.data(), child.identity.size());
  child.identity.resize(size < 0 ? 0 : static_cast<size_t>(size));
  close(ends[0]);
  close(ends[1]);
  return child;
}

TEST(WorkerProcess, KnowsTheLivingFromTheDead) {
  const Child child = start_child();
  EXPECT_NE(child.identity, process_identity());
  EXPECT_FALSE(has_ended(child.identity));
  kill(child.id, SIGKILL);
  siginfo_t ended;
  waitid(P_PID, static_cast<id_t>(child.id), &ended, WEXITED | WNOWAIT);
  EXPECT_TRUE(has_ended(child.identity)) << "a zombie";
  waitpid(child.id, nullptr, 0);
  EXPECT_TRUE(has_ended(child.identity));
}

TEST(WorkerProcess, KnowsAnIdThatWasGivenAgain) {
  std::string earlier = process_identity();
  EXPECT_FALSE(has_ended(earlier));
  earlier.insert(earlier.rfind(' ') + 1, "1");
  EXPECT_TRUE(has_ended(earlier)) << "same id, another start";
}

TEST(WorkerProcess, DoesNotJudgeWhatItCannotSee) {
  EXPECT_FALSE(has_ended(""));
  EXPECT_FALSE(has_ended("another-boot pid:[4026531836] 1 1"));
  EXPECT_FALSE(has_ended(process_identity().substr(0, process_identity().find("] ") + 2)));
}

}  // namespace
}  // namespace wattgrind
