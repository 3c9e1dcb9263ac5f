#include "estimator/system/appended_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

[[noreturn]] void fail_appending(const std::string& path, std::string_view action) {
  fail(ErrorKind::kFailed, "{}: cannot {}: {}", path, action, std::strerror(errno));
}

}  // namespace

AppendedFile::AppendedFile(std::string path) : path_(std::move(path)) {
  const std::string kind = special_kind(path_);
  if (!kind.empty()) fail(ErrorKind::kFailed, "{}: found {}, wanted a file", path_, kind);
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_appending(path_, "open for appending");
  try {
    read_text();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

AppendedFile::~AppendedFile() { ::close(descriptor_); }

void AppendedFile::read_text() {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t bytes = ::read(descriptor_, buffer.data(), buffer.size());
    if (bytes < 0) fail_appending(path_, "read");
    if (bytes == 0) break;
    text_.append(buffer.data(), static_cast<size_t>(bytes));
  }
  if (!text_.empty() && text_.back() != '\n') {
    fail(ErrorKind::kInput, "{}: the last line is cut short: complete or remove it", path_);
  }
}

void AppendedFile::append(std::string_view line) {
  const std::string text = std::string(line) + '\n';
  const ssize_t written = ::write(descriptor_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) fail_appending(path_, "append");
  if (::fsync(descriptor_) != 0) fail_appending(path_, "write to the disk");
}

}  // namespace wattgrind
