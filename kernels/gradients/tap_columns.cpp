#include "kernels/gradients/tap_columns.h"

#include <algorithm>
#include <bit>

namespace wattgrind {
namespace {

// Of a tile. More leave few registers for vectors of taps, and every vector is then loaded for few
// sums.
constexpr int64_t kTileFilters = 10;

// A row of the window in whole vectors and one for the rest, which may read values beyond the
// window where the input's image goes on that far.
int64_t row_width(const Conv2d& conv, const BackwardContext& context) {
  const Window2d& window = conv.window;
  const MapLayout& in = context.input();
  const FeatureShape& out = context.output.shape;
  const int64_t exact = window.kernel_width * in.channel_pitch;
  const int64_t rest = exact % traits(context.isa).float_lanes;
  const int64_t widened =
      exact - rest +
      (rest > 0 ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(rest))) : 0);
  const int64_t last_row =
      (out.height - 1) * window.stride_height - window.pad_top + window.kernel_height - 1;
  const int64_t last_column = (out.width - 1) * window.stride_width - window.pad_left;
  const int64_t end = in.pixel_bytes(last_row, last_column) + widened * kFloatBytes;
  return end <= in.image_bytes() ? widened : exact;
}

}  // namespace

TapColumns::TapColumns(const Conv2d& conv, const BackwardContext& context)
    : conv_(conv),
      input_(context.input()),
      isa_(context.isa),
      pieces_(vector_pieces(row_width(conv, context), traits(context.isa).float_lanes)) {}

std::vector<TapColumns::Shape> TapColumns::shapes() const {
  std::vector<Shape> result;
  for (const Tiles& filters : balanced_tiles(conv_.filters, kTileFilters)) {
    const int64_t most = most_vectors(isa_, filters.size);
    for (const Tiles& piece : pieces_) {
      const auto across = balanced_tiles(piece.count, most);
      const auto down = balanced_tiles(conv_.window.kernel_height, most / across[0].size);
      for (const Tiles& a : across) {
        for (const Tiles& d : down) result.push_back({filters, piece, a, d});
      }
    }
  }
  return result;
}

int64_t TapColumns::cost() const {
  const bool is_one_pixel = input_.shape.height == conv_.window.kernel_height &&
                            input_.shape.width == conv_.window.kernel_width;
  int64_t cost = 0;
  for (const Shape& shape : shapes()) {
    const int64_t vectors = shape.across.size * shape.down.size;
    // A load across the border of two lines is two.
    const int64_t crossing =
        is_one_pixel ? 0 : vectors * shape.piece.size * kFloatBytes / kLineBytes;
    cost += shape.filters.count * shape.across.count * shape.down.count *
            std::max({kLatencyHidingSums, shape.filters.size * vectors,
                      shape.filters.size + vectors + crossing});
  }
  return cost;
}

int64_t TapColumns::copy_cost() const {
  const Window2d& window = conv_.window;
  return 2 * conv_.filters * window.kernel_height * window.kernel_width * input_.shape.channels;
}

int64_t TapColumns::row_sums_bytes() const {
  const Tiles& last = pieces_.back();
  return (last.start + last.count * last.size) * kFloatBytes;
}

int64_t TapColumns::filter_sums_bytes() const {
  return conv_.window.kernel_height * row_sums_bytes();
}

uint64_t TapColumns::sums_bytes() const {
  return static_cast<uint64_t>(conv_.filters * filter_sums_bytes());
}

void TapColumns::emit_products(NestBuilder& nest, const Address& input, const Address& gradient,
                               const Address& sums, const std::vector<ReductionLoop>& reduction,
                               TileStart start) const {
  for (const Shape& shape : shapes()) {
    const int64_t vector_bytes = shape.piece.size * kFloatBytes;
    const int64_t first_bytes = shape.piece.start * kFloatBytes + shape.across.start * vector_bytes;
    ProductTile tile;
    tile.rows = shape.filters.size;
    tile.input_row_bytes = kFloatBytes;
    tile.output_row_bytes = filter_sums_bytes();
    tile.lanes = static_cast<int>(shape.piece.size);
    tile.start = start;
    for (const ReductionLoop& loop : reduction) {
      tile.reduction.push_back({loop.name, loop.trips, loop.weight_bytes, loop.input_bytes});
    }
    for (int64_t row = 0; row < shape.down.size; ++row) {
      for (int64_t v = 0; v < shape.across.size; ++v) {
        tile.vectors.push_back({row * input_.row_bytes() + v * vector_bytes,
                                row * row_sums_bytes() + v * vector_bytes});
      }
    }
    nest.loop("filters", shape.filters.count, [&](LoopVariable f) {
      const auto of_filters = [&](const Address& base, int64_t filter_bytes) {
        return stepped(moved(base, shape.filters.start * filter_bytes), f,
                       shape.filters.size * filter_bytes);
      };
      nest.loop("kernel_row", shape.down.count, [&](LoopVariable r) {
        nest.loop("tap", shape.across.count, [&](LoopVariable t) {
          const auto at = [&](const Address& base, int64_t row_bytes) {
            const Address first = moved(base, shape.down.start * row_bytes + first_bytes);
            return stepped(stepped(first, r, shape.down.size * row_bytes), t,
                           shape.across.size * vector_bytes);
          };
          tile.input = of_filters(gradient, kFloatBytes);
          tile.weights = at(input, input_.row_bytes());
          tile.output = at(of_filters(sums, filter_sums_bytes()), row_sums_bytes());
          emit_product_tile(nest, tile);
        });
      });
    });
  }
}

void TapColumns::emit_copy(NestBuilder& nest, const Address& sums, const Address& weights,
                           int64_t width) const {
  const int64_t channels = input_.shape.channels;
  const int64_t step_bytes = width * kFloatBytes;
  const int64_t columns = conv_.window.kernel_width;
  nest.loop("filter", conv_.filters, [&](LoopVariable f) {
    nest.loop("kernel_row", conv_.window.kernel_height, [&](LoopVariable r) {
      nest.loop("kernel_column", columns, [&](LoopVariable s) {
        nest.loop("channel", channels, [&](LoopVariable c) {
          Address from = stepped(stepped(sums, f, filter_sums_bytes()), r, row_sums_bytes());
          from = stepped(stepped(from, s, input_.channel_bytes()), c, kFloatBytes);
          Address to =
              stepped(stepped(weights, f, kFloatBytes), r, columns * channels * step_bytes);
          to = stepped(stepped(to, s, channels * step_bytes), c, step_bytes);
          nest.store(nest.load(1, from), to);
        });
      });
    });
  });
}

}  // namespace wattgrind
