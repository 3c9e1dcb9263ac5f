#include "kernels/layout/map_layout.h"

#include <algorithm>

namespace wattgrind {
namespace {

constexpr int64_t kPageBytes = 4096;

int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

void Halo::cover(const Halo& other) {
  top = std::max(top, other.top);
  left = std::max(left, other.left);
  bottom = std::max(bottom, other.bottom);
  right = std::max(right, other.right);
}

int64_t MapLayout::row_bytes() const {
  return (halo.left + shape.width + halo.right) * channel_bytes();
}

int64_t MapLayout::image_bytes() const {
  constexpr int64_t kReadPast = 3;  // of maps of bytes, whose kernels read four at a time
  const int64_t bytes = (halo.top + shape.height + halo.bottom) * row_bytes() +
                        (value_bytes == kByteBytes ? kReadPast : 0);
  const bool is_large = bytes >= 4 * kPageBytes;
  if (is_large && staggers_images) {
    return (round_up(bytes, kLineBytes) / kLineBytes | 1) * kLineBytes;
  }
  return round_up(bytes, is_large ? kPageBytes : kLineBytes);
}

int64_t MapLayout::axis_bytes(MapAxis axis) const {
  return axis == MapAxis::kChannels ? value_bytes
         : axis == MapAxis::kHeight ? row_bytes()
                                    : channel_bytes();
}

std::optional<MapLayout> MapLayout::as_vectors() const {
  if (!is_dense() || halo != Halo{}) return std::nullopt;
  return MapLayout{
      {shape.elements(), 1, 1}, image_bytes() / value_bytes, {}, staggers_images, value_bytes};
}

int64_t MapLayout::pixel_bytes(int64_t y, int64_t x) const {
  return (y + halo.top) * row_bytes() + (x + halo.left) * channel_bytes();
}

int64_t staggered_pitch(int64_t values, int64_t lanes) {
  constexpr int64_t kLine = kLineBytes / kFloatBytes;
  if (values <= kLine) return (values + lanes - 1) / lanes * lanes;
  return ((values + kLine - 1) / kLine | 1) * kLine;
}

}  // namespace wattgrind
