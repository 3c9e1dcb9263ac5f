// Weight files: safetensors, as PyTorch, JAX and others read and write them.
//
// Eight bytes with the length of a header, little-endian; the header, a JSON object of each
// tensor's type, shape and place; the tensors' bytes. Only single precision ("F32") is known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct Tensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;  // the last dimension varies fastest

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

// The bytes of a file that holds the tensors in the order given.
std::string safetensors_bytes(const std::vector<Tensor>& tensors);

// The file's tensors, in the order in which they lie there. Throws Error(kInput), begun by `where`,
// for a file that is cut off, no safetensors, or holds other types, gaps or overlaps.
std::vector<Tensor> parse_safetensors(std::string_view bytes, std::string_view where);

}  // namespace wattgrind
