#include "estimator/system/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_to_write(const fs::path& path, int reason) {
  fail(ErrorKind::kFailed, "cannot write {}: {}", path.string(), std::strerror(reason));
}

// What is there and is no regular file is written to where that makes sense: /dev/null, a terminal,
// a pipe that somebody reads. Opened without waiting for anybody; -1 with errno where it cannot be.
int open_special(const fs::path& path, const fs::path& place, const struct stat& present) {
  if (S_ISDIR(present.st_mode)) {
    errno = EISDIR;
    return -1;
  }
  const bool is_null = S_ISCHR(present.st_mode) && present.st_rdev == makedev(1, 3);  // devices(5)
  // Opening some devices does something already: only the kind is looked at before.
  if (!S_ISFIFO(present.st_mode) && !S_ISCHR(present.st_mode)) {
    fail(ErrorKind::kFailed, "cannot write {}: found {}, wanted a file", path.string(),
         special_kind(place));
  }
  const int descriptor = ::open(place.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENXIO && S_ISFIFO(present.st_mode)) {
      fail(ErrorKind::kFailed, "cannot write {}: found a named pipe that nobody reads from",
           path.string());
    }
    return -1;
  }
  if (S_ISCHR(present.st_mode) && !is_null && ::isatty(descriptor) == 0) {
    ::close(descriptor);
    fail(ErrorKind::kFailed,
         "cannot write {}: found a device, wanted a file, a pipe, a terminal or /dev/null",
         path.string());
  }
  ::fcntl(descriptor, F_SETFL, O_WRONLY);
  return descriptor;
}

// 0 or the reason. Closes in any case: some systems report a full disk only then.
int write_and_close(int descriptor, std::string_view bytes) {
  int reason = 0;
  while (!bytes.empty() && reason == 0) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      reason = errno;
    }
  }
  if (::close(descriptor) != 0 && reason == 0) reason = errno;
  return reason;
}

// The process that NAME.PROCESS.tmp names, where `file` is such a name for `place`.
std::optional<pid_t> writer_of(std::string_view file, std::string_view name) {
  constexpr std::string_view kEnd = ".tmp";
  if (!file.starts_with(name) || !file.ends_with(kEnd)) return std::nullopt;
  file.remove_prefix(name.size());
  file.remove_suffix(kEnd.size());
  pid_t process = 0;
  if (!file.starts_with('.')) return std::nullopt;
  const char* const end = file.data() + file.size();
  const auto [parsed, error] = std::from_chars(file.data() + 1, end, process);
  if (error != std::errc{} || parsed != end || process <= 0) return std::nullopt;
  return process;
}

// Whether the file is one of ours, and neither its writer nor anybody else holds it: a process of
// that number may be another computer's, with the same folder.
bool is_abandoned(const fs::path& file, pid_t writer) {
  if (::kill(writer, 0) == 0 || errno != ESRCH) return false;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct stat found = {};
  const bool abandoned = ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) &&
                         found.st_uid == ::geteuid() && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return abandoned;
}

// Whatever goes wrong here is no reason not to go on.
void remove_abandoned(const fs::path& place) {
  const std::string name = place.filename();
  const fs::path folder = place.has_parent_path() ? place.parent_path() : ".";
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    if (ignored) return;
    const std::optional<pid_t> writer = writer_of(entry->path().filename().native(), name);
    if (writer && is_abandoned(entry->path(), *writer)) ::unlink(entry->path().c_str());
  }
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path, FileKind kind) : path_(path) {
  std::error_code error;
  place_ = fs::weakly_canonical(path, error);
  if (error || place_.empty()) place_ = path;
  struct stat present = {};
  const bool is_there = ::stat(place_.c_str(), &present) == 0;
  if (is_there && !S_ISREG(present.st_mode)) {
    descriptor_ = open_special(path_, place_, present);
  } else {
    remove_abandoned(place_);
    temporary_ = fmt::format("{}.{}.tmp", place_.string(), ::getpid());
    const mode_t mode = kind == FileKind::kExecutable ? 0777 : 0666;  // less the umask
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX | LOCK_NB);
    if (is_there && kind == FileKind::kOrdinary && descriptor_ >= 0) {
      ::fchmod(descriptor_, present.st_mode & 07777);
    }
  }
  if (descriptor_ < 0) fail_to_write(path_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit(std::string_view bytes) {
  CHECK(descriptor_ >= 0, "{} committed twice", path_.string());
  int reason = write_and_close(std::exchange(descriptor_, -1), bytes);
  if (reason == 0 && !temporary_.empty() && ::rename(temporary_.c_str(), place_.c_str()) != 0) {
    reason = errno;
  }
  if (reason != 0) fail_to_write(path_, reason);
  temporary_.clear();
}

void write_file(const fs::path& path, std::string_view bytes, FileKind kind) {
  AtomicFile(path, kind).commit(bytes);
}

}  // namespace wattgrind
