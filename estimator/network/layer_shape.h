// Shape inference and counting for one layer: the arithmetic of build_network.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Where an error is: the layer, and in which network.
struct LayerPlace {
  std::string_view where;
  size_t index;

  // Throws Error(kInput) with the message "WHERE: layers[INDEX].KEY: ..."; `key` may be empty.
  template <typename... Args>
  [[noreturn]] void reject(std::string_view key, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail(ErrorKind::kInput, "{}: layers[{}]{}{}: {}", where, index, key.empty() ? "" : ".", key,
         fmt::format(format, std::forward<Args>(args)...));
  }
};

// Multiply-accumulates and parameters of one layer, one image.
struct LayerWork {
  uint64_t macs = 0;
  uint64_t parameters = 0;
};

// The operation with "same" padding put into its window: as many outputs as ceil(input / stride),
// any surplus at the bottom and right. Operations without a window are returned as they are.
Operation with_same_padding(Operation operation, const FeatureShape& input);

// Checks the operation's sizes and that it fits its input; throws through `place`.
FeatureShape infer_output_shape(const Operation& operation, const FeatureShape& input,
                                const LayerPlace& place);

// Biases count as parameters, not as multiply-accumulates; products with padding count (as they
// do in the literature). Throws through `place` where a count overflows 64 bits.
LayerWork count_work(const Operation& operation, const FeatureShape& input,
                     const FeatureShape& output, const LayerPlace& place);

}  // namespace wattgrind
