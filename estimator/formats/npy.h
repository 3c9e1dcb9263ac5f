// NumPy's files of one array (".npy"):
// numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
// Six bytes, a version, the length of a header, the header (a Python dictionary of type, order and
// shape), and the values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> values;  // the last dimension varies fastest

  friend bool operator==(const NpyArray&, const NpyArray&) = default;
};

// Reads real numbers, whole numbers and truth values of any width, little-endian, in either order,
// as single precision. Throws Error(kInput), begun by `where`, for a file that is cut off, no .npy,
// or holds other types.
NpyArray read_npy(std::string_view bytes, std::string_view where);

// The bytes of a file of version 1.0, in single precision.
std::string write_npy(const NpyArray& array);

}  // namespace wattgrind
