#include "estimator/system/file_text.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "estimator/base/error.h"

namespace wattgrind {

std::string read_file(const std::filesystem::path& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
    fail(ErrorKind::kInput, "{}: found a folder, wanted a file", path.string());
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    fail(ErrorKind::kInput, "{}: cannot be read: {}", path.string(), std::strerror(errno));
  }
  return text;
}

}  // namespace wattgrind
