#include "estimator/network/resize_runs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace wattgrind {
namespace {

struct ResizedAxis {
  int64_t input = 1, output = 1;
  double scale = 0;
};

// Quotients of whole numbers are rounded once, so that what lies half way is known to.
double coordinate(CoordinateMode mode, const ResizedAxis& axis, int64_t o) {
  const auto in = static_cast<double>(axis.input), out = static_cast<double>(axis.output);
  const auto at = static_cast<double>(o);
  const bool has_scale = axis.scale != 0;
  switch (mode) {
    case CoordinateMode::kPytorchHalfPixel:
      if (axis.output == 1) return 0;
      [[fallthrough]];
    case CoordinateMode::kHalfPixel:
      return has_scale ? (at + 0.5) / axis.scale - 0.5 : ((2 * at + 1) * in - out) / (2 * out);
    case CoordinateMode::kAlignCorners:
      if (axis.output == 1) return 0;
      // The corner of a size that is no whole number lies beyond the last output.
      return at * (in - 1) / ((has_scale ? in * axis.scale : out) - 1);
    case CoordinateMode::kAsymmetric:
      return has_scale ? at / axis.scale : at * in / out;
    case CoordinateMode::kTfHalfPixelForNn:
      break;
  }
  return has_scale ? (at + 0.5) / axis.scale : (2 * at + 1) * in / (2 * out);
}

double nearest(NearestMode mode, double x) {
  switch (mode) {
    case NearestMode::kRoundPreferFloor:
      return std::ceil(x - 0.5);
    case NearestMode::kRoundPreferCeil:
      return std::floor(x + 0.5);
    case NearestMode::kFloor:
      return std::floor(x);
    case NearestMode::kCeil:
      break;
  }
  return std::ceil(x);
}

// Output o as a run of its own.
ResizeRun single_run(const Resize& resize, const ResizedAxis& axis, int64_t o) {
  const auto last = static_cast<double>(axis.input - 1);
  const double x = coordinate(resize.coordinates, axis, o);
  ResizeRun run{o};
  if (resize.mode == ResizeMode::kNearest) {
    run.low = run.high = static_cast<int64_t>(std::clamp(nearest(resize.nearest, x), 0.0, last));
  } else {
    const double inside = std::clamp(x, 0.0, last);
    run.low = static_cast<int64_t>(std::floor(inside));
    run.weight = inside - std::floor(inside);
    run.high = run.weight == 0 ? run.low : run.low + 1;
  }
  return run;
}

bool look_alike(const ResizeRun& a, const ResizeRun& b) {
  constexpr double kRounding = 1e-8;
  return a.high - a.low == b.high - b.low && std::abs(a.weight - b.weight) < kRounding;
}

// Whether the output is the run's next, and makes it longer if it is.
bool extend(ResizeRun& run, const ResizeRun& output) {
  if (!look_alike(run, output)) return false;
  const int64_t step = output.low - run.low - (run.count - 1) * run.source_step;
  if (run.count > 1 && step != run.source_step) return false;
  run.source_step = step;
  ++run.count;
  return true;
}

// Outputs that are `period` apart, joined where they go on in the input alike; empty where that
// makes more than `most` runs.
std::vector<ResizeRun> joined_runs(const Resize& resize, const ResizedAxis& axis, int64_t period,
                                   size_t most) {
  std::vector<ResizeRun> runs;
  for (int64_t residue = 0; residue < std::min(period, axis.output); ++residue) {
    for (int64_t o = residue; o < axis.output; o += period) {
      const ResizeRun output = single_run(resize, axis, o);
      if (o != residue && extend(runs.back(), output)) continue;
      if (runs.size() == most) return {};
      runs.push_back(output);
      runs.back().step = period;
    }
  }
  return runs;
}

std::vector<ResizeRun> runs_of(const Resize& resize, const ResizedAxis& axis) {
  const bool aligned = resize.coordinates == CoordinateMode::kAlignCorners && axis.output > 1;
  const int64_t in = aligned ? axis.input - 1 : axis.input;
  const int64_t out = aligned ? axis.output - 1 : axis.output;
  constexpr int64_t kShortPeriods = 16;
  std::vector<ResizeRun> best = joined_runs(resize, axis, out / std::gcd(out, in), kMostResizeRuns);
  for (int64_t period = 1; period <= std::min(kShortPeriods, axis.output); ++period) {
    const size_t most = best.empty() ? kMostResizeRuns : best.size() - 1;
    std::vector<ResizeRun> runs = joined_runs(resize, axis, period, most);
    if (!runs.empty()) best = std::move(runs);
  }
  return best;
}

}  // namespace

std::vector<ResizeRun> resize_rows(const Resize& resize, const FeatureShape& input) {
  return runs_of(resize, {input.height, resize.height, resize.scale_height});
}

std::vector<ResizeRun> resize_columns(const Resize& resize, const FeatureShape& input) {
  return runs_of(resize, {input.width, resize.width, resize.scale_width});
}

}  // namespace wattgrind
