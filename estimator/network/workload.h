// A workload is what is measured: a network, or a synthetic load.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "estimator/base/element_type.h"
#include "estimator/network/network.h"

namespace wattgrind {

// How the loops of a matrix product are nested, from the outside in.
enum class LoopOrder {
  kIjk,     // rows of A times columns of B, as NumPy multiplies integers
  kIkj,     // rows of B are added up in a row of C
  kBlocked  // kIkj, within blocks of kMatmulBlock x kMatmulBlock x kMatmulBlock
};

inline constexpr uint64_t kMatmulBlock = 64;  // three blocks of 64-bit integers are 96 KiB

// How the text of a synthetic load begins.
inline constexpr std::string_view kMatmulPrefix = "matmul:";

// The matrix product C (m x n) = A (m x k) * B (k x n); all are row-major, without padding.
struct Matmul {
  uint64_t m = 0, k = 0, n = 0;
  ElementType type = ElementType::kFloat32;
  LoopOrder order = LoopOrder::kIjk;

  uint64_t macs() const { return m * k * n; }

  friend bool operator==(const Matmul&, const Matmul&) = default;
};

using Workload = std::variant<Network, Matmul>;

}  // namespace wattgrind
