// Softmax and reductions along any axes against the obvious computation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "estimator/network/map_axes.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/network_check.h"

namespace wattgrind {
namespace {

constexpr std::array<MapAxes, 7> kAxes = {{{true, false, false},
                                           {false, true, false},
                                           {false, false, true},
                                           {true, true, false},
                                           {true, false, true},
                                           {false, true, true},
                                           {true, true, true}}};
constexpr std::array<FeatureShape, 5> kShapes = {
    {{1, 1, 1}, {1, 7, 9}, {6, 4, 5}, {33, 3, 2}, {64, 1, 17}}};

template <typename Fold>
void check_kernel(const FeatureShape& shape, const Fold& fold, const std::string& what) {
  // Each instruction set has a case with padding channels and a halo, or one without.
  int64_t padded = 0;
  for (const Target& target : targets()) {
    const LayerCase test = make_case(
        shape, fold, 2, {.extra_channels = padded * 3, .input = {padded, 2 * padded, 0, padded}},
        fmt::format("{} of {} along {}", what, to_string(shape), to_string(fold.axes)));
    check_forward(test, target, [&](const LayerContext& c) { return lower(fold, c); });
    padded = 1 - padded;
  }
}

TEST(ReduceKernel, AxesAndFunctions) {
  for (const FeatureShape& shape : kShapes) {
    for (const MapAxes& axes : kAxes) {
      check_kernel(shape, Reduce{ReduceFunction::kMean, axes}, "mean");
      check_kernel(shape, Reduce{ReduceFunction::kSum, axes}, "sum");
      check_kernel(shape, Reduce{ReduceFunction::kMax, axes}, "maximum");
      check_kernel(shape, Reduce{ReduceFunction::kMin, axes}, "minimum");
    }
  }
}

TEST(SoftmaxKernel, AlongAnyAxes) {
  for (const FeatureShape& shape : kShapes) {
    for (const MapAxes& axes : kAxes) {
      check_kernel(shape, Softmax{axes}, "softmax");
      check_kernel(shape, Softmax{axes, true}, "logarithm of softmax");
    }
  }
}

TEST(SoftmaxKernel, AlongAnyAxesInPlace) {
  for (const MapAxes& axes : kAxes) {
    for (const bool log : {false, true}) {
      const Conv2d conv{5, {1, 1}, 1};
      check_network(build_network("test", {3, 4, 6},
                                  {{.operation = conv}, {.operation = Softmax{axes, log}}}, "test"),
                    3, fmt::format("softmax along {} in place", to_string(axes)));
    }
  }
}

}  // namespace
}  // namespace wattgrind
