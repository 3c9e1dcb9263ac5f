#include "kernels/parts/normalized_part.h"

namespace wattgrind {

// What is left of an extent becomes halo, so that rows and images stay as long as they are.
SweptMap PartPlace::of(const SweptMap& map) const {
  SweptMap part = map;
  const MapLayout& layout = map.layout;
  if (map.has_images) part.buffer = stepped(part.buffer, image_, layout.image_bytes());
  if (part_.height != whole_.height && layout.shape.height == whole_.height) {
    part.buffer = stepped(part.buffer, row_, layout.row_bytes());
    part.layout.halo.bottom += whole_.height - 1;
    part.layout.shape.height = 1;
  }
  if (part_.width != whole_.width && layout.shape.width == whole_.width) {
    part.buffer = stepped(part.buffer, column_, layout.channel_bytes());
    part.layout.halo.right += whole_.width - 1;
    part.layout.shape.width = 1;
  }
  return part;
}

NormalizedPart::NormalizedPart(bool channels, bool height, bool width, const FeatureShape& image)
    : image_(image), shape_(image), moments_{1, 1, 1} {
  if (!height) shape_.height = 1;
  if (!width && channels) shape_.width = 1;
  if (!channels) moments_.channels = image.channels;
  if (!width) moments_.width = shape_.width;
  all_moments_ = {moments_.channels, height ? 1 : image.height, width ? 1 : image.width};
}

MapLayout NormalizedPart::moments_layout(int64_t channel_pitch) const {
  return {moments_, moments_.channels == image_.channels ? channel_pitch : 1, {}};
}

MapLayout NormalizedPart::all_moments_layout(int64_t channel_pitch) const {
  return {all_moments_, moments_layout(channel_pitch).channel_pitch, {}};
}

std::pair<SweptMap, SweptMap> moments_of_all(NestBuilder& nest, const NormalizedPart& part,
                                             int64_t batch, int64_t channel_pitch) {
  const MapLayout layout = part.all_moments_layout(channel_pitch);
  const uint64_t bytes = layout.bytes(batch);
  const Address means = nest.buffer(Operand::kMoments, TensorRole::kScratch, 2 * bytes);
  return {{means, layout}, {moved(means, static_cast<int64_t>(bytes)), layout}};
}

}  // namespace wattgrind
