#include "estimator/system/atomic_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "atomic_file.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }
  // The message of the failure to write `bytes` to `path`.
  static std::string failure(const fs::path& path, const std::string& bytes) {
    try {
      write_file(path, bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFailed);
      return error.what();
    }
    return "written";
  }

  fs::path folder_;
};

TEST_F(AtomicFileTest, WritesAndReplacesLeavingNothingElse) {
  write_file(folder_ / "a", "first");
  write_file(folder_ / "a", std::string("sec\0nd", 6));
  EXPECT_EQ(read_file(folder_ / "a"), std::string("sec\0nd", 6));
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, OnlyAnExecutableIsExecutable) {
  write_file(folder_ / "text", "x");
  write_file(folder_ / "program", "x", FileKind::kExecutable);
  EXPECT_NE(access((folder_ / "text").c_str(), X_OK), 0);
  EXPECT_EQ(access((folder_ / "program").c_str(), X_OK), 0);
}

TEST_F(AtomicFileTest, AFailureNamesThePathAndTheReason) {
  const fs::path path = folder_ / "absent" / "a";
  EXPECT_EQ(failure(path, "x"), "cannot write " + path.string() + ": No such file or directory");
  EXPECT_THAT(failure(folder_, "x"), testing::HasSubstr("Is a directory"));
}

TEST_F(AtomicFileTest, AFileThatCannotBeFinishedIsNotThere) {
  write_file(folder_ / "a", "old");
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const std::string message = failure(folder_ / "a", std::string(5000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, testing::HasSubstr("File too large"));
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, ADeviceIsWrittenToAndStaysADevice) {
  write_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(AtomicFileTest, IsNotThereBeforeItIsCommitted) {
  AtomicFile file(folder_ / "a");
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  file.commit("text");
  EXPECT_EQ(read_file(folder_ / "a"), "text");
}

TEST_F(AtomicFileTest, RemovesWhatAKilledProcessLeftOfTheSameName) {
  const pid_t killed = fork();
  if (killed == 0) {
    const AtomicFile begun(folder_ / "a");
    raise(SIGKILL);
  }
  ASSERT_EQ(waitpid(killed, nullptr, 0), killed);
  const fs::path left = folder_ / fmt::format("a.{}.tmp", killed);
  ASSERT_TRUE(fs::exists(left));
  write_file(folder_ / "b", "x");
  EXPECT_TRUE(fs::exists(left)) << "another name's";
  write_file(folder_ / "a", "x");
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(AtomicFileTest, LeavesWhatAProcessStillWritesAndWhatIsNotOfItsMaking) {
  int ready[2], done[2];
  ASSERT_EQ(pipe(ready) + pipe(done), 0);
  const pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    const AtomicFile begun(folder_ / "a");
    const bool told = write(ready[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1;
    _exit(told ? 0 : 1);
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  for (const char* name : {"a.tmp", "a.0.tmp", "a.x1.tmp", "a.99999999999999999999.tmp"}) {
    std::ofstream(folder_ / name) << "x";
  }
  fs::create_directory(folder_ / "a.2147483646.tmp");  // no process has this number
  const std::ptrdiff_t before = files();
  write_file(folder_ / "a", "x");
  EXPECT_EQ(files(), before + 1);
  // A file that somebody holds stays even though no process here has its number.
  const fs::path held = folder_ / "a.2147483645.tmp";
  const int lock = open(held.c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  write_file(folder_ / "a", "x");
  EXPECT_TRUE(fs::exists(held));
  close(lock);
  write_file(folder_ / "a", "x");
  EXPECT_FALSE(fs::exists(held));
  ASSERT_EQ(write(done[1], &byte, 1), 1);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(AtomicFileTest, LeavesWhatWasThereUnlessCommitted) {
  write_file(folder_ / "a", "old");
  { AtomicFile file(folder_ / "a"); }
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, KeepsThePermissionsOfWhatWasThere) {
  constexpr fs::perms kOwnersOnly = fs::perms::owner_read | fs::perms::owner_write;
  write_file(folder_ / "a", "old");
  fs::permissions(folder_ / "a", kOwnersOnly);
  write_file(folder_ / "a", "new");
  EXPECT_EQ(fs::status(folder_ / "a").permissions(), kOwnersOnly);
}

TEST_F(AtomicFileTest, FollowsSymbolicLinks) {
  write_file(folder_ / "a", "old");
  fs::create_symlink(folder_ / "a", folder_ / "link");
  write_file(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_file(folder_ / "a"), "new");
}

}  // namespace
}  // namespace wattgrind
