// ncnn's layers that only move values.
#include <algorithm>

#include "estimator/formats/json_text.h"
#include "estimator/imports/ncnn_step.h"

namespace wattgrind {
namespace {

constexpr int64_t kRest = -233;  // in place of a size

std::vector<NcnnBlob> read_flatten(NcnnStep& step) {
  return {vector_blob(step.flat(step.map(0), ""))};
}

// The same blob again, as often as it is read.
std::vector<NcnnBlob> read_split(NcnnStep& step) {
  return std::vector<NcnnBlob>(step.layer.outputs.size(), step.inputs[0]);
}

// The blobs that are read, unchanged.
std::vector<NcnnBlob> read_nothing(NcnnStep& step) { return step.inputs; }

// A size of a reshaped blob: 0 keeps the input's, -1 takes what remains.
std::vector<NcnnBlob> read_reshape(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  std::vector<int64_t> sizes;  // width first
  const std::array<int64_t, 3> old_sizes = {blob.w, blob.h, blob.c};
  for (int id = 0; id < 3; ++id) {
    const int64_t size = step.layer.integer(id, kRest);
    if (size == kRest) break;
    sizes.push_back(size == 0 ? old_sizes[static_cast<size_t>(id)] : size);
  }
  __int128 known = 1;  // three of 32 bits
  for (const int64_t size : sizes) {
    if (size != -1) known *= size;
  }
  const auto open = std::ranges::count(sizes, -1);
  if (sizes.empty() || open > 1 || known < 1 || blob.elements() % known != 0 ||
      (open == 0 && known != blob.elements())) {
    step.graph.reject("found the sizes {} for an input of {}", fmt::join(sizes, "x"),
                      to_string(blob));
  }
  std::ranges::replace(sizes, int64_t{-1}, static_cast<int64_t>(blob.elements() / known));
  if (sizes.size() == 1) return {vector_blob(step.flat(blob, ""))};
  if (sizes.size() == 3) {
    return {planes_blob(step.reshaped(blob, {sizes[2], sizes[1], sizes[0]}, ""))};
  }
  if (blob.dims == 2 && blob.h == sizes[1]) return {blob};
  // The rows of a map are its channels already, where there are as many.
  if (blob.dims == 3 && blob.c == sizes[1]) return {rows_blob(blob.map)};
  return {rows_blob(step.reshaped(blob, {sizes[1], 1, sizes[0]}, ""))};
}

std::string unsupported_reshape(const NcnnLayer& layer) {
  if (layer.integer(11, kRest) != kRest) return "to 4 dimensions";
  return layer.integer(3, 0) != 0 ? "that permutes" : "";
}

std::vector<NcnnBlob> read_permute(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  const int64_t order = step.layer.integer(0, 0);
  if (blob.dims == 1 || order == 0) return {blob};
  if (blob.dims == 2) {
    // What were rows are columns: the same map, seen the other way round.
    if (order != 1) step.graph.reject("0={}: wanted 0 or 1 for 2 dimensions", order);
    if (!blob.rows_are_channels) return {rows_blob(blob.map)};
    return {tokens_blob(blob.map.shape.height == 1
                            ? blob.map
                            : step.add(Reshape{{blob.h, 1, blob.w}}, {blob.map}))};
  }
  constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;
  // ncnn names the new width, height and channels; a transpose channels, height and width.
  constexpr std::array<std::array<MapAxis, 3>, 6> kOrders = {{
      {kC, kH, kW},  // 0: WHC
      {kC, kW, kH},  // 1: HWC
      {kH, kC, kW},  // 2: WCH
      {kH, kW, kC},  // 3: CWH
      {kW, kC, kH},  // 4: HCW
      {kW, kH, kC},  // 5: CHW
  }};
  return {planes_blob(step.add(Transpose{kOrders[static_cast<size_t>(order)]}, {blob.map}))};
}

std::string unsupported_permute(const NcnnLayer& layer) {
  const int64_t order = layer.integer(0, 0);
  return order < 0 || order > 5 ? fmt::format("in the order {}", order) : "";
}

// The axis of the map that an axis of the blob is; blobs of two dimensions are taken as tokens.
MapAxis map_axis(const NcnnBlob& blob, int axis) {
  if (blob.dims == 1) return MapAxis::kChannels;
  if (blob.dims == 2) return axis == 0 ? MapAxis::kWidth : MapAxis::kChannels;
  return axis == 0 ? MapAxis::kChannels : axis == 1 ? MapAxis::kHeight : MapAxis::kWidth;
}

int64_t extent_of(const NcnnBlob& blob, int axis) {
  const std::array<int64_t, 3> sizes = {blob.c, blob.h, blob.w};
  return sizes[static_cast<size_t>(axis + 3 - blob.dims)];
}

NcnnBlob with_tokens(NcnnStep& step, const NcnnBlob& blob) {
  return blob.dims == 2 ? step.as_tokens(blob) : blob;
}

// Parts of the blob along an axis, begin to end.
NcnnBlob cut(NcnnStep& step, const NcnnBlob& blob, int axis, int64_t begin, int64_t end,
             std::string_view part) {
  const int64_t extent = extent_of(blob, axis);
  if (begin < 0 || end <= begin || end > extent) {
    step.graph.reject("found {} to {} of {} values", begin, end, extent);
  }
  if (begin == 0 && end == extent) return blob;
  const Slice slice{map_axis(blob, axis), begin, end - begin, 1};
  return blob_like(blob, step.add(slice, {blob.map}, part));
}

std::vector<NcnnBlob> read_slice(NcnnStep& step) {
  const NcnnBlob blob = with_tokens(step, step.map(0));
  const int axis = step.axis(step.layer.integer(1, 0), blob.dims);
  const std::vector<int64_t> sizes = step.layer.integers(0).value_or(std::vector<int64_t>());
  if (sizes.size() != step.layer.outputs.size()) {
    step.graph.reject("found {} sizes for {} outputs", sizes.size(), step.layer.outputs.size());
  }
  std::vector<NcnnBlob> parts;
  int64_t begin = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    // What is left is shared out among the parts from here on.
    const int64_t size =
        sizes[i] == kRest ? (extent_of(blob, axis) - begin) / static_cast<int64_t>(sizes.size() - i)
                          : sizes[i];
    parts.push_back(cut(step, blob, axis, begin, begin + size, fmt::format("{}", i)));
    begin += size;
  }
  return parts;
}

std::string unsupported_slice(const NcnnLayer& layer) {
  return layer.arrays.contains(2) ? "with indices" : "";
}

// Starts, ends and axes as numpy has them; ends beyond the axis are the axis's.
NcnnBlob crop_range(NcnnStep& step, NcnnBlob blob) {
  const NcnnLayer& layer = step.layer;
  const std::vector<int64_t> starts = *layer.integers(9);
  const std::vector<int64_t> ends = layer.integers(10).value_or(std::vector<int64_t>());
  std::vector<int64_t> axes = layer.integers(11).value_or(std::vector<int64_t>());
  for (size_t i = 0; axes.empty() && i < starts.size(); ++i) {
    axes.push_back(static_cast<int64_t>(i));
  }
  if (ends.size() != starts.size() || axes.size() != starts.size()) {
    step.graph.reject("found {} starts, {} ends and {} axes", starts.size(), ends.size(),
                      axes.size());
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const int axis = step.axis(axes[i], blob.dims);
    const int64_t extent = extent_of(blob, axis);
    const auto place = [&](int64_t at) {
      return at == kRest ? extent : std::min(at < 0 ? at + extent : at, extent);
    };
    blob = cut(step, blob, axis, place(starts[i]), place(ends[i]),
               i + 1 == starts.size() ? "" : fmt::format("{}", i));
  }
  return blob;
}

std::vector<NcnnBlob> read_crop(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  NcnnBlob blob = with_tokens(step, step.map(0));
  if (layer.arrays.contains(9)) return {crop_range(step, blob)};
  // By width, height and channels: where to begin, how many to take, how many to leave at the end.
  for (int inner = 0; inner < blob.dims; ++inner) {
    const int axis = blob.dims - 1 - inner;
    const int64_t begin = layer.integer(inner, 0);
    const int64_t size = layer.integer(inner + 3, 0), left = layer.integer(inner + 6, 0);
    const int64_t rest = extent_of(blob, axis) - begin - left;
    if (size == 0 && left == 0) step.graph.reject("{}=0: wanted a size", inner + 3);
    const int64_t taken = size == kRest || size == 0 ? rest : std::min(size, rest);
    blob = cut(step, blob, axis, begin, begin + taken,
               inner + 1 == blob.dims ? "" : fmt::format("{}", inner));
  }
  return {blob};
}

// A constant as a map, which no layer writes: a part of another map, times zero, plus the constant.
ImportedMap constant_map(NcnnStep& step, size_t input, const NcnnBlob& other, MapAxis axis) {
  const std::string& name = step.layer.inputs[input];
  const NcnnBlob& constant = step.inputs[input];
  const FeatureShape shape = constant.dims == 1 ? FeatureShape{constant.w, 1, 1}
                             : constant.dims == 2
                                 ? FeatureShape{constant.w, 1, constant.h}
                                 : FeatureShape{constant.c, constant.h, constant.w};
  const ImportedMap place = step.graph.add(name + ".place", Slice{axis, 0, 1, 1}, {other.map});
  const ImportedMap zero =
      step.graph.add(name + ".zero", by_number(BinaryFunction::kMultiply, 0), {place});
  return step.graph.add(name, by_constant(BinaryFunction::kAdd, shape), {zero});
}

std::vector<NcnnBlob> read_concat(NcnnStep& step) {
  std::vector<NcnnBlob> blobs;
  const NcnnBlob* some_map = nullptr;
  for (const NcnnBlob& input : step.inputs) {
    blobs.push_back(input.values == NcnnBlob::Values::kMap ? with_tokens(step, input) : input);
  }
  for (const NcnnBlob& blob : blobs) {
    if (blob.dims != blobs[0].dims) {
      step.graph.reject("found inputs of {} and {}", to_string(blobs[0]), to_string(blob));
    }
    if (blob.values == NcnnBlob::Values::kMap) some_map = &blob;
  }
  if (some_map == nullptr) step.graph.reject("its inputs are constants alone");
  const MapAxis axis = map_axis(blobs[0], step.axis(step.layer.integer(0, 0), blobs[0].dims));
  std::vector<ImportedMap> maps;
  for (size_t i = 0; i < blobs.size(); ++i) {
    maps.push_back(blobs[i].values == NcnnBlob::Values::kMap
                       ? blobs[i].map
                       : constant_map(step, i, *some_map, axis));
  }
  return {blob_like(*some_map, maps.size() == 1 ? maps[0] : step.add(Concat{axis}, maps))};
}

std::vector<NcnnBlob> read_shuffle(NcnnStep& step) {
  const NcnnBlob& blob = step.planes();
  int64_t groups = step.layer.integer(0, 1);
  if (groups < 1 || blob.c % groups != 0) {
    step.graph.reject("0={}: wanted a divisor of the {} channels", groups, blob.c);
  }
  if (step.layer.integer(1, 0) != 0) groups = blob.c / groups;
  return {planes_blob(step.add(ChannelShuffle{groups}, {blob.map}))};
}

std::vector<NcnnBlob> read_pixel_shuffle(NcnnStep& step) {
  const NcnnBlob& blob = step.planes();
  const DepthToSpace layer{step.layer.integer(0, 1), step.layer.integer(1, 0) == 0};
  return {planes_blob(step.add(layer, {blob.map}))};
}

std::vector<NcnnBlob> read_reorg(NcnnStep& step) {
  const NcnnBlob& blob = step.planes();
  const int64_t block = step.layer.integer(0, 1);
  if (step.layer.integer(1, 0) != 0) {
    return {planes_blob(step.add(SpaceToDepth{block}, {blob.map}))};
  }
  if (block < 1 || blob.h % block != 0 || blob.w % block != 0) {
    step.graph.reject("0={}: wanted a divisor of {} and {}", block, blob.h, blob.w);
  }
  Rearrange rearrange;
  rearrange.channels = {
      {blob.c, MapAxis::kChannels, 1}, {block, MapAxis::kHeight, 1}, {block, MapAxis::kWidth, 1}};
  rearrange.height = {{blob.h / block, MapAxis::kHeight, block}};
  rearrange.width = {{blob.w / block, MapAxis::kWidth, block}};
  return {planes_blob(step.add(rearrange, {blob.map}))};
}

}  // namespace

NcnnReaders ncnn_moving_readers() {
  constexpr size_t kMany = 1 << 16;
  return {{"Flatten", {read_flatten}},
          {"Split", {read_split}},
          {"Noop", {read_nothing, 0, kMany}},
          {"Cast", {read_split}},
          {"Packing", {read_split}},
          {"Quantize", {read_split}},
          {"Dequantize", {read_split}},
          {"Reshape", {read_reshape, 1, 1, unsupported_reshape}},
          {"Permute", {read_permute, 1, 1, unsupported_permute}},
          {"Slice", {read_slice, 1, 1, unsupported_slice}},
          {"Crop", {read_crop}},
          {"Concat", {read_concat, 1, kMany}},
          {"ShuffleChannel", {read_shuffle}},
          {"PixelShuffle", {read_pixel_shuffle}},
          {"Reorg", {read_reorg}}};
}

}  // namespace wattgrind
