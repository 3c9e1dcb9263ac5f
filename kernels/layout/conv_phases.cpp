#include "kernels/layout/conv_phases.h"

#include <algorithm>
#include <numeric>

namespace wattgrind {
namespace {

// One dimension of a window.
struct WindowAxis {
  int64_t stride, kernel, dilation, pad;
};

std::vector<StridePhase> phases(int64_t inputs, const WindowAxis& axis) {
  const int64_t shared = std::gcd(axis.stride, axis.dilation);
  const int64_t tap_step = axis.stride / shared;
  std::vector<StridePhase> result;
  for (int64_t tap = 0; tap < std::min(tap_step, axis.kernel); ++tap) {
    StridePhase phase;
    const int64_t place = tap * axis.dilation - axis.pad;
    phase.first_input = (place % axis.stride + axis.stride) % axis.stride;
    if (phase.first_input >= inputs) continue;
    phase.inputs = (inputs - phase.first_input + axis.stride - 1) / axis.stride;
    phase.first_tap = tap;
    phase.tap_step = tap_step;
    phase.taps = (axis.kernel - tap + tap_step - 1) / tap_step;
    phase.dilation = axis.dilation / shared;
    phase.first_output =
        (phase.first_input - place) / axis.stride - (phase.taps - 1) * phase.dilation;
    result.push_back(phase);
  }
  return result;
}

// How far reading goes beyond the outputs, before and behind.
std::pair<int64_t, int64_t> reach(const std::vector<StridePhase>& phases, int64_t outputs) {
  int64_t before = 0, behind = 0;
  for (const StridePhase& phase : phases) {
    before = std::max(before, -phase.first_output);
    behind = std::max(
        behind, phase.first_output + phase.inputs + (phase.taps - 1) * phase.dilation - outputs);
  }
  return {before, behind};
}

}  // namespace

std::vector<StridePhase> row_phases(const Window2d& window, const FeatureShape& input) {
  return phases(input.height, {window.stride_height, window.kernel_height, window.dilation_height,
                               window.pad_top});
}

std::vector<StridePhase> column_phases(const Window2d& window, const FeatureShape& input) {
  return phases(input.width,
                {window.stride_width, window.kernel_width, window.dilation_width, window.pad_left});
}

std::vector<TapPhase> tap_phases(const Window2d& w) {
  const int64_t row_step = w.stride_height / std::gcd(w.stride_height, w.dilation_height);
  const int64_t column_step = w.stride_width / std::gcd(w.stride_width, w.dilation_width);
  const auto every = [](int64_t kernel, int64_t first, int64_t step) {
    return (kernel - first + step - 1) / step;
  };
  std::vector<TapPhase> result;
  int64_t taps = 0;
  for (int64_t row = 0; row < std::min(row_step, w.kernel_height); ++row) {
    for (int64_t column = 0; column < std::min(column_step, w.kernel_width); ++column) {
      const TapPhase phase{row,
                           column,
                           row_step,
                           column_step,
                           every(w.kernel_height, row, row_step),
                           every(w.kernel_width, column, column_step),
                           taps};
      taps += phase.rows * phase.columns;
      result.push_back(phase);
    }
  }
  return result;
}

Halo phases_halo(const Window2d& window, const FeatureShape& input, const FeatureShape& output) {
  const auto [top, bottom] = reach(row_phases(window, input), output.height);
  const auto [left, right] = reach(column_phases(window, input), output.width);
  return {top, left, bottom, right};
}

Halo window_halo(const Window2d& window, const FeatureShape& input, const FeatureShape& output) {
  const auto beyond = [](int64_t outputs, int64_t stride, int64_t span, int64_t pad,
                         int64_t extent) {
    return std::max<int64_t>(0, (outputs - 1) * stride + span - pad - extent);
  };
  return {
      window.pad_top, window.pad_left,
      beyond(output.height, window.stride_height, window.span_height(), window.pad_top,
             input.height),
      beyond(output.width, window.stride_width, window.span_width(), window.pad_left, input.width)};
}

}  // namespace wattgrind
