#include <variant>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {
namespace {

// Whether each of an axis' values lies under a tap of some window.
bool windows_cover(int64_t size, int64_t windows, int64_t stride, int64_t taps, int64_t dilation,
                   int64_t pad) {
  std::vector<bool> covered(static_cast<size_t>(size));
  for (int64_t window = 0; window < windows; ++window) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t place = window * stride + tap * dilation - pad;
      if (place >= 0 && place < size) covered[static_cast<size_t>(place)] = true;
    }
  }
  for (const bool is_covered : covered) {
    if (!is_covered) return false;
  }
  return true;
}

const Window2d* window_of(const Operation& operation) {
  if (const auto* conv = std::get_if<Conv2d>(&operation)) return &conv->window;
  if (const auto* pool = std::get_if<MaxPool2d>(&operation)) return &pool->window;
  if (const auto* pool = std::get_if<AvgPool2d>(&operation)) return &pool->window;
  return nullptr;
}

}  // namespace

bool leaves_gaps(const Layer& layer) {
  const Window2d* const w = window_of(layer.operation);
  if (w == nullptr) return false;
  const FeatureShape& in = layer.input_shape();
  const FeatureShape& out = layer.output_shape;
  return !windows_cover(in.height, out.height, w->stride_height, w->kernel_height,
                        w->dilation_height, w->pad_top) ||
         !windows_cover(in.width, out.width, w->stride_width, w->kernel_width, w->dilation_width,
                        w->pad_left);
}

LoopNest lower_gradient_clear(const MapLayout& layout, Isa isa, int64_t batch) {
  NestBuilder nest("gradient_clear", isa);
  const Address gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, layout.bytes(batch));
  for_each_vector(nest, batch, {layout}, [&](const MapVector& at) {
    nest.store(nest.constant(at.lanes, 0), at.in(gradient, layout));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
