#include "estimator/network/resize_runs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wattgrind {
namespace {

struct Axis {
  int64_t input = 1, output = 1;
  double scale = 0;
};

// Quotients of whole numbers are rounded once, so that what lies half way is known to.
double coordinate(CoordinateMode mode, const Axis& axis, int64_t o) {
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
      return axis.output == 1 ? 0 : at * (in - 1) / (out - 1);
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

// A run of one output for each.
std::vector<ResizeRun> single_runs(const Resize& resize, const Axis& axis) {
  std::vector<ResizeRun> runs;
  const auto last = static_cast<double>(axis.input - 1);
  for (int64_t o = 0; o < axis.output; ++o) {
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
    runs.push_back(run);
  }
  return runs;
}

bool look_alike(const ResizeRun& a, const ResizeRun& b) {
  constexpr double kRounding = 1e-8;
  return a.high - a.low == b.high - b.low && std::abs(a.weight - b.weight) < kRounding;
}

std::vector<ResizeRun> joined_runs(const std::vector<ResizeRun>& outputs, int64_t period) {
  std::vector<ResizeRun> runs;
  const auto size = static_cast<int64_t>(outputs.size());
  for (int64_t residue = 0; residue < std::min(period, size); ++residue) {
    for (int64_t o = residue; o < size; o += period) {
      const ResizeRun& output = outputs[static_cast<size_t>(o)];
      if (o != residue && look_alike(runs.back(), output)) {
        ResizeRun& run = runs.back();
        const int64_t step = output.low - run.low - (run.count - 1) * run.source_step;
        if (run.count == 1 || step == run.source_step) {
          run.source_step = step;
          ++run.count;
          continue;
        }
      }
      runs.push_back(output);
      runs.back().step = period;
    }
  }
  return runs;
}

std::vector<ResizeRun> runs_of(const Resize& resize, const Axis& axis) {
  const std::vector<ResizeRun> outputs = single_runs(resize, axis);
  const bool aligned = resize.coordinates == CoordinateMode::kAlignCorners && axis.output > 1;
  const int64_t in = aligned ? axis.input - 1 : axis.input;
  const int64_t out = aligned ? axis.output - 1 : axis.output;
  constexpr int64_t kShortPeriods = 16;
  std::vector<ResizeRun> best = joined_runs(outputs, out / std::gcd(out, in));
  for (int64_t period = 1; period <= std::min(kShortPeriods, axis.output); ++period) {
    std::vector<ResizeRun> runs = joined_runs(outputs, period);
    if (runs.size() < best.size()) best = std::move(runs);
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
