// How kernels lay out feature maps in memory.
//
// A map is a batch of images. An image is rows of pixels, framed by a halo of zeros; a pixel is its
// channels side by side, and perhaps a few zeros more. An image of 2 x 3 pixels and 3 channels with
// a halo of one pixel all around and a channel pitch of 4:
//
//     0  0  0  0  0      halo.top = 1
//     0  p  p  p  0      halo.left = 1, then 3 pixels, then halo.right = 1
//     0  p  p  p  0
//     0  0  0  0  0      halo.bottom = 1
//
//     p = | c0 | c1 | c2 | 0 |      channel_pitch = 4 values
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"

namespace wattgrind {

inline constexpr int64_t kFloatBytes = 4;
inline constexpr int64_t kByteBytes = 1;   // of a value of a map of bytes
inline constexpr int64_t kLineBytes = 64;  // buffers and images start on a line

// The halo is the rows and columns of zeros around an image that convolutions read as padding.
// Nothing ever writes them: they are zero because memory starts as zero. Around maps of bytes it is
// the number that stands for zero.
struct Halo {
  int64_t top = 0, left = 0, bottom = 0, right = 0;

  // Grows each side to at least the other halo's.
  void cover(const Halo& other);
  friend bool operator==(const Halo&, const Halo&) = default;
};

// Maps are stored as NHWC: channel c of pixel (y, x) of image n lies at byte
//   n * image_bytes + pixel_bytes(y, x) + 4 c,
// or + c where values are bytes (network.h). Instruction sets whose products of bytes are of signed
// ones store the numbers less 128 (stores_signed_bytes); kernels may read up to three bytes past an
// image's last.
//
// The channel pitch is the number of values stored for each pixel: its channels, then zeros up to a
// whole vector where a whole vector is cheaper than a short one.
//
// Images start on lines. Large ones (four pages and more) start on pages, or, if images are
// staggered, an odd number of lines apart:
//   on pages    every image meets the caches at the same sets, which the simulator uses to prove
//               that images repeat each other;
//   staggered   the same value of neighbouring images is in different sets, which dense layers
//               need, for they read one value of many images at a time.
struct MapLayout {
  FeatureShape shape;
  int64_t channel_pitch = 0;
  Halo halo;
  bool staggers_images = false;
  int64_t value_bytes = kFloatBytes;

  int64_t row_bytes() const;    // from one row to the next
  int64_t image_bytes() const;  // from one image to the next
  // How far a pixel lies from its image's first byte. The pixel may lie in the halo: (-1, 0) is the
  // one above the first.
  int64_t pixel_bytes(int64_t y, int64_t x) const;
  int64_t channel_bytes() const { return channel_pitch * value_bytes; }
  int64_t axis_bytes(MapAxis axis) const;  // from one value to the next along the axis
  uint64_t bytes(int64_t batch) const { return static_cast<uint64_t>(batch * image_bytes()); }
  // Whether every value of the rows [0, height) follows the one before, as it does where there is
  // no halo on the left or right.
  bool rows_touch() const { return halo.left == 0 && halo.right == 0; }
  // Whether those rows are channels * height * width values in (y, x, c) order and nothing else.
  bool is_dense() const { return rows_touch() && channel_pitch == shape.channels; }
  // The same memory seen as images of one pixel whose channels are all of an image's values; the
  // gap between images becomes part of the channel pitch. Absent where there is a halo or padding
  // channels.
  std::optional<MapLayout> as_vectors() const;

  friend bool operator==(const MapLayout&, const MapLayout&) = default;
};

constexpr bool stores_signed_bytes(Isa isa) { return isa == Isa::kNeon; }
// The zero point as bytes are stored for the instruction set.
constexpr int stored_zero_point(Isa isa, int zero_point) {
  constexpr int kSignedOffset = 128;
  return zero_point - (stores_signed_bytes(isa) ? kSignedOffset : 0);
}

// From one row of a matrix in scratch memory to the next, in values: an odd number of lines, so
// that neighbouring rows are in different sets of a cache; rows shorter than a line are only
// rounded up to whole vectors of so many lanes.
int64_t staggered_pitch(int64_t values, int64_t lanes);

// Calls visit(stored, logical) for every value of a batch of images. `stored` is the value's index
// in the map's buffer, `logical` its index in [image][channel][row][column].
template <typename Visit>
void for_each_value(const MapLayout& layout, int64_t batch, const Visit& visit) {
  const FeatureShape& shape = layout.shape;
  size_t logical = 0;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t y = 0; y < shape.height; ++y) {
        for (int64_t x = 0; x < shape.width; ++x) {
          const int64_t bytes = n * layout.image_bytes() + layout.pixel_bytes(y, x);
          visit(static_cast<size_t>(bytes / layout.value_bytes + c), logical++);
        }
      }
    }
  }
}

}  // namespace wattgrind
