// Where experiments find published readings: $WATTGRIND_DATA/measurements, or ../shared beside the
// sources.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace wattgrind {

inline std::filesystem::path measurements_file(const std::string& name) {
  const char* folder = std::getenv("WATTGRIND_DATA");
  return std::filesystem::path(folder ? folder : WATTGRIND_SOURCE_DIR "/../shared") /
         "measurements" / name;
}

}  // namespace wattgrind
