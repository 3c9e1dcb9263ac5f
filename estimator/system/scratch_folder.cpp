#include "estimator/system/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "estimator/base/error.h"

namespace wattgrind {

std::filesystem::path scratch_root() {
  const char* const folder = std::getenv("TMPDIR");
  return std::filesystem::absolute(folder != nullptr && *folder != '\0' ? folder : "/tmp");
}

ScratchFolder::ScratchFolder() {
  std::string name = scratch_root() / "wattgrind.XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    fail(ErrorKind::kFailed,
         "cannot make a folder in {}: {}; set TMPDIR to one that can be written",
         scratch_root().string(), std::strerror(errno));
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace wattgrind
