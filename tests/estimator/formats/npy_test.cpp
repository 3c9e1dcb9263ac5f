#include "estimator/formats/npy.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

// As numpy.save writes it (NumPy 1.24): the header ends on a multiple of 64 bytes.
std::string saved(const std::string& dictionary, const std::string& values) {
  std::string header = dictionary;
  header.append(118 - 1 - header.size(), ' ');
  return std::string("\x93NUMPY\x01\x00v\x00", 10) + header + "\n" + values;
}

TEST(Npy, ReadsWhatNumpySaves) {
  const std::string floats("\x00\x00\x00\x3f\x00\x00\x00\xc0", 8);
  const std::string bytes =
      saved("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", floats);
  const NpyArray array{{2}, {0.5F, -2}};
  EXPECT_EQ(read_npy(bytes, "x.npy"), array);
  EXPECT_EQ(write_npy(array), bytes);
}

TEST(Npy, ColumnsFirstAndWholeNumbers) {
  const std::string columns("\x01\x00\x04\x00\x02\x00\x05\x00\x03\x00\x06\x00", 12);
  EXPECT_EQ(
      read_npy(saved("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", columns), "x"),
      (NpyArray{{2, 3}, {1, 2, 3, 4, 5, 6}}));
}

TEST(Npy, RefusesWhatIsNone) {
  const auto error_of = [](const std::string& bytes) {
    return error_text([&] { read_npy(bytes, "x.npy"); });
  };
  EXPECT_EQ(error_of("PK"), "x.npy: found no NumPy array in it, wanted a .npy file");
  const std::string whole = write_npy({{2, 2}, {1, 2, 3, 4}});
  for (const size_t size : {8u, 20u, 100u, 140u}) {
    EXPECT_EQ(error_of(whole.substr(0, size)), "x.npy: the file is cut off") << size;
  }
  EXPECT_EQ(error_of(whole + "more"), "x.npy: found 20 bytes of values, wanted 16 by its shape");
  EXPECT_EQ(error_of(saved("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "x")),
            "x.npy: found values of type \"|O\", wanted little-endian numbers, such as <f4");
}

}  // namespace
}  // namespace wattgrind
