#include "estimator/system/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

void MappedFile::Unmap::operator()(const std::byte* bytes) const {
  ::munmap(const_cast<std::byte*>(bytes), size);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const std::string kind = special_kind(path);
  if (!kind.empty()) fail(ErrorKind::kInput, "{}: found {}, wanted a file", path.string(), kind);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    fail(ErrorKind::kInput, "{}: cannot be read: {}", path.string(), std::strerror(reason));
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size > 0) {
    void* const pages = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int reason = errno;
    ::close(descriptor);
    if (pages == MAP_FAILED) {
      fail(ErrorKind::kInput, "{}: cannot be read: {}", path.string(), std::strerror(reason));
    }
    pages_ = {static_cast<const std::byte*>(pages), Unmap{size}};
    bytes_ = {pages_.get(), size};
  } else {
    ::close(descriptor);
  }
}

}  // namespace wattgrind
