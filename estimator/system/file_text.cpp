#include "estimator/system/file_text.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

[[noreturn]] void fail_to_read(const fs::path& path, int reason) {
  fail(ErrorKind::kInput, "{}: cannot be read: {}", path.string(), std::strerror(reason));
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISREG(mode)) return "";
  return "a device";
}

// A pipe without a name: both of its ends are held by processes, so it ends when they do.
bool is_plain_pipe(int descriptor) {
  struct statfs system = {};
  return ::fstatfs(descriptor, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

// Descriptors of pipes and terminals are read as their owners expect: waiting.
void refuse_special(const Descriptor& file, const fs::path& path) {
  struct stat status = {};
  if (::fstat(file.number, &status) != 0) fail_to_read(path, errno);
  const std::string kind = kind_of(status.st_mode);
  if (kind.empty()) return;
  const bool is_read = (S_ISFIFO(status.st_mode) && is_plain_pipe(file.number)) ||
                       (S_ISCHR(status.st_mode) && ::isatty(file.number) != 0);
  if (!is_read) fail(ErrorKind::kInput, "{}: found {}, wanted a file", path.string(), kind);
  ::fcntl(file.number, F_SETFL, O_RDONLY);
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t most_bytes) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (file.number < 0) {
    const std::string kind = special_kind(path);
    if (!kind.empty()) fail(ErrorKind::kInput, "{}: found {}, wanted a file", path.string(), kind);
    fail_to_read(path, errno);
  }
  refuse_special(file, path);
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const ssize_t count = ::read(file.number, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read(path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > most_bytes) {
      fail(ErrorKind::kInput, "{}: found more than {} bytes, wanted at most so", path.string(),
           most_bytes);
    }
  }
}

std::string special_kind(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return "";
  struct statfs system = {};
  const bool is_kernels = ::statfs(path.c_str(), &system) == 0 &&
                          (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
  return S_ISREG(status.st_mode) && is_kernels ? "a file of the kernel" : kind_of(status.st_mode);
}

}  // namespace wattgrind
