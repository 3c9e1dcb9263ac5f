// The parts of an image that are normalised one after the other, each while it is in a cache: a
// pixel, a row or a column of pixels, or the whole image, so that the axes of the normalisation lie
// inside.
#pragma once

#include <cstdint>
#include <utility>

#include "kernels/parts/sweep.h"

namespace wattgrind {

// One part, in the loops over all of them.
class PartPlace {
 public:
  PartPlace(LoopVariable image, LoopVariable row, LoopVariable column,
            const FeatureShape& image_shape, const FeatureShape& part_shape)
      : image_(image), row_(row), column_(column), whole_(image_shape), part_(part_shape) {}

  // The part of a map, or of parameters that are repeated along maps.
  SweptMap of(const SweptMap& map) const;

 private:
  LoopVariable image_, row_, column_;
  FeatureShape whole_, part_;
};

class NormalizedPart {
 public:
  // The axes that are normalised over, of images of that shape.
  NormalizedPart(bool channels, bool height, bool width, const FeatureShape& image);

  const FeatureShape& shape() const { return shape_; }
  // One part's moments.
  MapLayout moments_layout(int64_t channel_pitch) const;
  // The moments of all parts of an image, of which PartPlace::of() finds one part's.
  MapLayout all_moments_layout(int64_t channel_pitch) const;

  // Calls body(PartPlace) in loops over all parts.
  template <typename Body>
  void for_each(NestBuilder& nest, int64_t batch, const Body& body) const {
    nest.loop("image", batch, [&](LoopVariable n) {
      nest.loop("part_row", image_.height / shape_.height, [&](LoopVariable y) {
        nest.loop("part_column", image_.width / shape_.width,
                  [&](LoopVariable x) { body(PartPlace(n, y, x, image_, shape_)); });
      });
    });
  }

 private:
  FeatureShape image_, shape_, moments_, all_moments_;
};

// Where training keeps the means and the inverse deviations of all parts (Operand::kMoments).
std::pair<SweptMap, SweptMap> moments_of_all(NestBuilder& nest, const NormalizedPart& part,
                                             int64_t batch, int64_t channel_pitch);

}  // namespace wattgrind
