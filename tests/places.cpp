#include "tests/places.h"

#include <cstdlib>
#include <sstream>

namespace wattgrind {

std::string source_path(std::string_view relative) {
  return std::string(WATTGRIND_SOURCE_DIR "/").append(relative);
}

std::string program_path() { return WATTGRIND_BINARY; }

const std::vector<std::string>& emulator() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words;
    std::istringstream text(WATTGRIND_EMULATOR);
    for (std::string word; text >> word;) words.push_back(word);
    return words;
  }();
  return kWords;
}

std::string search_path() {
  const char* const path = emulator().empty() ? nullptr : std::getenv("PATH");
  return std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin");
}

const std::filesystem::path& shared_folder() {
  static const char* const kNamed = std::getenv("WATTGRIND_DATA");
  static const std::filesystem::path kFolder =
      kNamed != nullptr ? kNamed : source_path("../shared");
  return kFolder;
}

}  // namespace wattgrind
