// A figure and where it comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wattgrind {

// How a figure was come by.
enum class Basis {
  kMeasured,   // on this very part, by whom the source names
  kPublished,  // by the part's maker, or of this technology
  kFamily,     // measured or published of another part of the same design or family
  kScaled,     // computed from published figures of other sizes or processes, or by a model
  kBounded,    // the most or the least that published figures leave room for
  kAssumed,    // borrowed from something else, because there is no figure of it
  kFitted      // to readings, by calibration
};

// A number or a geometry, and where it comes from: a page, a paper, a measurement.
template <typename T>
struct Sourced {
  T value{};
  std::string source;
  std::optional<Basis> basis = std::nullopt;  // absent: the profile does not tell
};

// A figure that a part of a profile may hold: its key there, its unit and words for people, how
// many units one of the profile's is (a clock is told in GHz, and held in Hz), and the member.
template <typename Part>
struct Figure {
  std::string_view key;
  std::string_view words;
  std::string_view unit;
  double unit_value = 1;
  std::optional<Sourced<double>> Part::*member;
};

}  // namespace wattgrind
