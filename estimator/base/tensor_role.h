// What a buffer holds, as energy is attributed ("--by tensor").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wattgrind {

enum class TensorRole : uint8_t {
  kInput,  // the feature map a layer reads
  kWeights,
  kBias,
  kOutput,    // the feature map a layer writes
  kGradient,  // of a feature map or of parameters
  kState,     // an optimiser's moments
  kScratch,   // a kernel's own workspace
};

inline constexpr std::array<std::string_view, 7> kTensorRoleNames = {
    "input", "weights", "bias", "output", "gradient", "state", "scratch"};

constexpr std::string_view name(TensorRole role) {
  return kTensorRoleNames[static_cast<size_t>(role)];
}

}  // namespace wattgrind
