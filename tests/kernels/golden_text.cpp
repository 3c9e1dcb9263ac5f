#include "tests/kernels/golden_text.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/places.h"

namespace wattgrind {

void expect_golden_text(const std::string& name, const std::string& text) {
  const std::string path = source_path("tests/golden/") + name + ".txt";
  if (std::getenv("WATTGRIND_UPDATE_GOLDEN") != nullptr) write_file(path, text);
  EXPECT_EQ(text, read_file(path)) << "if this is meant: WATTGRIND_UPDATE_GOLDEN=1";
}

}  // namespace wattgrind
