// The role of a buffer is what it holds. Energy can be told apart by role.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wattgrind {

enum class TensorRole : uint8_t {
  kInput,  // the feature map that a layer reads
  kWeights,
  kBias,
  kOutput,    // the feature map that a layer writes
  kGradient,  // the gradient of a feature map or of parameters
  kState,     // the moments that an optimiser keeps
  kScratch,   // the workspace of a kernel
};

inline constexpr std::array<std::string_view, 7> kTensorRoleNames = {
    "input", "weights", "bias", "output", "gradient", "state", "scratch"};

constexpr std::string_view name(TensorRole role) {
  return kTensorRoleNames[static_cast<size_t>(role)];
}

}  // namespace wattgrind
