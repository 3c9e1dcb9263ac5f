// The weight gradient of a convolution or dense layer with few filters, as a product with taps as
// columns.
//
// With filters as columns a vector holds a tap's gradients, one a filter, and is mostly padding
// where filters are few. Here a vector holds those of one filter by taps that follow each other in
// the input, a kernel row's columns and channels, padding channels among them; every pixel adds its
// gradient, broadcast, times the input under the window. The sums are copied into the packed order
// at the end.
#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/conv/thresholds.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/gradients/weight_gradient.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// The most filters of a tile. More leave few registers for vectors of taps, and every vector is
// then loaded for few sums.
constexpr int64_t kTileFilters = 10;

// A row of the window in whole vectors and one for the rest, which may read values beyond the
// window where the input's image goes on that far.
int64_t row_width(const ConvProblem& problem) {
  const Window2d& window = problem.window;
  const MapLayout& in = problem.input;
  const FeatureShape& out = problem.output.shape;
  const int64_t exact = window.kernel_width * in.channel_pitch;
  const int64_t rest = exact % traits(problem.isa).float_lanes;
  const int64_t widened =
      exact - rest +
      (rest > 0 ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(rest))) : 0);
  const int64_t last_row =
      (out.height - 1) * window.stride_height - window.pad_top + window.span_height() - 1;
  const int64_t last_column = (out.width - 1) * window.stride_width - window.pad_left;
  const int64_t end = in.pixel_bytes(last_row, last_column) + widened * kFloatBytes;
  return end <= in.image_bytes() ? widened : exact;
}

class TapColumns {
 public:
  explicit TapColumns(const ConvProblem& problem)
      : window_(problem.window),
        filters_(problem.group_filters()),
        packed_filters_(problem.packed_filters()),
        input_(problem.input),
        isa_(problem.isa),
        pieces_(vector_pieces(row_width(problem), traits(problem.isa).float_lanes)) {}

  // Multiply-adds that a pixel takes, or loads where they are more. A tile too small to hide the
  // latency of its multiply-adds counts as the smallest that hides it.
  int64_t pixel_cost() const;
  // Loads and stores of the copy.
  int64_t copy_cost() const;

  // The sums are [filter][kernel row][column and channel].
  uint64_t sums_bytes() const;

  // Adds the products of a chunk of images (for_each_image_chunk) to the sums.
  void emit_products(NestBuilder& nest, const ProductTile& chunk, const Address& sums) const;

  // Copies the sums to the packed weights, whose padding is not written.
  void emit_copy(NestBuilder& nest, const Address& sums, const Address& weights) const;

 private:
  // Sums of a tile: so many filters by so many vectors of a kernel row, of so many kernel rows.
  struct Shape {
    Tiles filters;
    Tiles piece;   // the vectors of a row that have its lanes
    Tiles across;  // tiles of those vectors
    Tiles down;    // tiles of kernel rows
  };
  std::vector<Shape> shapes() const;
  int64_t tap_row_bytes() const { return window_.dilation_height * input_.row_bytes(); }
  int64_t row_sums_bytes() const;
  int64_t filter_sums_bytes() const;

  const Window2d window_;
  const int64_t filters_, packed_filters_;
  const MapLayout input_;
  const Isa isa_;
  const std::vector<Tiles> pieces_;  // a kernel row's vectors, by lanes
};

std::vector<TapColumns::Shape> TapColumns::shapes() const {
  std::vector<Shape> result;
  for (const Tiles& filters : balanced_tiles(filters_, kTileFilters)) {
    const int64_t most = most_vectors(isa_, filters.size);
    for (const Tiles& piece : pieces_) {
      const auto across = balanced_tiles(piece.count, most);
      const auto down = balanced_tiles(window_.kernel_height, most / across[0].size);
      for (const Tiles& a : across) {
        for (const Tiles& d : down) result.push_back({filters, piece, a, d});
      }
    }
  }
  return result;
}

int64_t TapColumns::pixel_cost() const {
  const bool is_one_pixel =
      input_.shape.height == window_.kernel_height && input_.shape.width == window_.kernel_width;
  int64_t cost = 0;
  for (const Shape& shape : shapes()) {
    const int64_t vectors = shape.across.size * shape.down.size;
    // A load across the border of two lines counts as two.
    const int64_t crossing =
        is_one_pixel ? 0 : vectors * shape.piece.size * kFloatBytes / kLineBytes;
    cost += shape.filters.count * shape.across.count * shape.down.count *
            std::max({kLatencyHidingSums, shape.filters.size * vectors,
                      shape.filters.size + vectors + crossing});
  }
  return cost;
}

int64_t TapColumns::copy_cost() const {
  const Window2d& window = window_;
  return 2 * filters_ * window.kernel_height * window.kernel_width * input_.shape.channels;
}

int64_t TapColumns::row_sums_bytes() const {
  const Tiles& last = pieces_.back();
  return (last.start + last.count * last.size) * kFloatBytes;
}

int64_t TapColumns::filter_sums_bytes() const { return window_.kernel_height * row_sums_bytes(); }

uint64_t TapColumns::sums_bytes() const {
  return static_cast<uint64_t>(filters_ * filter_sums_bytes());
}

void TapColumns::emit_products(NestBuilder& nest, const ProductTile& chunk,
                               const Address& sums) const {
  for (const Shape& shape : shapes()) {
    const int64_t vector_bytes = shape.piece.size * kFloatBytes;
    const int64_t first_bytes = shape.piece.start * kFloatBytes + shape.across.start * vector_bytes;
    ProductTile tile;
    tile.rows = shape.filters.size;
    tile.input_row_bytes = kFloatBytes;
    tile.output_row_bytes = filter_sums_bytes();
    tile.lanes = static_cast<int>(shape.piece.size);
    tile.start = chunk.start;
    for (const ReductionLoop& loop : chunk.reduction) {
      tile.reduction.push_back({loop.name, loop.trips, loop.weight_bytes, loop.input_bytes});
    }
    for (int64_t row = 0; row < shape.down.size; ++row) {
      for (int64_t v = 0; v < shape.across.size; ++v) {
        tile.vectors.push_back(
            {row * tap_row_bytes() + v * vector_bytes, row * row_sums_bytes() + v * vector_bytes});
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
          tile.input = of_filters(chunk.weights, kFloatBytes);
          tile.weights = at(chunk.input, tap_row_bytes());
          tile.output = at(of_filters(sums, filter_sums_bytes()), row_sums_bytes());
          emit_product_tile(nest, tile);
        });
      });
    });
  }
}

void TapColumns::emit_copy(NestBuilder& nest, const Address& sums, const Address& weights) const {
  const int64_t channels = input_.shape.channels;
  const int64_t step_bytes = packed_filters_ * kFloatBytes;
  const int64_t columns = window_.kernel_width;
  nest.loop("filter", filters_, [&](LoopVariable f) {
    nest.loop("kernel_row", window_.kernel_height, [&](LoopVariable r) {
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

// The taps of a kernel's row have to follow each other in the input.
bool applies(const ConvProblem& problem) {
  return problem.groups == 1 && problem.filter_blocks().size() == 1 &&
         (problem.window.dilation_width == 1 || problem.window.kernel_width == 1);
}

// The copy of the sums is short beside the products of a map's pixels, and counts nothing.
std::optional<double> cost_of_maps(const ConvProblem& problem) {
  const FeatureShape& out = problem.output.shape;
  if (!applies(problem) || out.is_vector()) return std::nullopt;
  const int64_t image_cost = out.height * out.width * TapColumns(problem).pixel_cost();
  return static_cast<double>(problem.batch) * static_cast<double>(image_cost);
}

std::optional<double> cost_of_vectors(const ConvProblem& problem) {
  if (!applies(problem) || !problem.output.shape.is_vector() || !has_lanes_to_fill(problem.isa)) {
    return std::nullopt;
  }
  const TapColumns columns(problem);
  return static_cast<double>(problem.batch) * static_cast<double>(columns.pixel_cost()) +
         static_cast<double>(columns.copy_cost());
}

uint64_t scratch_bytes(const ConvProblem& problem) { return TapColumns(problem).sums_bytes(); }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const TapColumns columns(problem);
  const WeightGradientOperands operands = weight_gradient_operands(nest, problem);
  const Address sums = nest.buffer(Operand::kSums, TensorRole::kScratch, columns.sums_bytes());
  for_each_image_chunk(nest, problem, operands, false,
                       [&](const ProductTile& chunk) { columns.emit_products(nest, chunk, sums); });
  columns.emit_copy(nest, sums, operands.weights);
  emit_bias_gradient(nest, problem, operands);
}

}  // namespace

AlgorithmEntry tap_columns_weight_gradient() {
  return {ConvAlgorithm::kTapColumns, kWorthOfTapColumns, cost_of_maps, scratch_bytes, emit};
}

AlgorithmEntry tap_columns_weight_gradient_of_vectors() {
  return {ConvAlgorithm::kTapColumns, kWorthOfTapColumnsOfVectors, cost_of_vectors, scratch_bytes,
          emit};
}

}  // namespace wattgrind
