// The values of a model's inputs and outputs in the maps of its network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/onnx/map_view.h"

namespace wattgrind {

// The dimensions of the view's tensor for a batch of that many images.
std::vector<int64_t> dims_for_batch(const MapView& view, int64_t batch);

// A tensor's values, the last dimension varying fastest, as images of the map, each (channel, row,
// column). A tensor without a batch goes to every image.
std::vector<float> to_images(const MapView& view, int64_t batch, std::span<const float> tensor);

// The reverse: the tensor that the view sees. Without a batch it is that of the first image.
std::vector<float> to_tensor(const MapView& view, int64_t batch, std::span<const float> images);

// The view of a map as frameworks have it: [batch][channel][row][column], or [batch][channel] of a
// vector.
MapView framework_view(std::string source, const FeatureShape& shape);

}  // namespace wattgrind
