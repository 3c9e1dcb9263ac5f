#include "kernels/conv/trimmed_conv.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "kernels/conv/block_loops.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/conv/row_groups.h"
#include "kernels/layout/blocking.h"
#include "kernels/layout/window_spans.h"

namespace wattgrind {
namespace {

// Neighbouring taps of one axis of the kernel.
struct TapRange {
  int64_t first = 0, count = 0;

  int64_t end() const { return first + count; }
  bool holds(int64_t tap) const { return first <= tap && tap < end(); }
  friend bool operator==(const TapRange&, const TapRange&) = default;
};

// Of each output of an axis, the taps that lie on the map.
using TapsOnMap = std::vector<TapRange>;

TapsOnMap taps_on_map(const std::vector<WindowSpan>& spans) {
  TapsOnMap taps;
  for (const WindowSpan& span : spans) {
    taps.insert(taps.end(), static_cast<size_t>(span.count),
                {span.kernel_first, span.kernel_count});
  }
  return taps;
}

TapsOnMap kernel_rows(const ConvProblem& problem) {
  const FeatureShape& output = problem.output.shape;
  // What a strip of a pooled convolution reads above and below itself is the map's.
  if (problem.is_strip) {
    return TapsOnMap(static_cast<size_t>(output.height), {0, problem.window.kernel_height});
  }
  return taps_on_map(row_spans(problem.window, problem.input.shape, output));
}

TapsOnMap kernel_columns(const ConvProblem& problem) {
  return taps_on_map(column_spans(problem.window, problem.input.shape, problem.output.shape));
}

// All of an axis's outputs; absent where one of them has no tap.
std::optional<int64_t> sum_of(const TapsOnMap& taps) {
  int64_t sum = 0;
  for (const TapRange& range : taps) {
    if (range.count == 0) return std::nullopt;
    sum += range.count;
  }
  return sum;
}

// Pixels of a tile that take the same taps.
struct TilePart {
  TapRange taps;
  int64_t first_row = 0, rows = 0;

  friend bool operator==(const TilePart&, const TilePart&) = default;
};

// Tiles side by side of the same size, in whose parts the same pixels take part.
struct TrimmedTiles {
  Tiles tiles;
  std::vector<TilePart> parts;
};

std::vector<TilePart> parts_of_tile(std::span<const TapRange> pixels, int64_t taps) {
  std::vector<TilePart> parts;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const auto takes = [&](const TapRange& pixel) { return pixel.holds(tap); };
    const auto first = std::ranges::find_if(pixels, takes);
    const int64_t rows = std::ranges::count_if(pixels, takes);
    if (rows == 0) continue;
    const TilePart part = {{tap, 1}, first - pixels.begin(), rows};
    const bool continues = !parts.empty() && parts.back().taps.end() == tap &&
                           parts.back().first_row == part.first_row && parts.back().rows == rows;
    if (continues) {
      ++parts.back().taps.count;
    } else {
      parts.push_back(part);
    }
  }
  return parts;
}

std::vector<TrimmedTiles> tiles_of_row(const ConvProblem& problem) {
  const TapsOnMap pixels = kernel_columns(problem);
  std::vector<TrimmedTiles> row;
  for (const Tiles& tiles : balanced_tiles(problem.output.shape.width, tile_rows(problem.isa))) {
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int64_t start = tiles.start + i * tiles.size;
      const auto tile =
          std::span(pixels).subspan(static_cast<size_t>(start), static_cast<size_t>(tiles.size));
      std::vector<TilePart> parts = parts_of_tile(tile, problem.window.kernel_width);
      if (!row.empty() && row.back().tiles.size == tiles.size && row.back().parts == parts) {
        ++row.back().tiles.count;
      } else {
        row.push_back({{start, 1, tiles.size}, std::move(parts)});
      }
    }
  }
  return row;
}

// Neighbouring rows of outputs that take the same kernel rows of a pass.
struct RowBand {
  int64_t start = 0, count = 0;
  TapRange taps;
  bool begins = false, ends = false;  // the rows' sums

  bool goes_on_with(const RowBand& next) const {
    return start + count == next.start && taps == next.taps && begins == next.begins &&
           ends == next.ends;
  }
  friend bool operator==(const RowBand&, const RowBand&) = default;
};

std::vector<RowBand> bands_of(std::span<const TapRange> rows, const TapRange& pass) {
  std::vector<RowBand> bands;
  for (size_t row = 0; row < rows.size(); ++row) {
    const TapRange& taps = rows[row];
    const int64_t first = std::max(taps.first, pass.first);
    const int64_t end = std::min(taps.end(), pass.end());
    if (first >= end) continue;
    const RowBand band = {
        static_cast<int64_t>(row), 1, {first, end - first}, first == taps.first, end == taps.end()};
    if (!bands.empty() && bands.back().goes_on_with(band)) {
      ++bands.back().count;
    } else {
      bands.push_back(band);
    }
  }
  return bands;
}

// Kernel rows that a block's sums take before they are stored: all where the block's weights stay
// in L2, otherwise one.
int64_t rows_of_pass(const DirectConv& conv, Isa isa) {
  const int64_t block_bytes = conv.taps() * conv.blocks[0].width() * kFloatBytes;
  return block_bytes <= resident_map_bytes(isa) ? conv.kernel_height : 1;
}

class TrimmedConvEmitter {
 public:
  TrimmedConvEmitter(NestBuilder& nest, const ConvProblem& problem, const DirectConv& conv)
      : nest_(nest),
        conv_(conv),
        rows_(kernel_rows(problem)),
        tiles_(tiles_of_row(problem)),
        pass_rows_(rows_of_pass(conv, nest.isa())) {
    const int64_t passes = conv.kernel_height / pass_rows_;
    group_rows_ = choose_group_rows(conv, {passes, passes}, nest.isa());
  }

  void emit() {
    for_each_group(nest_, conv_, [&](const ProductTile& group) { emit_row_groups(group); });
  }

 private:
  using PassBands = std::vector<std::vector<RowBand>>;  // of each pass

  int64_t input_row_bytes() const { return conv_.input_row_step * conv_.input.row_bytes(); }
  int64_t output_row_bytes() const { return conv_.output_row_step * conv_.output.row_bytes(); }

  PassBands bands_of_group(int64_t group) const {
    const auto rows = std::span(rows_).subspan(static_cast<size_t>(group * group_rows_),
                                               static_cast<size_t>(group_rows_));
    PassBands bands;
    for (int64_t row = 0; row < conv_.kernel_height; row += pass_rows_) {
      bands.push_back(bands_of(rows, {row, pass_rows_}));
    }
    return bands;
  }

  // Those groups of rows that take the same taps are one loop.
  void emit_row_groups(const ProductTile& base) {
    const int64_t groups = conv_.rows / group_rows_;
    for (int64_t first = 0, end = 0; first < groups; first = end) {
      const PassBands bands = bands_of_group(first);
      for (end = first + 1; end < groups && bands_of_group(end) == bands;) ++end;
      nest_.loop("row_group", end - first, [&](LoopVariable y) {
        const auto at = [&](const Address& address, int64_t row_bytes) {
          const int64_t group_bytes = group_rows_ * row_bytes;
          return stepped(moved(address, first * group_bytes), y, group_bytes);
        };
        ProductTile tile = base;
        tile.input = at(base.input, input_row_bytes());
        tile.output = at(base.output, output_row_bytes());
        for_each_block(nest_, conv_, tile, [&](const ProductTile& block, const BlockWidth& width) {
          for (const auto& pass : bands) emit_bands(pass, width.one * kFloatBytes, block);
        });
      });
    }
  }

  void emit_bands(const std::vector<RowBand>& bands, int64_t step, const ProductTile& base) {
    const int64_t kernel_row = conv_.kernel_width * conv_.group_inputs * step;
    for (const RowBand& band : bands) {
      ProductTile tile = base;
      tile.input = moved(base.input,
                         band.start * input_row_bytes() + band.taps.first * conv_.tap_row_bytes());
      tile.output = moved(base.output, band.start * output_row_bytes());
      tile.weights = moved(base.weights, band.taps.first * kernel_row);
      tile.reduction = {{"kernel_row", band.taps.count, conv_.tap_row_bytes(), kernel_row}};
      tile.start = band.begins ? conv_.start : TileStart::kOutput;
      if (band.ends) tile.epilogue = conv_.epilogue;
      nest_.loop("row", band.count, [&](LoopVariable y) {
        ProductTile row = tile;
        row.input = stepped(tile.input, y, input_row_bytes());
        row.output = stepped(tile.output, y, output_row_bytes());
        for (const TrimmedTiles& tiles : tiles_) emit_tiles(tiles, step, row);
      });
    }
  }

  void emit_tiles(const TrimmedTiles& tiles, int64_t step, const ProductTile& row) {
    ProductTile tile = row;
    tile.rows = tiles.tiles.size;
    tile.input_row_bytes = conv_.input_column_step * conv_.input.channel_bytes();
    tile.output_row_bytes = conv_.output_column_step * conv_.output.channel_bytes();
    for (const TilePart& part : tiles.parts) tile.parts.push_back(reduction_part(part, step));
    nest_.loop("column", tiles.tiles.count, [&](LoopVariable x) {
      const auto at = [&](const Address& address, int64_t pixel_bytes) {
        return stepped(moved(address, tiles.tiles.start * pixel_bytes), x,
                       tiles.tiles.size * pixel_bytes);
      };
      tile.input = at(row.input, tile.input_row_bytes);
      tile.output = at(row.output, tile.output_row_bytes);
      emit_product_tile(nest_, tile);
    });
  }

  ReductionPart reduction_part(const TilePart& part, int64_t step) const {
    const int64_t channels = conv_.group_inputs;
    ReductionPart reduction;
    reduction.input_bytes = part.taps.first * conv_.tap_column_bytes();
    reduction.weight_bytes = part.taps.first * channels * step;
    reduction.first_row = part.first_row;
    reduction.rows = part.rows;
    const bool touch =
        part.taps.count == 1 || (channels == conv_.input.channel_pitch && conv_.taps_touch());
    if (touch) {
      reduction.loops = {{"tap", part.taps.count * channels, kFloatBytes, step}};
    } else {
      reduction.loops = {
          {"kernel_column", part.taps.count, conv_.tap_column_bytes(), channels * step},
          {"channel", channels, kFloatBytes, step}};
    }
    return reduction;
  }

  NestBuilder& nest_;
  const DirectConv& conv_;
  const TapsOnMap rows_;
  const std::vector<TrimmedTiles> tiles_;
  const int64_t pass_rows_;
  int64_t group_rows_ = 1;
};

}  // namespace

std::optional<int64_t> trimmed_conv_cost(const ConvProblem& problem) {
  // A part of one tap of one channel has no loop: the parts of a tile would be one block of code,
  // in which SSE runs out of registers.
  if (problem.group_inputs() == 1) return std::nullopt;
  const auto rows = sum_of(kernel_rows(problem)), columns = sum_of(kernel_columns(problem));
  const FeatureShape& output = problem.output.shape;
  const bool none_on_padding = rows == problem.window.kernel_height * output.height &&
                               columns == problem.window.kernel_width * output.width;
  if (!rows || !columns || none_on_padding) return std::nullopt;
  int64_t vectors = 0;
  for (const ColumnBlock& block : problem.filter_blocks()) vectors += block.vectors;
  int64_t products = 0;
  for (const TrimmedTiles& tiles : tiles_of_row(problem)) {
    for (const TilePart& part : tiles.parts) {
      products +=
          tiles.tiles.count * part.taps.count * std::max(kLatencyHidingSums, part.rows * vectors);
    }
  }
  return problem.group_inputs() * *rows * products;
}

void emit_trimmed_conv(NestBuilder& nest, const ConvProblem& problem, const DirectConv& image) {
  TrimmedConvEmitter(nest, problem, image).emit();
}

}  // namespace wattgrind
