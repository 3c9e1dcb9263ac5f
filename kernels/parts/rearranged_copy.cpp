#include "kernels/parts/rearranged_copy.h"

#include <utility>

namespace wattgrind {
namespace {

bool keeps_pixels_whole(const Rearrange& rearrange, const MapLayout& from, const MapLayout& to) {
  const int64_t channels = from.shape.channels;
  const std::vector<RearrangeFactor> whole = {{channels, MapAxis::kChannels, 1}};
  return from.channel_pitch == to.channel_pitch && to.shape.channels == channels &&
         (channels == 1 || rearrange.channels == whole);
}

// The loops of one axis of the result, whose values lie so far apart.
void add_dimensions(const std::vector<RearrangeFactor>& factors, std::string_view name,
                    const MapLayout& from, int64_t to_bytes,
                    std::vector<CopyDimension>& dimensions) {
  for (auto factor = factors.rbegin(); factor != factors.rend(); ++factor) {
    dimensions.push_back(
        {name, factor->extent, factor->step * from.axis_bytes(factor->axis), to_bytes});
    to_bytes *= factor->extent;
  }
}

}  // namespace

RearrangedCopy RearrangedCopy::reversed() const {
  RearrangedCopy result = *this;
  std::swap(result.from_bytes, result.to_bytes);
  for (CopyDimension& d : result.dimensions) std::swap(d.from_bytes, d.to_bytes);
  return result;
}

RearrangedCopy rearranged_copy(const Rearrange& rearrange, const MapLayout& from,
                               const MapLayout& to) {
  RearrangedCopy copy{from.pixel_bytes(rearrange.first_row, rearrange.first_column) +
                          rearrange.first_channel * kFloatBytes,
                      to.pixel_bytes(0, 0),
                      {}};
  if (keeps_pixels_whole(rearrange, from, to)) {
    copy.dimensions.push_back({"channel", to.channel_pitch, kFloatBytes, kFloatBytes});
  } else {
    add_dimensions(rearrange.channels, "channel", from, kFloatBytes, copy.dimensions);
  }
  add_dimensions(rearrange.width, "column", from, to.channel_bytes(), copy.dimensions);
  add_dimensions(rearrange.height, "row", from, to.row_bytes(), copy.dimensions);
  return copy;
}

RearrangedCopy flattening_copy(const MapLayout& map) {
  const FeatureShape& shape = map.shape;
  return {map.pixel_bytes(0, 0),
          0,
          {{"channel", shape.channels, kFloatBytes, shape.height * shape.width * kFloatBytes},
           {"row", shape.height, map.row_bytes(), shape.width * kFloatBytes},
           {"column", shape.width, map.channel_bytes(), kFloatBytes}}};
}

}  // namespace wattgrind
