// How a tensor of a model lies in a feature map of a network.
//
// A model's tensors have any number of axes in any order; maps have channels, rows and columns, and
// kernels store the channels of a pixel side by side. Reshaping, transposing, slicing and repeating
// only change how a map is seen, so they are kept as a view, and become a layer that copies where
// an operator needs the values in an order of its own. The tensor [batch, 8, 6, 4] made from a map
// of 24 channels (6 x 4), 1 row, 8 columns has the axes
//
//   batch        | batch                 |
//   8            | 8 columns             | extent 8, step 1 along the width
//   6            | every fourth channel  | extent 6, step 4 along the channels
//   4            | each channel          | extent 4, step 1
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// A step along an axis moves along the batch or along one axis of the map.
struct AxisFactor {
  int64_t extent = 1;
  bool is_batch = false;
  MapAxis axis = MapAxis::kChannels;
  int64_t step = 1;

  friend bool operator==(const AxisFactor&, const AxisFactor&) = default;
};

// The factors of an axis, the slowest first; their extents multiply to the axis's own. Factors of
// one value are left out, but for the batch.
using ViewAxis = std::vector<AxisFactor>;

// Which axes of a tensor, by their numbers, become the channels, the rows and the columns of a map;
// the slowest first. Axes of one value may be left out.
struct MapForm {
  std::vector<size_t> channels, height, width;

  friend bool operator==(const MapForm&, const MapForm&) = default;
};

struct MapView {
  std::string source;                        // the layer or network input that holds the map
  FeatureShape shape;                        // of the map
  std::array<int64_t, 3> first = {0, 0, 0};  // where the tensor's first value is: c, y, x
  std::vector<ViewAxis> axes;

  std::vector<int64_t> dims() const;
  int64_t extent(size_t axis) const;
  // The same without the batch, of one axis and of all.
  int64_t map_extent(size_t axis) const;
  std::vector<int64_t> map_dims() const;
  bool has_batch(size_t axis) const;
  // Whether the axis counts the images of the batch and nothing else.
  bool is_batch(size_t axis) const;
  std::optional<size_t> batch_axis() const;  // the axis that the batch is a factor of
  // Whether every value of the map is in the tensor exactly once.
  bool is_whole() const;
  // The form in which the map already lies; absent where values would have to move.
  std::optional<MapForm> natural_form() const;
  // The last axis becomes the channels, the one before it the columns, all others the rows.
  MapForm tokens_form() const;
  // A form that keeps the axes of `set` apart from all others: no group of the map has both. It is
  // the natural one where that does so.
  MapForm separating_form(const std::vector<size_t>& set) const;
  // Whether a copy in this form would be the map itself.
  bool has_form(const MapForm& form) const;
};

// The factors of the axes of one group, without the batch, joined where they step evenly.
ViewAxis group_factors(const MapView& view, std::span<const size_t> axes);

// The shape of the map that a copy of the view in this form makes, and the view of it.
FeatureShape form_shape(const MapView& view, const MapForm& form);
MapView in_form(const MapView& view, const MapForm& form, std::string source);

// The views that these operators make; absent where values would have to be copied first.
std::optional<MapView> reshaped(const MapView& view, std::span<const int64_t> dims);
MapView transposed(const MapView& view, std::span<const size_t> order);
std::optional<MapView> sliced(const MapView& view, size_t axis, int64_t start, int64_t size,
                              int64_t step);
// Axes of one value are repeated up to `dims`, as broadcasting does; new axes come first.
MapView expanded(const MapView& view, std::span<const int64_t> dims);

int64_t product(std::span<const int64_t> extents);

}  // namespace wattgrind
