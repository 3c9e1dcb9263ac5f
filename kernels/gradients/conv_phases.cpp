#include "kernels/gradients/conv_phases.h"

#include <algorithm>

#include "kernels/gradients/backward.h"

namespace wattgrind {
namespace {

std::vector<StridePhase> phases(int64_t inputs, int64_t stride, int64_t kernel, int64_t pad) {
  std::vector<StridePhase> result;
  for (int64_t tap = 0; tap < std::min(stride, kernel); ++tap) {
    StridePhase phase;
    phase.first_input = ((tap - pad) % stride + stride) % stride;
    if (phase.first_input >= inputs) continue;
    phase.inputs = (inputs - phase.first_input + stride - 1) / stride;
    phase.first_tap = tap;
    phase.taps = (kernel - tap + stride - 1) / stride;
    phase.first_output = (phase.first_input + pad - tap) / stride - (phase.taps - 1);
    result.push_back(phase);
  }
  return result;
}

// How far reading goes beyond the outputs, before and behind.
std::pair<int64_t, int64_t> reach(const std::vector<StridePhase>& phases, int64_t outputs) {
  int64_t before = 0, behind = 0;
  for (const StridePhase& phase : phases) {
    before = std::max(before, -phase.first_output);
    behind = std::max(behind, phase.first_output + phase.inputs - 1 + phase.taps - outputs);
  }
  return {before, behind};
}

}  // namespace

std::vector<StridePhase> row_phases(const Window2d& window, const FeatureShape& input) {
  return phases(input.height, window.stride_height, window.kernel_height, window.pad_top);
}

std::vector<StridePhase> column_phases(const Window2d& window, const FeatureShape& input) {
  return phases(input.width, window.stride_width, window.kernel_width, window.pad_left);
}

Halo required_gradient_halo(const Conv2d& conv, const FeatureShape& input,
                            const FeatureShape& output) {
  const auto [top, bottom] = reach(row_phases(conv.window, input), output.height);
  const auto [left, right] = reach(column_phases(conv.window, input), output.width);
  return {top, left, bottom, right};
}

}  // namespace wattgrind
