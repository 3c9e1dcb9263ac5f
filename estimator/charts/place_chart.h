// Buffers in memory over time: each is a rectangle as wide as it lives and as high as it is large,
// at the address where it lies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "estimator/charts/svg_parts.h"

namespace wattgrind {

struct TimedPlace {
  std::string name;
  uint64_t first = 0, last = 0;  // the steps that use it, both included
  uint64_t offset = 0, bytes = 0;
};

struct PlaceChart {
  std::string title;
  std::string time_name;           // of the horizontal axis: what a step is
  std::vector<TimedPlace> places;  // at least one
};

// The bytes that are alive in each step, up to the last that a place names.
std::vector<uint64_t> bytes_alive(const std::vector<TimedPlace>& places);

// Draws 720 by 420 pixels, with a line of the bytes that are alive.
std::string to_svg(const PlaceChart& chart, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
