#include "kernels/parts/pad_boxes.h"

namespace wattgrind {
namespace {

// A piece of one axis of the output.
struct Piece {
  int64_t first = 0, count = 0;
  int64_t source = 0, step = 0;
};

// The middle first.
std::vector<Piece> pieces_of(PadMode mode, int64_t begin, int64_t extent, int64_t end) {
  const bool reflects = mode == PadMode::kReflect;
  std::vector<Piece> pieces = {{begin, extent, 0, 1}};
  if (begin > 0) pieces.push_back({0, begin, reflects ? begin : 0, reflects ? -1 : 0});
  if (end > 0) {
    pieces.push_back({begin + extent, end, reflects ? extent - 2 : extent - 1, reflects ? -1 : 0});
  }
  return pieces;
}

std::vector<PadBox> mirrored_boxes(const Pad& pad, const FeatureShape& input) {
  std::vector<PadBox> boxes;
  for (const Piece& row : pieces_of(pad.mode, pad.begin[1], input.height, pad.end[1])) {
    for (const Piece& column : pieces_of(pad.mode, pad.begin[2], input.width, pad.end[2])) {
      for (const Piece& channel : pieces_of(pad.mode, pad.begin[0], input.channels, pad.end[0])) {
        boxes.push_back({{channel.count, row.count, column.count},
                         {channel.first, row.first, column.first},
                         {channel.source, row.source, column.source},
                         {channel.step, row.step, column.step},
                         false});
      }
    }
  }
  return boxes;
}

std::vector<PadBox> constant_boxes(const Pad& pad, const FeatureShape& input) {
  std::vector<PadBox> boxes;
  const auto& [channel, row, column] = pad.begin;
  const int64_t channels = channel + input.channels + pad.end[0];
  const int64_t columns = column + input.width + pad.end[2];
  const auto add = [&](const FeatureShape& shape, const std::array<int64_t, 3>& first) {
    if (shape.elements() > 0) boxes.push_back({shape, first, {}, {}, true});
  };
  add({channels, row, columns}, {0, 0, 0});
  add({channels, input.height, column}, {0, row, 0});
  add({channel, input.height, input.width}, {0, row, column});
  boxes.push_back({input, pad.begin, {0, 0, 0}, {1, 1, 1}, false});
  add({pad.end[0], input.height, input.width}, {channel + input.channels, row, column});
  add({channels, input.height, pad.end[2]}, {0, row, column + input.width});
  add({channels, pad.end[1], columns}, {0, row + input.height, 0});
  return boxes;
}

}  // namespace

std::vector<PadBox> pad_boxes(const Pad& pad, const FeatureShape& input) {
  return pad.mode == PadMode::kConstant ? constant_boxes(pad, input) : mirrored_boxes(pad, input);
}

int64_t place_bytes(const std::array<int64_t, 3>& place, const MapLayout& layout) {
  return layout.pixel_bytes(place[1], place[2]) + place[0] * kFloatBytes;
}

std::vector<CopyDimension> box_dimensions(const PadBox& box, const MapLayout& from,
                                          const MapLayout& to) {
  return {{"row", box.shape.height, box.step[1] * from.row_bytes(), to.row_bytes()},
          {"column", box.shape.width, box.step[2] * from.channel_bytes(), to.channel_bytes()},
          {"channel", box.shape.channels, box.step[0] * kFloatBytes, kFloatBytes}};
}

}  // namespace wattgrind
