// What is measured: a network, or a synthetic load.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "estimator/network.h"

namespace wattgrind {

enum class ElementType { kFloat32, kInt64 };

// How the loops of a matrix product are nested, from the outside in.
enum class LoopOrder {
  kIjk,     // rows of A by columns of B, B read down its columns: NumPy's product of integers
  kIkj,     // rows of B added up in a row of C
  kBlocked  // kIkj within blocks of kMatmulBlock x kMatmulBlock x kMatmulBlock
};

inline constexpr uint64_t kMatmulBlock = 64;  // three blocks of 64-bit integers are 96 KiB

// C (m x n) = A (m x k) * B (k x n), all row-major, without padding.
struct Matmul {
  uint64_t m = 0, k = 0, n = 0;
  ElementType type = ElementType::kFloat32;
  LoopOrder order = LoopOrder::kIjk;

  uint64_t macs() const { return m * k * n; }
  uint64_t element_bytes() const { return type == ElementType::kInt64 ? 8 : 4; }

  friend bool operator==(const Matmul&, const Matmul&) = default;
};

using Workload = std::variant<Network, Matmul>;

// "matmul:m=200,k=8000,n=200,dtype=int64[,order=ijk|ikj|blocked]", a NETWORK as find_network takes
// it, or a part of one: "NETWORK/LAYER", a layer alone, "NETWORK/..LAYER", all up to it. Throws
// Error(kInput) naming the text and the key, also when the product's operations or bytes do not fit
// 64 bits.
Workload find_workload(const std::string& text);

// "NETWORK" of "NETWORK/LAYER" and "NETWORK/..LAYER"; any other workload's whole text.
std::string whole_workload(const std::string& text);

}  // namespace wattgrind
