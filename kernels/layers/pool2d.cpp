#include <string>
#include <utility>

#include "kernels/layers/lowering.h"
#include "kernels/layout/window_spans.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/pool_windows.h"

namespace wattgrind {
namespace {

LoopNest lower_pooling(std::string name, PoolMethod method, const Window2d& window,
                       bool counts_padding, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  const PoolWindows pool = {method, window, counts_padding, in, out};
  NestBuilder nest(std::move(name), context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  nest.loop("image", context.batch, [&](LoopVariable n) {
    for (const WindowSpan& row : row_spans(window, in.shape, out.shape)) {
      nest.loop("row", row.count, [&](LoopVariable y) {
        const auto at = [&](const Address& map, const MapLayout& layout, int64_t first,
                            int64_t rows) {
          const Address image =
              stepped(moved(map, layout.pixel_bytes(first, 0)), n, layout.image_bytes());
          return stepped(image, y, rows * layout.row_bytes());
        };
        emit_pooled_row(nest, pool, row, at(input, in, row.input_first, window.stride_height),
                        at(output, out, row.first, 1));
      });
    }
  });
  return std::move(nest).finish();
}

}  // namespace

LoopNest lower(const MaxPool2d& pool, const LayerContext& context) {
  return lower_pooling("maxpool2d", PoolMethod::kMax, pool.window, false, context);
}

LoopNest lower(const AvgPool2d& pool, const LayerContext& context) {
  return lower_pooling("avgpool2d", PoolMethod::kAverage, pool.window, pool.count_padding, context);
}

}  // namespace wattgrind
