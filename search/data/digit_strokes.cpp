#include "search/data/digit_strokes.h"

#include <algorithm>
#include <array>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Styles = std::vector<DigitStyle>;
constexpr StrokeKind kStraight = StrokeKind::kStraight;
constexpr StrokeKind kCurve = StrokeKind::kCurve;
constexpr StrokeKind kLoop = StrokeKind::kLoop;

Styles zero() {
  return {{0.72,
           {{kLoop,
             {{0.5, 0.0},
              {0.15, 0.18},
              {0.03, 0.5},
              {0.15, 0.84},
              {0.5, 1.0},
              {0.85, 0.84},
              {0.97, 0.5},
              {0.85, 0.18}}}}},
          {0.55,  // the pen overshoots where the oval closes
           {{kCurve,
             {{0.75, 0.08},
              {0.4, 0.0},
              {0.08, 0.3},
              {0.08, 0.72},
              {0.45, 1.0},
              {0.85, 0.78},
              {0.95, 0.35},
              {0.65, 0.03},
              {0.4, 0.1}}}}}};
}

Styles one() {
  const Stroke flag = {kStraight, {{0.15, 0.25}, {0.55, 0.0}, {0.55, 1.0}}};
  return {{0.4, {{kStraight, {{0.5, 0.0}, {0.5, 1.0}}}}},
          {0.5, {flag}},
          {0.55, {flag, {kStraight, {{0.2, 1.0}, {0.9, 1.0}}}}}};
}

Styles two() {
  return {
      {0.68,  // a straight base
       {{kCurve, {{0.1, 0.27}, {0.3, 0.03}, {0.68, 0.0}, {0.9, 0.24}, {0.72, 0.52}, {0.08, 1.0}}},
        {kStraight, {{0.08, 1.0}, {0.96, 0.98}}}}},
      {0.72,  // a loop at the base
       {{kCurve,
         {{0.12, 0.2},
          {0.42, 0.0},
          {0.82, 0.13},
          {0.8, 0.42},
          {0.45, 0.8},
          {0.14, 0.98},
          {0.1, 0.84},
          {0.32, 0.8},
          {0.62, 0.96},
          {0.96, 0.9}}}}}};
}

Styles three() {
  return {{0.65,
           {{kCurve, {{0.1, 0.13}, {0.45, 0.0}, {0.85, 0.16}, {0.75, 0.4}, {0.38, 0.48}}},
            {kCurve, {{0.38, 0.48}, {0.83, 0.56}, {0.94, 0.78}, {0.58, 1.0}, {0.08, 0.9}}}}},
          {0.65,  // a flat top
           {{kStraight, {{0.1, 0.02}, {0.86, 0.02}, {0.42, 0.42}}},
            {kCurve, {{0.42, 0.42}, {0.83, 0.52}, {0.9, 0.8}, {0.5, 1.0}, {0.07, 0.88}}}}}};
}

Styles four() {
  return {{0.7,  // open
           {{kStraight, {{0.26, 0.0}, {0.08, 0.6}, {0.96, 0.58}}},
            {kStraight, {{0.74, 0.12}, {0.68, 1.0}}}}},
          {0.7,  // closed
           {{kStraight, {{0.7, 1.0}, {0.72, 0.0}, {0.04, 0.66}, {0.97, 0.66}}}}}};
}

Styles five() {
  return {{0.65,
           {{kStraight, {{0.87, 0.0}, {0.22, 0.02}, {0.15, 0.43}}},
            {kCurve,
             {{0.15, 0.43}, {0.52, 0.36}, {0.9, 0.6}, {0.74, 0.92}, {0.36, 1.0}, {0.07, 0.87}}}}},
          {0.65,  // one stroke
           {{kCurve,
             {{0.88, 0.05},
              {0.45, 0.02},
              {0.18, 0.2},
              {0.3, 0.41},
              {0.7, 0.5},
              {0.88, 0.75},
              {0.55, 1.0},
              {0.1, 0.92}}}}}};
}

Styles six() {
  return {{0.65,
           {{kCurve,
             {{0.76, 0.03},
              {0.36, 0.2},
              {0.1, 0.6},
              {0.2, 0.92},
              {0.55, 1.0},
              {0.88, 0.8},
              {0.74, 0.53},
              {0.4, 0.5},
              {0.12, 0.72}}}}},
          {0.6,  // an upright stem and a small bowl
           {{kCurve,
             {{0.45, 0.0},
              {0.2, 0.35},
              {0.1, 0.76},
              {0.42, 1.0},
              {0.8, 0.9},
              {0.76, 0.66},
              {0.45, 0.6},
              {0.14, 0.8}}}}}};
}

Styles seven() {
  const Stroke sharp = {kStraight, {{0.05, 0.03}, {0.93, 0.02}, {0.4, 1.0}}};
  return {{0.65, {sharp}},
          {0.65, {sharp, {kStraight, {{0.3, 0.52}, {0.86, 0.48}}}}},
          {0.65,  // a bent stem
           {{kCurve, {{0.05, 0.14}, {0.35, 0.03}, {0.92, 0.04}}},
            {kCurve, {{0.92, 0.04}, {0.58, 0.45}, {0.45, 1.0}}}}}};
}

Styles eight() {
  return {{0.65,  // the pen crosses itself
           {{kLoop,
             {{0.82, 0.16},
              {0.5, 0.0},
              {0.2, 0.18},
              {0.5, 0.47},
              {0.88, 0.76},
              {0.5, 1.0},
              {0.12, 0.76},
              {0.5, 0.47}}}}},
          {0.6,  // two ovals
           {{kLoop, {{0.5, 0.0}, {0.18, 0.1}, {0.2, 0.36}, {0.5, 0.46}, {0.8, 0.36}, {0.82, 0.1}}},
            {kLoop, {{0.5, 0.46}, {0.1, 0.6}, {0.12, 0.9}, {0.5, 1.0}, {0.88, 0.9}, {0.9, 0.6}}}}}};
}

Styles nine() {
  return {
      {0.65,  // a straight stem
       {{kLoop, {{0.85, 0.26}, {0.62, 0.02}, {0.25, 0.06}, {0.1, 0.3}, {0.32, 0.54}, {0.7, 0.48}}},
        {kStraight, {{0.87, 0.1}, {0.8, 1.0}}}}},
      {0.65,  // a bent stem
       {{kCurve,
         {{0.85, 0.25},
          {0.55, 0.0},
          {0.14, 0.15},
          {0.2, 0.45},
          {0.6, 0.5},
          {0.86, 0.25},
          {0.86, 0.65},
          {0.6, 0.95},
          {0.2, 0.98}}}}}};
}

// Catmull and Rom's cubic between b and c, at t in 0..1, with uniform knots; one coordinate.
double spline(double a, double b, double c, double d, double t) {
  const double cubic = 3 * b - a - 3 * c + d, square = 2 * a - 5 * b + 4 * c - d;
  return 0.5 * (2 * b + t * ((c - a) + t * (square + t * cubic)));
}

}  // namespace

std::span<const DigitStyle> digit_styles(int digit) {
  static const std::array<Styles, 10> kStyles = {zero(), one(), two(),   three(), four(),
                                                 five(), six(), seven(), eight(), nine()};
  CHECK(digit >= 0 && digit < 10, "digit {}", digit);
  return kStyles[static_cast<size_t>(digit)];
}

std::vector<StrokePoint> flatten(const Stroke& stroke, int steps) {
  if (stroke.kind == StrokeKind::kStraight) return stroke.points;
  const auto count = static_cast<int>(stroke.points.size());
  const bool loop = stroke.kind == StrokeKind::kLoop;
  // Beyond its ends, an open curve goes on as if its first and last points came twice.
  const auto at = [&](int i) {
    const int index = loop ? (i + count) % count : std::clamp(i, 0, count - 1);
    return stroke.points[static_cast<size_t>(index)];
  };
  std::vector<StrokePoint> chain = {at(0)};
  for (int part = 0; part < (loop ? count : count - 1); ++part) {
    const StrokePoint a = at(part - 1), b = at(part), c = at(part + 1), d = at(part + 2);
    for (int step = 1; step <= steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      chain.push_back({spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)});
    }
  }
  return chain;
}

}  // namespace wattgrind
