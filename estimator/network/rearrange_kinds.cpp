#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/base/checked_math.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"
#include "estimator/network/rearrangement.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Layers that only move values make no operations; where they repeat a value, the way back adds up
// what each of its places has.
template <typename T>
class MovingKind : public LayerKindOf<T> {
 public:
  explicit MovingKind(std::string_view word) : word_(word) {}

  std::string_view word() const override { return word_; }

  OtherOperations other_operations(const Layer& layer) const override {
    const auto rearrange = find_rearrangement(layer.operation, layer.input_shape());
    if (!rearrange || !repeats(*rearrange)) return {};
    return {.backward = static_cast<uint64_t>(layer.output_shape.elements())};
  }

 protected:
  FeatureShape infer(const T& operation, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check(operation, inputs[0], place);
    return rearranged_shape(rearrangement(operation, inputs[0]));
  }

  virtual void check(const T&, const FeatureShape&, const LayerPlace&) const {}

 private:
  std::string_view word_;
};

void check_factors(const std::vector<RearrangeFactor>& factors, std::string_view key,
                   const LayerPlace& place) {
  std::optional<uint64_t> extent = 1;
  for (const RearrangeFactor& factor : factors) {
    check_size(factor.extent, key, 1, place);
    if (factor.step < -kMaxSize || factor.step > kMaxSize) {
      place.reject(key, "found a step of {}, wanted {} to {}", factor.step, -kMaxSize, kMaxSize);
    }
    extent = checked_product({*extent, static_cast<uint64_t>(factor.extent)});
    if (!extent || *extent > static_cast<uint64_t>(kMaxSize)) {
      place.reject(key, "its extents multiply to more than {}", kMaxSize);
    }
  }
}

// Rejects a rearrangement that reads beyond the input.
void check_reach(const Rearrange& rearrange, const FeatureShape& input, const LayerPlace& place) {
  for (const MapAxis axis : kMapAxes) {
    const int64_t first = axis == MapAxis::kChannels ? rearrange.first_channel
                          : axis == MapAxis::kHeight ? rearrange.first_row
                                                     : rearrange.first_column;
    __int128 low = first, high = first;
    for (const auto* factors : {&rearrange.channels, &rearrange.height, &rearrange.width}) {
      for (const RearrangeFactor& factor : *factors) {
        if (factor.axis != axis) continue;
        (factor.step < 0 ? low : high) += __int128{factor.step} * (factor.extent - 1);
      }
    }
    if (low < 0 || high >= extent(input, axis)) {
      place.reject("", "it reads beyond the {} of its input, {}", name(axis), to_string(input));
    }
  }
}

class RearrangeKind final : public LayerKindOf<Rearrange> {
 public:
  std::string_view word() const override { return "rearrange"; }

  Operation read(const json& layer) const override {
    const json first = layer.value("first", json::array({0, 0, 0}));
    return Rearrange{first.at(0).get<int64_t>(),    first.at(1).get<int64_t>(),
                     first.at(2).get<int64_t>(),    read_factors(layer, "channels"),
                     read_factors(layer, "height"), read_factors(layer, "width")};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    if (!repeats(std::get<Rearrange>(layer.operation))) return {};
    return {.backward = static_cast<uint64_t>(layer.output_shape.elements())};
  }

 protected:
  void write_members(const Rearrange& rearrange, ordered_json& layer) const override {
    layer["first"] = {rearrange.first_channel, rearrange.first_row, rearrange.first_column};
    write_factors(rearrange.channels, "channels", layer);
    write_factors(rearrange.height, "height", layer);
    write_factors(rearrange.width, "width", layer);
  }

  FeatureShape infer(const Rearrange& rearrange, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_factors(rearrange.channels, "channels", place);
    check_factors(rearrange.height, "height", place);
    check_factors(rearrange.width, "width", place);
    check_reach(rearrange, inputs[0], place);
    return rearranged_shape(rearrange);
  }

 private:
  static std::vector<RearrangeFactor> read_factors(const json& layer, const char* key) {
    std::vector<RearrangeFactor> factors;
    for (const json& factor : layer.value(key, json::array())) {
      factors.push_back({factor.at("extent").get<int64_t>(), read_axis(factor.at("axis")),
                         factor.at("step").get<int64_t>()});
    }
    return factors;
  }

  static void write_factors(const std::vector<RearrangeFactor>& factors, const char* key,
                            ordered_json& layer) {
    for (const RearrangeFactor& factor : factors) {
      layer[key].push_back(
          {{"extent", factor.extent}, {"axis", name(factor.axis)}, {"step", factor.step}});
    }
  }
};

class SliceKind final : public MovingKind<Slice> {
 public:
  SliceKind() : MovingKind("slice") {}

  Operation read(const json& layer) const override {
    return Slice{read_axis(layer.at("axis")), layer.at("start").get<int64_t>(),
                 layer.at("size").get<int64_t>(), layer.value("step", Slice{}.step)};
  }

 protected:
  void write_members(const Slice& slice, ordered_json& layer) const override {
    layer["axis"] = name(slice.axis);
    layer["start"] = slice.start;
    layer["size"] = slice.size;
    if (slice.step != Slice{}.step) layer["step"] = slice.step;
  }

  void check(const Slice& slice, const FeatureShape& input,
             const LayerPlace& place) const override {
    check_factors({{slice.size, slice.axis, slice.step}}, "size", place);
    check_size(slice.start, "start", 0, place);
    check_reach(rearrangement(slice, input), input, place);
  }
};

class TransposeKind final : public MovingKind<Transpose> {
 public:
  TransposeKind() : MovingKind("transpose") {}

  Operation read(const json& layer) const override {
    Transpose transpose;
    for (size_t i = 0; i < transpose.order.size(); ++i) {
      transpose.order[i] = read_axis(layer.at("order").at(i));
    }
    return transpose;
  }

 protected:
  void write_members(const Transpose& transpose, ordered_json& layer) const override {
    for (const MapAxis axis : transpose.order) layer["order"].push_back(name(axis));
  }

  void check(const Transpose& transpose, const FeatureShape&,
             const LayerPlace& place) const override {
    if (!std::ranges::is_permutation(transpose.order, kMapAxes)) {
      place.reject("order", "an axis is there twice, wanted channels, height and width once each");
    }
  }
};

class ChannelShuffleKind final : public MovingKind<ChannelShuffle> {
 public:
  ChannelShuffleKind() : MovingKind("channel_shuffle") {}

  Operation read(const json& layer) const override {
    return ChannelShuffle{layer.at("groups").get<int64_t>()};
  }

 protected:
  void write_members(const ChannelShuffle& shuffle, ordered_json& layer) const override {
    layer["groups"] = shuffle.groups;
  }

  void check(const ChannelShuffle& shuffle, const FeatureShape& input,
             const LayerPlace& place) const override {
    check_size(shuffle.groups, "groups", 1, place);
    if (input.channels % shuffle.groups != 0) {
      place.reject("groups", "found {}, which does not divide the {} channels", shuffle.groups,
                   input.channels);
    }
  }
};

class DepthToSpaceKind final : public MovingKind<DepthToSpace> {
 public:
  DepthToSpaceKind() : MovingKind("depth_to_space") {}

  Operation read(const json& layer) const override {
    return DepthToSpace{layer.at("block").get<int64_t>(), layer.value("column_row_depth", false)};
  }

 protected:
  void write_members(const DepthToSpace& depth_to_space, ordered_json& layer) const override {
    layer["block"] = depth_to_space.block;
    if (depth_to_space.column_row_depth) layer["column_row_depth"] = true;
  }

  void check(const DepthToSpace& depth_to_space, const FeatureShape& input,
             const LayerPlace& place) const override {
    const int64_t block = depth_to_space.block;
    check_size(block, "block", 1, place);
    if (input.channels % (block * block) != 0) {
      place.reject("block", "found {}, whose square does not divide the {} channels", block,
                   input.channels);
    }
    check_factors({{input.height}, {block}}, "block", place);
    check_factors({{input.width}, {block}}, "block", place);
  }
};

class SpaceToDepthKind final : public MovingKind<SpaceToDepth> {
 public:
  SpaceToDepthKind() : MovingKind("space_to_depth") {}

  Operation read(const json& layer) const override {
    return SpaceToDepth{layer.at("block").get<int64_t>()};
  }

 protected:
  void write_members(const SpaceToDepth& space_to_depth, ordered_json& layer) const override {
    layer["block"] = space_to_depth.block;
  }

  void check(const SpaceToDepth& space_to_depth, const FeatureShape& input,
             const LayerPlace& place) const override {
    const int64_t block = space_to_depth.block;
    check_size(block, "block", 1, place);
    if (input.height % block != 0 || input.width % block != 0) {
      place.reject("block", "found {}, which does not divide the {}x{} pixels", block, input.height,
                   input.width);
    }
    check_factors({{block}, {block}, {input.channels}}, "block", place);
  }
};

class ReshapeKind final : public LayerKindOf<Reshape> {
 public:
  std::string_view word() const override { return "reshape"; }

  Operation read(const json& layer) const override {
    return Reshape{read_shape(layer.at("shape"))};
  }

 protected:
  void write_members(const Reshape& reshape, ordered_json& layer) const override {
    layer["shape"] = write_shape(reshape.shape);
  }

  FeatureShape infer(const Reshape& reshape, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    for (const MapAxis axis : kMapAxes) check_size(extent(reshape.shape, axis), "shape", 1, place);
    const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
    if (checked_product({size(reshape.shape.channels), size(reshape.shape.height),
                         size(reshape.shape.width)}) != size(inputs[0].elements())) {
      place.reject("shape", "found {}, which has not as many values as the input, {}",
                   to_string(reshape.shape), to_string(inputs[0]));
    }
    return reshape.shape;
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Rearrange>() {
  static const RearrangeKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Slice>() {
  static const SliceKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Transpose>() {
  static const TransposeKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<ChannelShuffle>() {
  static const ChannelShuffleKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<DepthToSpace>() {
  static const DepthToSpaceKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<SpaceToDepth>() {
  static const SpaceToDepthKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Reshape>() {
  static const ReshapeKind kKind;
  return kKind;
}

}  // namespace wattgrind
