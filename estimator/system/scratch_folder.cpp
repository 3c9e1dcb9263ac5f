#include "estimator/system/scratch_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "wattgrind.scratch.";
constexpr std::string_view kDrawn = "XXXXXX";

// An open folder that is ours alone as long as the descriptor is open, which the kernel sees to
// however the process ends. -1 where that cannot be, and errno: EWOULDBLOCK where somebody else has
// or had it, ENOENT where it is gone.
int hold(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return -1;
  errno = 0;
  struct stat held = {};
  struct stat named = {};
  const bool ours = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                    ::fstat(descriptor, &held) == 0 && held.st_uid == ::geteuid() &&
                    // Not removed by another process between the two calls.
                    ::lstat(folder.c_str(), &named) == 0 && named.st_ino == held.st_ino &&
                    named.st_dev == held.st_dev;
  if (ours) return descriptor;
  const int reason = errno == 0 ? EWOULDBLOCK : errno;
  ::close(descriptor);
  errno = reason;
  return -1;
}

bool is_scratch_name(const std::string& name) {
  return name.size() == kPrefix.size() + kDrawn.size() && name.starts_with(kPrefix) &&
         std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

// What processes left that were killed: folders of our making that nobody holds. Whatever goes
// wrong here is no reason not to go on.
void remove_abandoned() {
  std::error_code ignored;
  for (fs::directory_iterator entry(scratch_root(), ignored), end; entry != end;
       entry.increment(ignored)) {
    if (ignored) return;
    if (!is_scratch_name(entry->path().filename())) continue;
    const int held = hold(entry->path());
    if (held < 0) continue;
    std::error_code removal;
    fs::remove_all(entry->path(), removal);
    ::close(held);
  }
}

}  // namespace

fs::path scratch_root() {
  const char* const folder = std::getenv("TMPDIR");
  return fs::absolute(folder != nullptr && *folder != '\0' ? folder : "/tmp");
}

ScratchFolder::ScratchFolder() {
  remove_abandoned();
  do {
    std::string name = scratch_root() / (std::string(kPrefix) + std::string(kDrawn));
    if (mkdtemp(name.data()) == nullptr) {
      fail(ErrorKind::kFailed,
           "cannot make a folder in {}: {}; set TMPDIR to one that can be written",
           scratch_root().string(), std::strerror(errno));
    }
    path_ = name;
    descriptor_ = hold(path_);
    // Another process may take a folder for abandoned in the moment before it is held.
  } while (descriptor_ < 0 && (errno == EWOULDBLOCK || errno == ENOENT));
  if (descriptor_ < 0 && (errno == EMFILE || errno == ENFILE)) {
    const int reason = errno;
    ::rmdir(path_.c_str());  // nothing could be removed that needs a descriptor
    fail(ErrorKind::kFailed, "cannot hold a folder in {}: {}; raise the limit (ulimit -n)",
         scratch_root().string(), std::strerror(reason));
  }
}

ScratchFolder::~ScratchFolder() {
  // Removing takes a descriptor, which may be the last that the process may have. Whoever takes the
  // folder for abandoned in this moment removes it too.
  if (descriptor_ >= 0) ::close(descriptor_);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace wattgrind
