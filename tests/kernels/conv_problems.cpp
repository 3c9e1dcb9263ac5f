#include "tests/kernels/conv_problems.h"

#include <fmt/format.h>

#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

LayerCase conv_case(FeatureShape input, const Conv2d& conv, int64_t batch, Surroundings around) {
  const FeatureShape output =
      build_network("test", input, {{.operation = conv}}, "test").layers[0].output_shape;
  around.input.cover(required_halo(conv, input, output));
  around.output_gradient.cover(required_gradient_halo(conv, input, output));
  const Window2d& w = conv.window;
  return make_case(input, conv, batch, around,
                   fmt::format("conv {} -> {} of {}x{}, stride {}, dilation {}x{}, {} groups",
                               to_string(input), conv.filters, w.kernel_height, w.kernel_width,
                               w.stride_width, w.dilation_height, w.dilation_width, conv.groups));
}

LayerCase dense_case(FeatureShape input, int64_t units, int64_t batch, Surroundings around) {
  return make_case(input, Dense{units}, batch, around,
                   fmt::format("dense {} -> {}", to_string(input), units));
}

}  // namespace

std::vector<LayerCase> conv_cases() {
  const Window2d uneven{4, 3, 1, 1, 2, 0, 0, 1};
  const auto dilated = [](int64_t kernel, int64_t stride, int64_t pad, int64_t down,
                          int64_t across) {
    Window2d w = window(kernel, stride, pad);
    w.dilation_height = down;
    w.dilation_width = across;
    return w;
  };
  const Surroundings padded = {.extra_channels = 3, .input_gradient = {1, 2, 0, 3}};
  return {
      conv_case({1, 9, 11}, {1, window(1, 1, 0), 1}, 2, {}),
      conv_case({1, 12, 19}, {5, window(5, 1, 0), 1}, 3, {}),
      conv_case({5, 11, 13}, {3, uneven, 1}, 2, padded),
      conv_case({6, 14, 14}, {16, window(5, 1, 2), 1}, 1, {}),
      conv_case({3, 9, 9}, {8, window(3, 2, 1), 1}, 3, {}),
      conv_case({16, 7, 8}, {33, window(3, 1, 1), 1}, 2, {}),
      conv_case({6, 9, 8}, {4, window(3, 1, 1), 2}, 2, {}),
      conv_case({2, 6, 6}, {5, window(6, 1, 0), 1}, 3, {}),  // one pixel
      conv_case({3, 13, 17}, {5, dilated(3, 1, 2, 2, 2), 1}, 2, padded),
      conv_case({1, 19, 21}, {2, dilated(5, 1, 0, 3, 2), 1}, 3, {}),
      conv_case({4, 12, 11}, {6, dilated(3, 1, 3, 3, 1), 1}, 2, {}),
      conv_case({16, 15, 14}, {33, dilated(3, 2, 2, 3, 2), 1}, 2, {}),
      conv_case({6, 17, 16}, {4, dilated(3, 4, 1, 6, 3), 2}, 2, {}),
      conv_case({8, 1, 40}, {16, {1, 5, 1, 1, 0, 8, 0, 8, 1, 4}, 1}, 2, {}),  // a row of tokens
      conv_case({20, 23, 18}, {40, window(3, 1, 1), 1}, 3, padded),  // tiles that are moved back
      conv_case({12, 12, 16}, {20, window(3, 1, 1), 2}, 2, {}),
      conv_case({9, 30, 25}, {11, window(7, 1, 3), 1}, 2, padded),
      conv_case({8, 24, 31}, {12, window(5, 1, 2), 2}, 2, {}),
      conv_case({24, 7, 7}, {40, window(1, 1, 0), 1}, 3, {}),
      conv_case({12, 9, 8}, {18, window(1, 1, 0), 2}, 2, padded),
      dense_case({37, 1, 1}, 5, 9, {}),
      dense_case({33, 1, 1}, 24, 3, {}),
      dense_case({16, 1, 1}, 130, 1, {}),
      dense_case({3, 4, 5}, 8, 4, {}),
      dense_case({5, 4, 3}, 16, 3, padded),
      dense_case({3, 4, 5}, 6, 17, {.input = {1, 2, 3, 1}, .input_gradient = {1, 2, 3, 1}}),
  };
}

uint64_t scratch_bytes_of(const LoopNest& nest) {
  uint64_t bytes = 0;
  for (const Buffer& buffer : nest.buffers) {
    if (buffer.role == TensorRole::kScratch) bytes += buffer.bytes;
  }
  return bytes;
}

bool applies_to_some_case(const AlgorithmEntry& entry,
                          const std::function<ConvProblem(const LayerCase&, Isa)>& problem) {
  for (const LayerCase& test : conv_cases()) {
    for (const IsaTraits& isa : kIsas) {
      if (entry.cost(problem(test, isa.isa))) return true;
    }
  }
  return false;
}

}  // namespace wattgrind
