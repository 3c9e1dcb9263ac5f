// The sliding windows of convolutions and pooling: read, written, padded, checked and slid.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {

// Members "kernel", "stride", "padding" and "dilation" of a layer in a network file; without a
// stride it is 1, or the kernel where `stride_is_kernel`. `padding` is an array of 2 or 4; "same"
// is kept apart, in LayerSpec::pad_same.
Window2d read_window(const nlohmann::json& layer, bool stride_is_kernel);
void write_window(const Window2d& window, nlohmann::ordered_json& layer);

// Padding for as many outputs as ceil(input / stride), any surplus at the bottom and right.
void pad_same(Window2d& window, const FeatureShape& input);

// Rejects sizes out of range.
void check_window_sizes(const Window2d& window, const LayerPlace& place);

// Rejects sizes out of range and a kernel larger than the padded input.
void check_window(const Window2d& window, const FeatureShape& input, const LayerPlace& place);

// The output of a window that slides over the padded input.
FeatureShape slide(const Window2d& window, int64_t channels, const FeatureShape& input);

}  // namespace wattgrind
