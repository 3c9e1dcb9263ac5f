#include "estimator/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "estimator/error.h"

namespace wattgrind {
namespace {

[[noreturn]] void fail_to_write(const std::filesystem::path& path, int reason) {
  fail(ErrorKind::kFailed, "cannot write {}: {}", path.string(), std::strerror(reason));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_open() const { return value_ >= 0; }

  // Some systems report a full disk only when a file is closed. 0 or the reason.
  int write_and_close(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(value_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return ::close(std::exchange(value_, -1)) == 0 ? 0 : errno;
  }

 private:
  int value_;
};

void write_directly(const std::filesystem::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) fail_to_write(path, errno);
  if (const int reason = file.write_and_close(bytes)) fail_to_write(path, reason);
}

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view bytes, FileKind kind) {
  struct stat present = {};
  if (::stat(path.c_str(), &present) == 0 && !S_ISREG(present.st_mode)) {
    return write_directly(path, bytes);
  }
  const std::string temporary = fmt::format("{}.{}.tmp", path.string(), ::getpid());
  const mode_t mode = kind == FileKind::kExecutable ? 0777 : 0666;  // less the umask
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file.is_open()) fail_to_write(path, errno);
  int reason = file.write_and_close(bytes);
  if (reason == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) reason = errno;
  if (reason != 0) {
    ::unlink(temporary.c_str());
    fail_to_write(path, reason);
  }
}

}  // namespace wattgrind
