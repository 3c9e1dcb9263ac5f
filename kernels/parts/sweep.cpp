#include "kernels/parts/sweep.h"

#include <algorithm>

namespace wattgrind {

MapLayout parameter_layout(const FeatureShape& shape, const MapLayout& map) {
  const bool has_padding = shape.is_vector() && shape.channels == map.shape.channels;
  return {shape, has_padding ? map.channel_pitch : shape.channels, {}};
}

uint64_t parameter_bytes(const MapLayout& layout) {
  return static_cast<uint64_t>(layout.shape.height * layout.row_bytes());
}

Sweep::Sweep(NestBuilder& nest, int64_t batch, const FeatureShape& shape,
             std::vector<SweptMap> maps, bool with_padding)
    : nest_(nest),
      batch_(batch),
      shape_(shape),
      maps_(std::move(maps)),
      with_padding_(with_padding) {
  pieces_ = vector_pieces(covered_channels(), nest.max_lanes());
  int64_t vectors = 0;
  for (const Tiles& piece : pieces_) vectors += piece.count;
  has_few_vectors_ = vectors <= kFewVectors;
}

bool Sweep::is_flat() const {
  const int64_t pitch = maps_.front().layout.channel_pitch;
  return (with_padding_ || pitch == shape_.channels) &&
         std::ranges::all_of(maps_, [&](const SweptMap& map) {
           return map.has_images && map.layout.shape == shape_ && map.layout.channel_pitch == pitch;
         });
}

// The channels of a pixel, with those of its padding where all maps have them.
int64_t Sweep::covered_channels() const {
  if (!with_padding_) return shape_.channels;
  int64_t pitch = 0;
  for (const SweptMap& map : maps_) {
    if (repeats_channels(map)) continue;
    if (pitch != 0 && map.layout.channel_pitch != pitch) return shape_.channels;
    pitch = map.layout.channel_pitch;
  }
  return pitch;
}

Address Sweep::pixel(const SweptMap& map) const {
  const MapLayout& layout = map.layout;
  Address address = moved(map.buffer, layout.pixel_bytes(0, 0));
  if (map.has_images) address = stepped(address, image_, layout.image_bytes());
  if (layout.shape.height == shape_.height) address = stepped(address, row_, layout.row_bytes());
  if (!repeats_columns(map)) address = stepped(address, column_, layout.channel_bytes());
  return address;
}

Address Sweep::at(size_t map) const {
  return stepped(moved(pixel(maps_[map]), first_channel_ * kFloatBytes), channel_,
                 lanes_ * kFloatBytes);
}

void Sweep::select(const Tiles& piece, int64_t vector, LoopVariable channel) {
  lanes_ = static_cast<int>(piece.size);
  first_channel_ = piece.start + vector * piece.size;
  channel_ = channel;
}

void Sweep::load_repeated(bool along_row) {
  for (size_t i = 0; i < maps_.size(); ++i) {
    const SweptMap& map = maps_[i];
    if (repeats_columns(map) != along_row) continue;
    for (const Tiles& piece : pieces_) {
      const int lanes = static_cast<int>(piece.size);
      if (repeats_channels(map)) {
        loaded_[{i, {-1, lanes}}] = nest_.broadcast(lanes, pixel(map));
      } else if (along_row && has_few_vectors_) {
        for (int64_t v = 0; v < piece.count; ++v) {
          select(piece, v, {});
          loaded_[{i, {first_channel_, lanes}}] = nest_.load(lanes, at(i));
        }
      }
    }
  }
}

Register Sweep::load(size_t map) {
  const auto found =
      loaded_.find({map, {repeats_channels(maps_[map]) ? -1 : first_channel_, lanes_}});
  if (!in_flat_run_ && found != loaded_.end()) return found->second;
  return nest_.load(lanes_, at(map));
}

}  // namespace wattgrind
