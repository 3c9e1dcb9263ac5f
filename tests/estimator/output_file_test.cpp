#include "estimator/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "estimator/file_text.h"
#include "tests/estimator/error_text.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "result.txt";
};

TEST_F(OutputFileTest, AppearsWhenCommitted) {
  OutputFile file(path_);
  EXPECT_FALSE(fs::exists(path_));
  file.commit("text");
  EXPECT_EQ(read_file(path_), "text");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, LeavesWhatWasThereWhenNotCommitted) {
  std::ofstream(path_) << "before";
  { OutputFile file(path_); }
  EXPECT_EQ(read_file(path_), "before");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, KeepsThePermissionsOfWhatWasThere) {
  std::ofstream(path_) << "before";
  fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write);
  OutputFile(path_).commit("after");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(OutputFileTest, FollowsSymbolicLinks) {
  std::ofstream(path_) << "before";
  const fs::path link = folder_.path() / "link";
  fs::create_symlink(path_, link);
  OutputFile(link).commit("after");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_file(path_), "after");
}

TEST_F(OutputFileTest, WritesDevicesDirectly) {
  OutputFile("/dev/null").commit("text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, FullDisksAreErrors) {
  EXPECT_EQ(error_text([] { OutputFile("/dev/full").commit("text"); }, ErrorKind::kFailed),
            "/dev/full: cannot be written: No space left on device");
}

TEST_F(OutputFileTest, FoldersThatAreNotThereAreErrorsBeforeTheWork) {
  EXPECT_EQ(error_text([] { OutputFile file("/nonexistent/x"); }, ErrorKind::kFailed),
            "/nonexistent/x: cannot be written: No such file or directory");
}

}  // namespace
}  // namespace wattgrind
