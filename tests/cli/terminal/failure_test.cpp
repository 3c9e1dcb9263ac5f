#include "cli/terminal/failure.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

namespace wattgrind {
namespace {

template <typename Exception>
Failure described(const Exception& exception) {
  return describe_failure(std::make_exception_ptr(exception));
}

TEST(Failure, ErrorsAreWhatTheySay) {
  const Failure failure = described(Error(ErrorKind::kInterrupted, "interrupted"));
  EXPECT_EQ(failure.kind, ErrorKind::kInterrupted);
  EXPECT_EQ(failure.message, "interrupted");
}

TEST(Failure, ThreadsThatCannotBeMadeAreMissing) {
  const Failure failure =
      described(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again)));
  EXPECT_EQ(failure.kind, ErrorKind::kMissing);
  EXPECT_NE(failure.message.find("ulimit -u"), std::string::npos) << failure.message;
}

TEST(Failure, MemoryAndFilesFail) {
  EXPECT_EQ(described(std::bad_alloc()).message, "out of memory");
  EXPECT_EQ(described(std::length_error("vector::reserve")).message.substr(0, 13), "out of memory");
  const Failure file = described(std::filesystem::filesystem_error(
      "cannot create", "/x", std::make_error_code(std::errc::read_only_file_system)));
  EXPECT_EQ(file.kind, ErrorKind::kFailed);
  EXPECT_EQ(file.message, "/x: Read-only file system");
}

TEST(Failure, AnythingElseIsUnexpected) {
  EXPECT_EQ(described(std::runtime_error("x")).message, "unexpected: x");
  EXPECT_EQ(described(1).message.substr(0, 10), "unexpected");
}

}  // namespace
}  // namespace wattgrind
