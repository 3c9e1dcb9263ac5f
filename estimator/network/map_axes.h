// The axes of feature maps: by their words in network files, and along shapes.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

inline constexpr std::array<MapAxis, 3> kMapAxes = {MapAxis::kChannels, MapAxis::kHeight,
                                                    MapAxis::kWidth};

// "channels", "height" or "width".
std::string_view name(MapAxis axis);
// "channels, width"
std::string to_string(const MapAxes& axes);

int64_t extent(const FeatureShape& shape, MapAxis axis);
int64_t& extent(FeatureShape& shape, MapAxis axis);
bool contains(const MapAxes& axes, MapAxis axis);

// Axes as files write them: a word, or an array of words. They have been checked by the schema.
MapAxis read_axis(const nlohmann::json& word);
MapAxes read_axes(const nlohmann::json& words);
nlohmann::ordered_json write_axes(const MapAxes& axes);

// The sizes of a map as files write them: [channels, height, width].
FeatureShape read_shape(const nlohmann::json& sizes);
nlohmann::ordered_json write_shape(const FeatureShape& shape);

}  // namespace wattgrind
