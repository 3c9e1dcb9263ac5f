#include "kernels/gradients/dense_segments.h"

namespace wattgrind {

Segments segments(const MapLayout& map) {
  const FeatureShape& shape = map.shape;
  if (map.is_dense()) return {1, 1, shape.elements(), shape.elements()};
  if (map.channel_pitch == shape.channels) {
    return {shape.height, 1, shape.width * shape.channels, shape.width * shape.channels};
  }
  return {shape.height, shape.width, map.channel_pitch, shape.channels};
}

}  // namespace wattgrind
