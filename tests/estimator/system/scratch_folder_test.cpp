#include "estimator/system/scratch_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

class ScratchFolderTest : public testing::Test {
 protected:
  ScratchFolderTest() { setenv("TMPDIR", folder_.path().c_str(), 1); }
  ~ScratchFolderTest() override { unsetenv("TMPDIR"); }

  // Of a process that made a folder with a file in it and was killed.
  fs::path abandoned() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const ScratchFolder scratch;
      std::ofstream(scratch.path() / "left") << "left";
      const std::string name = scratch.path();
      if (write(ends[1], name.data(), name.size()) < 0) _exit(1);
      raise(SIGKILL);
    }
    close(ends[1]);
    char name[4096] = {};
    EXPECT_GT(read(ends[0], name, sizeof name - 1), 0);
    close(ends[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    return name;
  }

  TemporaryFolder folder_;
};

TEST_F(ScratchFolderTest, GoesWithItsOwner) {
  fs::path path;
  {
    const ScratchFolder scratch;
    path = scratch.path();
    EXPECT_EQ(path.parent_path(), folder_.path());
    std::ofstream(path / "file") << "text";
  }
  EXPECT_FALSE(fs::exists(path));
}

// Opens files until the system gives no more.
class AllDescriptors {
 public:
  AllDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int file = 0; file >= 0;) {
      file = open("/dev/null", O_RDONLY);
      if (file >= 0) files_.push_back(file);
    }
  }
  ~AllDescriptors() {
    for (const int file : files_) close(file);
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_ = {};
  std::vector<int> files_;
};

TEST_F(ScratchFolderTest, GoesWhereNoMoreFilesMayBeOpened) {
  auto scratch = std::make_unique<ScratchFolder>();
  const fs::path path = scratch->path();
  std::ofstream(path / "file") << "text";
  const AllDescriptors taken;
  scratch.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ScratchFolderTest, IsNotLeftWhereNoMoreFilesMayBeOpened) {
  {
    const AllDescriptors taken;
    EXPECT_THROW(ScratchFolder(), Error);
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(ScratchFolderTest, TheNextRunRemovesWhatAKilledOneLeft) {
  const fs::path left = abandoned();
  ASSERT_TRUE(fs::exists(left / "left"));
  const ScratchFolder next;
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(ScratchFolderTest, LeavesWhatSomebodyHoldsAndWhatIsNotOurs) {
  const ScratchFolder held;
  std::ofstream(held.path() / "file") << "text";
  fs::create_directory(folder_.path() / "wattgrind.backup");
  fs::create_directory(folder_.path() / "wattgrind.scratch.my-own");
  fs::create_directory(folder_.path() / "elsewhere");
  fs::create_directory_symlink(folder_.path() / "elsewhere",
                               folder_.path() / "wattgrind.scratch.AbCd12");
  const ScratchFolder another;
  EXPECT_NE(another.path(), held.path());
  EXPECT_TRUE(fs::exists(held.path() / "file"));
  EXPECT_TRUE(fs::exists(folder_.path() / "wattgrind.backup"));
  EXPECT_TRUE(fs::exists(folder_.path() / "wattgrind.scratch.my-own"));
  EXPECT_TRUE(fs::exists(folder_.path() / "elsewhere"));
}

}  // namespace
}  // namespace wattgrind
