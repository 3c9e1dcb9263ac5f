#include "estimator/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "estimator/error.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// Closing it too, since some file systems find a full disk only then.
bool write_and_close(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      close(descriptor);
      errno = reason;
      return false;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return close(descriptor) == 0;
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_(path) {
  std::error_code ignored;
  place_ = fs::weakly_canonical(path, ignored);
  if (place_.empty()) place_ = path;
  const fs::file_status status = fs::status(place_, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = open(place_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary_ = place_;
    temporary_ += fmt::format(".{}.tmp", getpid());
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0 && fs::exists(status)) {
      fchmod(descriptor_, static_cast<mode_t>(status.permissions()));
    }
  }
  if (descriptor_ < 0) {
    fail(ErrorKind::kFailed, "{}: cannot be written: {}", path_.string(), std::strerror(errno));
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void OutputFile::commit(std::string_view text) {
  CHECK(descriptor_ >= 0, "{} committed twice", path_.string());
  const bool written = write_and_close(std::exchange(descriptor_, -1), text);
  if (!written || (!temporary_.empty() && rename(temporary_.c_str(), place_.c_str()) != 0)) {
    fail(ErrorKind::kFailed, "{}: cannot be written: {}", path_.string(), std::strerror(errno));
  }
  temporary_.clear();
}

}  // namespace wattgrind
