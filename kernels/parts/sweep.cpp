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
  const auto repeated = std::ranges::count_if(
      maps_, [&](const SweptMap& map) { return repeats_columns(map) && !repeats_channels(map); });
  has_few_vectors_ = vectors <= kFewVectors && vectors * repeated <= kFewOperands;
}

bool Sweep::is_flat() const {
  const int64_t pitch = maps_.front().layout.channel_pitch;
  return (with_padding_ || pitch == shape_.channels) &&
         std::ranges::all_of(maps_, [&](const SweptMap& map) {
           return (map.has_images || batch_ == 1) && map.layout.shape == shape_ &&
                  map.layout.channel_pitch == pitch;
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
  const Address first = pixel(maps_[map]);
  if (repeats_channels(maps_[map])) return first;
  Address address = stepped(moved(first, first_channel_ * kFloatBytes), channel_,
                            channel_step_ * lanes_ * kFloatBytes);
  // Strides stand in the order of their loops.
  const bool has_column = !first.strides.empty() && first.strides.back().loop == column_.id;
  if (channels_outside_ && has_column && channel_.id != LoopVariable::kNone) {
    std::swap(address.strides.back(), address.strides[address.strides.size() - 2]);
  }
  return address;
}

void Sweep::select(const Tiles& piece, int64_t vector, LoopVariable channel, int64_t step) {
  lanes_ = static_cast<int>(piece.size);
  first_channel_ = piece.start + vector * piece.size;
  channel_ = channel;
  channel_step_ = step;
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

void Sweep::set_to_zero(size_t first, size_t results) {
  for (size_t r = first; r < first + results; ++r) {
    const SweptMap& result = maps_[r];
    Sweep sweep(nest_, result.has_images ? batch_ : 1, result.layout.shape, {result}, true);
    sweep.run([&] { nest_.store(sweep.constant(0), sweep.at(0)); });
  }
}

Sweep::Sums Sweep::zeros(int lanes, int64_t vectors, size_t results) {
  Sums sums(static_cast<size_t>(vectors));
  for (std::vector<Register>& sum : sums) {
    for (size_t r = 0; r < results; ++r) sum.push_back(nest_.constant(lanes, 0));
  }
  return sums;
}

void Sweep::add_to_results(size_t first, const std::vector<Register>& sums) {
  for (size_t r = 0; r < sums.size(); ++r) {
    const Address place = at(first + r);
    nest_.store(nest_.apply(Opcode::kAdd, sums[r], nest_.load(nest_.lanes(sums[r]), place)), place);
  }
}

void Sweep::add_lanes_to_results(size_t first, const std::vector<Sums>& sums) {
  std::vector<Register> totals(sums.front().front().size(), kNoRegister);
  for (const Sums& piece : sums) {
    for (size_t r = 0; r < totals.size(); ++r) {
      Register sum = piece.front()[r];
      for (size_t v = 1; v < piece.size(); ++v) sum = apply(Opcode::kAdd, sum, piece[v][r]);
      if (nest_.lanes(sum) > 1) sum = nest_.reduce(Opcode::kReduceAdd, sum);
      totals[r] = totals[r] == kNoRegister ? sum : apply(Opcode::kAdd, totals[r], sum);
    }
  }
  add_to_results(first, totals);
}

}  // namespace wattgrind
