#include "estimator/network/map_axes.h"

#include <nlohmann/json.hpp>

#include "estimator/base/error.h"

namespace wattgrind {

std::string_view name(MapAxis axis) {
  constexpr std::array<std::string_view, 3> kNames = {"channels", "height", "width"};
  return kNames[static_cast<size_t>(axis)];
}

std::string to_string(const MapAxes& axes) {
  std::string text;
  for (const MapAxis axis : kMapAxes) {
    if (!contains(axes, axis)) continue;
    if (!text.empty()) text += ", ";
    text += name(axis);
  }
  return text;
}

int64_t& extent(FeatureShape& shape, MapAxis axis) {
  switch (axis) {
    case MapAxis::kChannels:
      return shape.channels;
    case MapAxis::kHeight:
      return shape.height;
    case MapAxis::kWidth:
      break;
  }
  return shape.width;
}

int64_t extent(const FeatureShape& shape, MapAxis axis) {
  FeatureShape copy = shape;
  return extent(copy, axis);
}

bool contains(const MapAxes& axes, MapAxis axis) {
  return axis == MapAxis::kChannels ? axes.channels
         : axis == MapAxis::kHeight ? axes.height
                                    : axes.width;
}

MapAxis read_axis(const nlohmann::json& word) {
  for (const MapAxis axis : kMapAxes) {
    if (word == name(axis)) return axis;
  }
  CHECK(false, "axis {}: in the schema, not in the program", word.dump());
}

MapAxes read_axes(const nlohmann::json& words) {
  MapAxes axes;
  for (const nlohmann::json& word : words) {
    const MapAxis axis = read_axis(word);
    axes.channels |= axis == MapAxis::kChannels;
    axes.height |= axis == MapAxis::kHeight;
    axes.width |= axis == MapAxis::kWidth;
  }
  return axes;
}

nlohmann::ordered_json write_axes(const MapAxes& axes) {
  nlohmann::ordered_json words = nlohmann::ordered_json::array();
  for (const MapAxis axis : kMapAxes) {
    if (contains(axes, axis)) words.push_back(name(axis));
  }
  return words;
}

FeatureShape read_shape(const nlohmann::json& sizes) {
  return {sizes.at(0).get<int64_t>(), sizes.at(1).get<int64_t>(), sizes.at(2).get<int64_t>()};
}

nlohmann::ordered_json write_shape(const FeatureShape& shape) {
  return {shape.channels, shape.height, shape.width};
}

}  // namespace wattgrind
