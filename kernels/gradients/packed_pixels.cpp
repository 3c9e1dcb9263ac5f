#include "kernels/gradients/packed_pixels.h"

#include <algorithm>
#include <numeric>

#include "kernels/layout/blocking.h"
#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

constexpr int64_t kFewestWalks = 8;
// A tile's sums are loaded and stored once a chunk, which is as many references as three to six
// pixels make.
constexpr int64_t kFewestPixels = 128;

// The sets of L1 in which pixels begin that lie so many bytes apart.
int64_t sets_of_pixels(int64_t pitch_bytes) {
  return pitch_bytes % kLineBytes == 0 ? kL1Sets / std::gcd(kL1Sets, pitch_bytes / kLineBytes)
                                       : kL1Sets;
}

// Whether so many bytes of each pixel of an image stay in half of L1 where they lie.
bool stay_in_place(const ConvProblem& problem, int64_t pixel_bytes) {
  const MapLayout& out = problem.output;
  const int64_t pitch = out.channel_bytes();
  const int64_t lines = (pixel_bytes + kLineBytes - 1) / kLineBytes;
  const int64_t walked = out.shape.height * out.shape.width * std::min(pitch, lines * kLineBytes);
  return walked * kL1Sets <= kWeightChunkBytes * std::min(kL1Sets, sets_of_pixels(pitch) * lines);
}

// How many pixels' packed gradients and the lines of their input, a line each, L1 holds: by bytes,
// and by ways of the sets that the input's lines fall into, where that leaves enough.
int64_t pixels_together(const ConvProblem& problem, int64_t pixel_bytes) {
  const int64_t input_pitch = problem.window.stride_width * problem.input.channel_bytes();
  const int64_t by_bytes = kWalkedBytes / (pixel_bytes + std::min(kLineBytes, input_pitch));
  const double ways = 1.0 / static_cast<double>(sets_of_pixels(input_pitch)) +
                      static_cast<double>(pixel_bytes) / (kLineBytes * kL1Sets);
  const auto by_ways = static_cast<int64_t>(kWalkedWays / ways);
  return by_ways < kFewestPixels ? by_bytes : std::min(by_bytes, by_ways);
}

}  // namespace

std::optional<PackedPixels> packed_pixels(const ConvProblem& problem, int64_t pixel_bytes,
                                          int64_t walks) {
  if (walks < kFewestWalks || stay_in_place(problem, pixel_bytes)) return std::nullopt;
  const FeatureShape& out = problem.output.shape;
  const int64_t most = pixels_together(problem, pixel_bytes) / out.width;
  if (most < 1) return std::nullopt;
  const int64_t rows = balanced_tiles(out.height, most)[0].size;
  if (rows * out.width < kFewestPixels) return std::nullopt;
  return PackedPixels{rows, pixel_bytes};
}

void for_each_packed_chunk(NestBuilder& nest, const PackedPixels& packed, const Address& memory,
                           const ProductTile& tile,
                           const std::function<void(const ProductTile&)>& body) {
  const ReductionLoop& images = tile.reduction[0];
  const ReductionLoop& rows = tile.reduction[1];
  const ReductionLoop& columns = tile.reduction[2];
  const int64_t packed_row_bytes = columns.trips * packed.pixel_bytes;
  ProductTile chunk = tile;
  chunk.weights = memory;
  chunk.start = TileStart::kOutput;
  for (size_t v = 0; v < chunk.vectors.size(); ++v) {
    chunk.vectors[v].weight_bytes = static_cast<int64_t>(v) * tile.lanes * kFloatBytes;
  }
  nest.loop("image", images.trips, [&](LoopVariable n) {
    for (const Tiles& part : balanced_tiles(rows.trips, packed.rows)) {
      nest.loop("row_chunk", part.count, [&](LoopVariable c) {
        const auto place = [&](const Address& address, int64_t image_bytes, int64_t row_bytes) {
          return stepped(moved(stepped(address, n, image_bytes), part.start * row_bytes), c,
                         part.size * row_bytes);
        };
        const Address gradient = place(tile.weights, images.weight_bytes, rows.weight_bytes);
        nest.loop("row", part.size, [&](LoopVariable y) {
          nest.loop("column", columns.trips, [&](LoopVariable x) {
            const Address from =
                stepped(stepped(gradient, y, rows.weight_bytes), x, columns.weight_bytes);
            const Address to = stepped(stepped(memory, y, packed_row_bytes), x, packed.pixel_bytes);
            for (size_t v = 0; v < tile.vectors.size(); ++v) {
              nest.store(nest.load(tile.lanes, moved(from, tile.vectors[v].weight_bytes)),
                         moved(to, chunk.vectors[v].weight_bytes));
            }
          });
        });
        chunk.input = place(tile.input, images.input_bytes, rows.input_bytes);
        chunk.reduction = {{"row", part.size, rows.input_bytes, packed_row_bytes},
                           {"column", columns.trips, columns.input_bytes, packed.pixel_bytes}};
        body(chunk);
      });
    }
  });
}

}  // namespace wattgrind
