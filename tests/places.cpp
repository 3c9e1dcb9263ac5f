#include "tests/places.h"

#include <cstdlib>

namespace wattgrind {

std::string source_path(std::string_view relative) {
  return std::string(WATTGRIND_SOURCE_DIR "/").append(relative);
}

std::string program_path() { return WATTGRIND_BINARY; }

const std::filesystem::path& shared_folder() {
  static const char* const kNamed = std::getenv("WATTGRIND_DATA");
  static const std::filesystem::path kFolder =
      kNamed != nullptr ? kNamed : source_path("../shared");
  return kFolder;
}

}  // namespace wattgrind
