#include "estimator/system/file_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "estimator/system/atomic_file.h"
#include "tests/error_text.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

std::string refusal(const std::filesystem::path& path, uint64_t most_bytes = kMostFileBytes) {
  return error_text([&] { read_file(path, most_bytes); });
}

TEST(ReadFile, ReadsAFileWhole) {
  const TemporaryFolder folder;
  const std::string text = std::string(200'000, 'a') + std::string(1, '\0') + "end";
  std::ofstream(folder.path() / "file", std::ios::binary) << text;
  EXPECT_EQ(read_file(folder.path() / "file"), text);
}

TEST(ReadFile, BoundsItsLength) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "0123456789";
  EXPECT_EQ(read_file(folder.path() / "file", 10), "0123456789");
  EXPECT_EQ(refusal(folder.path() / "file", 9),
            (folder.path() / "file").string() + ": found more than 9 bytes, wanted at most so");
}

// At once: none of these waits for anybody, or reads for ever.
TEST(ReadFile, RefusesSpecialFilesByWhatTheyAre) {
  EXPECT_EQ(refusal("/dev/zero"), "/dev/zero: found a device, wanted a file");
  EXPECT_EQ(refusal("/dev/full"), "/dev/full: found a device, wanted a file");
  EXPECT_EQ(refusal("/dev/null"), "/dev/null: found a device, wanted a file");
  EXPECT_EQ(refusal("/tmp"), "/tmp: found a folder, wanted a file");
  EXPECT_EQ(refusal("/proc/self/mem"), "/proc/self/mem: cannot be read: Input/output error");
  EXPECT_EQ(refusal("/nonexistent"), "/nonexistent: cannot be read: No such file or directory");
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal(pipe), pipe.string() + ": found a named pipe, wanted a file");
}

TEST(ReadFile, ReadsThePipeOfAProcess) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  EXPECT_EQ(read_file("/dev/fd/" + std::to_string(ends[0])), "text");
  close(ends[0]);
}

TEST(AtomicFileSpecial, IsRefusedByWhatItIs) {
  const auto written = [](const std::filesystem::path& path) {
    return error_text([&] { const AtomicFile file(path); }, ErrorKind::kFailed);
  };
  const std::string device = ": found a device, wanted a file, a pipe, a terminal or /dev/null";
  EXPECT_EQ(written("/dev/full"), "cannot write /dev/full" + device);
  EXPECT_EQ(written("/dev/zero"), "cannot write /dev/zero" + device);
  EXPECT_EQ(written("/dev/null"), "nothing thrown");
  EXPECT_EQ(written("/tmp"), "cannot write /tmp: Is a directory");
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(written(pipe),
            "cannot write " + pipe.string() + ": found a named pipe that nobody reads from");
}

}  // namespace
}  // namespace wattgrind
