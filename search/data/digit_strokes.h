// How the ten digits are written: strokes of a pen, in several styles a digit.
#pragma once

#include <span>
#include <vector>

namespace wattgrind {

struct StrokePoint {
  double x = 0, y = 0;  // in the digit's box: 0..1 from left to right and from top to bottom
};

enum class StrokeKind {
  kStraight,  // straight from point to point
  kCurve,     // a Catmull-Rom spline through the points
  kLoop       // the same, closed: the last point is followed by the first
};

struct Stroke {
  StrokeKind kind = StrokeKind::kCurve;
  std::vector<StrokePoint> points;  // at least two; a loop at least three
};

struct DigitStyle {
  double aspect = 0.65;  // width of the box by its height
  std::vector<Stroke> strokes;
};

// The styles of a digit, 0..9.
std::span<const DigitStyle> digit_styles(int digit);

// The stroke as a chain of short straight lines, `steps` to each of its curved parts.
std::vector<StrokePoint> flatten(const Stroke& stroke, int steps);

}  // namespace wattgrind
