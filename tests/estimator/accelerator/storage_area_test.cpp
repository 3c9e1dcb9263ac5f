#include "estimator/accelerator/storage_area.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattgrind {
namespace {

Accelerator array_of(uint64_t elements) {
  Accelerator accelerator;
  accelerator.rows = {1, ""};
  accelerator.columns = {static_cast<double>(elements), ""};
  accelerator.register_file.shared_bytes = Sourced<double>{512, ""};
  accelerator.buffer_bytes = {512.0 * static_cast<double>(elements), ""};
  for (auto& bits : accelerator.word_bits) bits = {16, ""};
  return accelerator;
}

// The published figures of ISCA'16's comparison, in square micrometres and words.
TEST(StorageArea, IsThatOfTheFramework) {
  EXPECT_NEAR(accelerator_area_um2(array_of(256)) - 256 * kElementLogicUm2, 4'400'087, 1);
  const auto words = [](uint64_t elements, double register_bytes) {
    return with_equal_area(array_of(elements), register_bytes).buffer_words();
  };
  EXPECT_EQ(words(256, 512), 65'534u);  // the table of sizes is rounded
  EXPECT_EQ(words(256, 2), 171'143u);
  EXPECT_EQ(words(256, 98), 124'886u);
  EXPECT_EQ(words(256, 10), 155'563u);
  EXPECT_EQ(words(256, 0), 173'229u);
  EXPECT_EQ(words(512, 98), 249'772u);
  EXPECT_EQ(words(1024, 0), 692'916u);
}

// Of the entries themselves.
TEST(StorageArea, SizesAndAreasAreInverseAtTheTablesEntries) {
  for (double bytes = 2; bytes <= 4096; bytes *= 2) {
    EXPECT_NEAR(storage_bytes(std::round(storage_area_um2(bytes))), bytes, bytes * 2e-3);
  }
  EXPECT_EQ(storage_bytes(100), 0);
}

}  // namespace
}  // namespace wattgrind
