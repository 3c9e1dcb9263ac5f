#include "kernels/conv/pooled_conv.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/layout/blocking.h"
#include "kernels/layout/tiling.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {
namespace {

// How the rows of windows lie in a map.
struct PoolingRows {
  int64_t stride = 1;
  int64_t overlap = 0;      // rows that a row of windows shares with the next
  int64_t fill_top = 0;     // rows of padding that are read above the map
  int64_t fill_bottom = 0;  // and below it
};

PoolingRows rows_of_windows(const Window2d& window, const FeatureShape& map,
                            const FeatureShape& pooled) {
  PoolingRows rows;
  rows.stride = window.stride_height;
  rows.overlap = window.span_height() - window.stride_height;
  rows.fill_top = window.pad_top;
  rows.fill_bottom = std::max<int64_t>(
      0, pooled.height * rows.stride + rows.overlap - window.pad_top - map.height);
  return rows;
}

// Rows of the pooled map that are made together, and as many times over, one after the other.
struct Strip {
  int64_t first = 0, count = 1, times = 1;
  bool is_first = false;
  int64_t fill_bottom = 0;
};

// How an image, or some images as a whole, are cut.
struct StripCut {
  int64_t images = 1;
  std::vector<Strip> strips;
};

class PooledConv {
 public:
  PooledConv(const AlgorithmEntry& entry, const ConvProblem& problem)
      : entry_(entry),
        problem_(problem),
        pool_(*problem.pool),
        rows_(rows_of_windows(pool_.window, pool_.input.shape, pool_.output.shape)),
        cut_(choose_cut()) {}

  std::optional<double> cost() const {
    if (!cut_) return std::nullopt;
    double cost = 0;
    for (const Strip& strip : cut_->strips) {
      cost += static_cast<double>(strip.times) * *entry_.cost(part_of(*cut_, strip));
    }
    const int64_t passes = problem_.batch / cut_->images;
    return static_cast<double>(passes) * cost;
  }

  uint64_t strip_bytes() const {
    uint64_t bytes = 0;
    for (const Strip& strip : cut_->strips) {
      bytes = std::max(bytes, part_of(*cut_, strip).output.bytes(cut_->images));
    }
    return bytes;
  }

  uint64_t scratch_bytes() const {
    uint64_t bytes = 0;
    for (const Strip& strip : cut_->strips) {
      bytes = std::max(bytes, entry_.scratch_bytes(part_of(*cut_, strip)));
    }
    return bytes + strip_bytes();
  }

  void emit(NestBuilder& nest) const {
    const MapLayout& in = problem_.input;
    const MapLayout& out = pool_.output;
    const Address input =
        moved(nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(problem_.batch)),
              in.pixel_bytes(-problem_.window.pad_top, -problem_.window.pad_left));
    const Address output =
        moved(nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(problem_.batch)),
              out.pixel_bytes(0, 0));
    const Address rows = nest.buffer(Operand::kPooledRows, TensorRole::kScratch, strip_bytes());
    nest.loop("images", problem_.batch / cut_->images, [&](LoopVariable n) {
      const Address from = stepped(input, n, cut_->images * in.image_bytes());
      const Address to = stepped(output, n, cut_->images * out.image_bytes());
      for (const Strip& strip : cut_->strips) {
        nest.loop("strip", strip.times, [&](LoopVariable s) {
          emit_strip(nest, strip, s, {from, to}, rows);
        });
      }
    });
  }

 private:
  int64_t strip_rows(const Strip& strip) const {
    return strip.count * rows_.stride + rows_.overlap;
  }
  // The rows of a strip that are there before the convolution writes its own: of padding or kept.
  int64_t rows_ahead(const Strip& strip) const {
    return strip.is_first ? rows_.fill_top : rows_.overlap;
  }
  // The map's row that a strip's convolution begins with.
  int64_t first_row(const Strip& strip) const {
    return strip.first * rows_.stride + rows_ahead(strip) - rows_.fill_top;
  }

  MapLayout strip_layout(const Strip& strip) const {
    const int64_t ahead = rows_ahead(strip), behind = strip.fill_bottom;
    const FeatureShape& map = pool_.input.shape;
    return {{map.channels, strip_rows(strip) - ahead - behind, map.width},
            pool_.input.channel_pitch,
            {ahead, 0, behind, 0}};
  }

  // The convolution of a strip, without addresses.
  ConvProblem part_of(const StripCut& cut, const Strip& strip) const {
    ConvProblem part = problem_;
    part.pool.reset();
    part.batch = cut.images;
    part.output = strip_layout(strip);
    if (strip.count < pool_.output.shape.height) {
      part.is_strip = true;
      part.input.shape.height = part.output.shape.height * part.window.stride_height;
    }
    return part;
  }

  // Strips of so many rows and, towards the end, of one less.
  std::vector<Strip> strips_of(int64_t rows) const {
    std::vector<Strip> strips;
    for (const Tiles& tiles : balanced_tiles(pool_.output.shape.height, rows)) {
      strips.push_back({tiles.start, tiles.size, tiles.count});
    }
    if (rows_.overlap > 0) {
      Strip& first = strips.front();
      first.is_first = true;
      if (first.times > 1) {
        const Strip others = {first.count, first.count, first.times - 1};
        first.times = 1;
        strips.insert(strips.begin() + 1, others);
      }
    }
    if (rows_.fill_bottom > 0) {
      Strip& last = strips.back();
      if (last.times > 1) {
        --last.times;
        strips.push_back({last.first + last.times * last.count, last.count, 1});
      }
      strips.back().fill_bottom = rows_.fill_bottom;
    }
    return strips;
  }

  // What moves between L2 and what lies below: weights once for each strip, and the map out and in
  // where a strip does not stay in L2.
  double moved_bytes(int64_t images, int64_t rows) const {
    const auto weights = static_cast<int64_t>(problem_.packed_weights_bytes());
    MapLayout strip = pool_.input;
    strip.shape.height = rows * rows_.stride + rows_.overlap;
    const int64_t strip_bytes = images * strip.image_bytes();
    const int64_t strips = (pool_.output.shape.height + rows - 1) / rows;
    const int64_t passes = problem_.batch / images * strips;
    const bool stays = strip_bytes <= resident_map_bytes(problem_.isa);
    return static_cast<double>(passes) *
           static_cast<double>(weights * distance_from_l2(weights) +
                               (stays ? 0 : 2 * strip_bytes * distance_from_l2(strip_bytes)));
  }

  // Of the cuts whose parts the algorithm applies to, the one for which the fewest bytes move. Of
  // equals it is that of the larger strips.
  std::optional<StripCut> choose_cut() const {
    std::optional<StripCut> best;
    double least = std::numeric_limits<double>::infinity();
    const auto consider = [&](int64_t images, int64_t rows) {
      const double bytes = moved_bytes(images, rows);
      if (bytes >= least) return;
      const StripCut cut = {images, strips_of(rows)};
      const bool applies = std::ranges::all_of(cut.strips, [&](const Strip& strip) {
        const bool has_rows =
            strip.count * rows_.stride >= std::max(rows_.overlap, strip.fill_bottom + 1);
        return has_rows && entry_.cost(part_of(cut, strip)).has_value();
      });
      if (!applies) return;
      best = cut;
      least = bytes;
    };
    const int64_t height = pool_.output.shape.height;
    for (int64_t images = problem_.batch; images > 0; --images) {
      if (problem_.batch % images == 0) consider(images, height);
    }
    for (int64_t strips = 2; strips <= height; ++strips) {
      const int64_t rows = (height + strips - 1) / strips;
      if ((height + rows - 1) / rows == strips) consider(1, rows);
    }
    return best;
  }

  void emit_strip(NestBuilder& nest, const Strip& strip, LoopVariable s, const ConvPart& image,
                  const Address& longest) const {
    const MapLayout& in = problem_.input;
    const MapLayout& out = pool_.output;
    ConvProblem part = part_of(*cut_, strip);
    const int64_t row_bytes = part.output.row_bytes();
    // All strips end at the same row, so that what is kept of one lies where the next looks for it.
    const int64_t kept_row = cut_->strips.front().count * rows_.stride;
    const Address rows =
        moved(longest, (cut_->strips.front().count - strip.count) * rows_.stride * row_bytes);
    const int64_t conv_rows = strip.count * rows_.stride;
    const int64_t input_row = part.window.stride_height * in.row_bytes();
    ConvPart at;
    at.input = stepped(moved(image.input, first_row(strip) * input_row), s, conv_rows * input_row);
    at.output = moved(rows, part.output.pixel_bytes(0, 0));
    part.part = at;
    if (!strip.is_first && rows_.overlap > 0) {
      emit_copy(nest, moved(longest, kept_row * row_bytes), rows,
                {{"kept", rows_.overlap * row_bytes / kFloatBytes, kFloatBytes, kFloatBytes}});
    }
    if (strip.is_first) emit_padding(nest, part.output, rows, rows_.fill_top);
    const int64_t behind = part.output.shape.height * row_bytes;
    emit_padding(nest, part.output, moved(at.output, behind), strip.fill_bottom);
    entry_.emit(nest, part);
    const Address pooled = stepped(moved(image.output, strip.first * out.row_bytes()), s,
                                   strip.count * out.row_bytes());
    emit_pooling(nest, strip, part.output, rows, pooled);
  }

  void emit_padding(NestBuilder& nest, const MapLayout& strip, const Address& first,
                    int64_t rows) const {
    if (rows == 0) return;
    emit_fill(nest, -std::numeric_limits<float>::infinity(), first,
              {{"image", cut_->images, 0, strip.image_bytes()},
               {"value", rows * strip.row_bytes() / kFloatBytes, 0, kFloatBytes}});
  }

  void emit_pooling(NestBuilder& nest, const Strip& strip, const MapLayout& layout,
                    const Address& rows, const Address& pooled) const {
    const WindowSpan row = {
        0, strip.count, 0, pool_.window.kernel_height, 0, pool_.window.kernel_height};
    nest.loop("image", cut_->images, [&](LoopVariable n) {
      nest.loop("row", strip.count, [&](LoopVariable y) {
        const Address from =
            stepped(stepped(rows, n, layout.image_bytes()), y, rows_.stride * layout.row_bytes());
        const Address to =
            stepped(stepped(pooled, n, pool_.output.image_bytes()), y, pool_.output.row_bytes());
        emit_pooled_row(nest, pool_, row, from, to);
      });
    });
  }

  const AlgorithmEntry& entry_;
  const ConvProblem& problem_;
  const PoolWindows& pool_;
  const PoolingRows rows_;
  const std::optional<StripCut> cut_;  // absent where the algorithm does not apply
};

}  // namespace

bool pools_by_rows(PoolMethod method, const Window2d& window, const FeatureShape& map,
                   const FeatureShape& pooled) {
  const PoolingRows rows = rows_of_windows(window, map, pooled);
  const bool is_padded = rows.fill_top > 0 || rows.fill_bottom > 0;
  return rows.overlap >= 0 && rows.fill_top <= rows.overlap &&
         (method == PoolMethod::kMax || !is_padded);
}

std::optional<double> pooled_cost(const AlgorithmEntry& entry, const ConvProblem& problem) {
  return PooledConv(entry, problem).cost();
}

uint64_t pooled_scratch_bytes(const AlgorithmEntry& entry, const ConvProblem& problem) {
  return PooledConv(entry, problem).scratch_bytes();
}

void emit_pooled(NestBuilder& nest, const AlgorithmEntry& entry, const ConvProblem& problem) {
  PooledConv(entry, problem).emit(nest);
}

}  // namespace wattgrind
