// Infers the shapes of one layer and counts its work: this is the arithmetic of build_network.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/network/network.h"

namespace wattgrind {

// The place of an error: a layer of a network.
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

// The multiply-accumulates and parameters that one layer has for one image.
struct LayerWork {
  uint64_t macs = 0;
  uint64_t parameters = 0;
};

// Puts "same" padding into the operation's window, so that there are ceil(input / stride) outputs.
// Where the padding is odd, the bottom and right get one more. An operation without a window is
// returned as it is.
Operation with_same_padding(Operation operation, const FeatureShape& input);

// Checks the operation's sizes and that it fits its input; throws through `place`.
FeatureShape infer_output_shape(const Operation& operation, const FeatureShape& input,
                                const LayerPlace& place);

// Biases count as parameters but not as multiply-accumulates. Products with padding count, as they
// do in the literature. Throws through `place` where a count overflows 64 bits.
LayerWork count_work(const Operation& operation, const FeatureShape& input,
                     const FeatureShape& output, const LayerPlace& place);

}  // namespace wattgrind
