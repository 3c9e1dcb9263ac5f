// How kernels lay out feature maps in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "estimator/network/network.h"

namespace wattgrind {

inline constexpr int64_t kFloatBytes = 4;
inline constexpr int64_t kLineBytes = 64;  // buffers and images start on a line

// Rows and columns of zeros around a map that convolutions read as padding. Nothing ever writes
// them: they are zero because memory starts as zero.
struct Halo {
  int64_t top = 0, left = 0, bottom = 0, right = 0;

  void cover(const Halo& other);
  friend bool operator==(const Halo&, const Halo&) = default;
};

// NHWC: channel c of pixel (y, x) of image n lies at byte
//   n * image_bytes + pixel_bytes(y, x) + 4 c.
// The channel pitch is the number of values stored a pixel: channels, then zeros up to a whole
// vector where that is cheaper than a short one.
struct MapLayout {
  FeatureShape shape;
  int64_t channel_pitch = 0;
  Halo halo;
  bool staggers_images = false;  // where dense layers read it, a value of many images at a time

  int64_t row_bytes() const;
  // Images are whole lines apart, and large ones (four pages and more) whole pages: the cache then
  // sees every image at the same sets, which the simulator uses to prove repetition. Staggered,
  // large images are an odd number of lines apart, so that a value of neighbouring ones is in sets
  // of its own.
  int64_t image_bytes() const;
  int64_t pixel_bytes(int64_t y, int64_t x) const;  // may lie in the halo
  int64_t channel_bytes() const { return channel_pitch * kFloatBytes; }
  uint64_t bytes(int64_t batch) const { return static_cast<uint64_t>(batch * image_bytes()); }
  // Every value of the rows [0, height) follows the one before: no halo left or right.
  bool rows_touch() const { return halo.left == 0 && halo.right == 0; }
  // The image is channels * height * width values in (y, x, c) order and nothing else.
  bool is_dense() const { return rows_touch() && channel_pitch == shape.channels; }
  // The same memory as images of one pixel, whose channels are all their values, those between
  // images among them; none where there is a halo, or padding channels.
  std::optional<MapLayout> as_vectors() const;

  friend bool operator==(const MapLayout&, const MapLayout&) = default;
};

// Calls visit(stored, logical) for every value of a batch of images: where it lies in the map's
// buffer, counted in values, and in images that follow each other as (channel, row, column).
template <typename Visit>
void for_each_value(const MapLayout& layout, int64_t batch, const Visit& visit) {
  const FeatureShape& shape = layout.shape;
  size_t logical = 0;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t y = 0; y < shape.height; ++y) {
        for (int64_t x = 0; x < shape.width; ++x) {
          const int64_t bytes = n * layout.image_bytes() + layout.pixel_bytes(y, x);
          visit(static_cast<size_t>(bytes / kFloatBytes + c), logical++);
        }
      }
    }
  }
}

}  // namespace wattgrind
