#include "kernels/conv/tiled_conv.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/conv/direct_conv.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/conv/tile_transform.h"
#include "kernels/layout/blocking.h"

namespace wattgrind {
namespace {

// The tiles along one side of the output.
struct TileLine {
  int64_t extent = 0;   // outputs
  int64_t outputs = 0;  // of a tile

  int64_t whole() const { return extent / outputs; }  // side by side from the first output on
  int64_t moved_back() const { return extent % outputs > 0 ? 1 : 0; }
  int64_t count() const { return whole() + moved_back(); }
};

// A stretch of a line's tiles: so many side by side, then perhaps the one that is moved back.
struct Stretch {
  int64_t tiles = 0;
  bool has_last = false;

  int64_t count() const { return tiles + (has_last ? 1 : 0); }
};

// So many equal stretches, one after the other, from a tile on.
struct Stretches {
  Stretch of;
  int64_t first = 0, times = 1;
};

// A line cut into stretches of so many tiles, the last of which takes in what is left over.
std::vector<Stretches> stretches_of(const TileLine& line, int64_t tiles) {
  const bool has_last = line.moved_back() > 0;
  const int64_t full = line.whole() / tiles, rest = line.whole() % tiles;
  if (full == 1 && rest == 0) return {{{tiles, has_last}, 0, 1}};
  std::vector<Stretches> stretches = {{{tiles, false}, 0, full}};
  if (rest > 0 || has_last) stretches.push_back({{rest, has_last}, full * tiles, 1});
  return stretches;
}

// The tiles of which all values are there at once: of so many images, of each so many lines, of
// each so many tiles.
struct TileBlock {
  int64_t images = 1;
  Stretch lines, line;

  int64_t image_tiles() const { return lines.count() * line.count(); }
  int64_t tiles() const { return images * image_tiles(); }
};

// The channels of a group's pixel, with padding channels where those fill the last vector.
int64_t channels_read(const ConvProblem& problem) {
  const int64_t lanes = traits(problem.isa).float_lanes;
  const int64_t whole = (problem.group_inputs() + lanes - 1) / lanes * lanes;
  const bool fills = problem.groups == 1 && problem.input.channel_pitch <= whole;
  return fills ? problem.input.channel_pitch : problem.group_inputs();
}

class TiledConv {
 public:
  TiledConv(const ConvProblem& problem, WeightForm form)
      : problem_(problem),
        form_(form),
        tile_(tile_form(form)),
        down_{problem.output.shape.height, tile_outputs(form, problem.window.kernel_height)},
        across_{problem.output.shape.width, tile_outputs(form, problem.window.kernel_width)},
        products_(tile_products(form, problem.groups, problem.group_inputs(),
                                problem.group_filters(), problem.isa)),
        transform_{form, down_.outputs, across_.outputs},
        part_channels_(channels_read(problem)),
        input_values_(staggered_pitch(problem.groups * tile_.parts * part_channels_, lanes())),
        sum_values_(staggered_pitch(problem.groups * products_.width(), lanes())) {
    choose_block();
  }

  double cost() const {
    double cost = 0;
    for_each_block(block_, [&](const TileBlock& block, int64_t times) {
      cost += static_cast<double>(times * tile_.values * problem_.groups) *
              static_cast<double>(direct_conv_cost(product(block), problem_.isa));
    });
    const int64_t tiles = problem_.batch * down_.count() * across_.count();
    int64_t input_vectors = 0, filter_vectors = 0;
    for (const Tiles& piece : vector_pieces(part_channels_, lanes())) input_vectors += piece.count;
    for (const ColumnBlock& block : problem_.filter_blocks()) filter_vectors += block.vectors;
    return cost + static_cast<double>(tiles * problem_.groups *
                                      (input_vectors * transform_.input_cost() +
                                       filter_vectors * transform_.output_cost()));
  }

  int64_t input_bytes() const { return tile_.values * value_bytes(block_, input_values_); }
  int64_t sum_bytes() const { return tile_.values * value_bytes(block_, sum_values_); }
  int64_t work_bytes() const { return transform_.work_vectors() * lanes() * kFloatBytes; }

  void emit(NestBuilder& nest) const {
    Operands operands;
    operands.maps = forward_operands(nest, problem_, weight_bytes());
    const auto scratch = [&](int64_t bytes, uint32_t index) {
      return nest.buffer(Operand::kScratch, TensorRole::kScratch, static_cast<uint64_t>(bytes),
                         index);
    };
    operands.inputs = scratch(input_bytes(), 0);
    operands.sums = scratch(sum_bytes(), 1);
    operands.work = scratch(work_bytes(), 2);
    const std::vector<Tiles> images = full_tiles(problem_.batch, block_.images);
    for (const Tiles& group : images) {
      nest.loop("images", group.count, [&](LoopVariable i) {
        Operands at = operands;
        const auto step = [&](Address& address, const MapLayout& map) {
          address = stepped(moved(address, group.start * map.image_bytes()), i,
                            group.size * map.image_bytes());
        };
        step(at.maps.input, problem_.input);
        step(at.maps.output, problem_.output);
        emit_images(nest, group.size, at);
      });
    }
  }

 private:
  struct Operands {
    ForwardOperands maps;
    Address inputs, sums, work;  // transformed inputs, their products, a tile's own memory
  };

  int lanes() const { return traits(problem_.isa).float_lanes; }
  uint64_t weight_bytes() const {
    return static_cast<uint64_t>(tile_.values * products_.weights() * kFloatBytes);
  }
  // From one transformed value of a block's tiles to the next.
  int64_t value_bytes(const TileBlock& block, int64_t values) const {
    return staggered_pitch(block.tiles() * values, lanes()) * kFloatBytes;
  }

  // Calls visit(block, how many there are) where blocks are as large as this one.
  template <typename Visit>
  void for_each_block(const TileBlock& largest, const Visit& visit) const {
    for (const Tiles& images : full_tiles(problem_.batch, largest.images)) {
      for (const Stretches& lines : stretches_of(down_, largest.lines.tiles)) {
        for (const Stretches& line : stretches_of(across_, largest.line.tiles)) {
          visit(TileBlock{images.size, lines.of, line.of}, images.count * lines.times * line.times);
        }
      }
    }
  }

  // Bytes of a block's transformed values of both kinds.
  int64_t block_bytes(const TileBlock& block) const {
    return tile_.values * (value_bytes(block, input_values_) + value_bytes(block, sum_values_));
  }

  // What moves between L2 and what lies below for blocks of this size: weights once a block, and
  // what is transformed out and in where a block's does not stay in L2.
  double moved_bytes(const TileBlock& largest) const {
    const auto weights = static_cast<int64_t>(weight_bytes());
    double moved = 0;
    for_each_block(largest, [&](const TileBlock& block, int64_t times) {
      const int64_t bytes = block_bytes(block);
      const int64_t values =
          bytes > resident_map_bytes(problem_.isa) ? 2 * bytes * distance_from_l2(bytes) : 0;
      moved += static_cast<double>(times) *
               static_cast<double>(weights * distance_from_l2(weights) + values);
    });
    return moved;
  }

  // Blocks are large enough to keep a product's registers busy, and take no more memory than the
  // weights do, or than L2 has room for; of those the one is taken for which the fewest bytes move.
  void choose_block() {
    const int64_t most_bytes =
        std::max(static_cast<int64_t>(weight_bytes()), resident_map_bytes(problem_.isa));
    // Two vectors of as many sums hide the latency of additions.
    const int64_t least_tiles = std::max(kLatencyHidingSums / 2, tile_rows(problem_.isa) / 2);
    const auto block_of = [&](int64_t images, int64_t lines, int64_t tiles) {
      return TileBlock{images, stretches_of(down_, lines)[0].of,
                       stretches_of(across_, tiles)[0].of};
    };
    block_ = block_of(1, 1, 1);
    std::optional<double> least;
    const auto consider = [&](const TileBlock& block) {
      if (block.tiles() < least_tiles || block_bytes(block) > most_bytes) return;
      const double cost = moved_bytes(block);
      if (least && cost >= *least) return;
      least = cost;
      block_ = block;
    };
    const int64_t lines = down_.whole(), tiles = across_.whole();
    for (int64_t n = problem_.batch; n > 0; --n) consider(block_of(n, lines, tiles));
    for (int64_t n = lines - 1; n > 0; --n) consider(block_of(1, n, tiles));
    for (int64_t n = tiles - 1; n > 0; --n) consider(block_of(1, 1, n));
    if (!least) block_ = block_of(1, 1, tiles);
  }

  // The product of one transformed value, without addresses.
  DirectConv product(const TileBlock& block) const {
    DirectConv conv;
    conv.groups = problem_.groups;
    conv.group_inputs = products_.channels;
    conv.group_outputs = products_.width();
    conv.columns = block.tiles();
    conv.input = {{problem_.groups * products_.channels, 1, conv.columns}, input_values_, {}};
    conv.output = {{problem_.groups * products_.width(), 1, conv.columns}, sum_values_, {}};
    conv.blocks = products_.blocks;
    conv.start = TileStart::kZero;
    conv.weights_ahead_bytes = ahead_bytes(problem_, static_cast<int64_t>(weight_bytes()));
    return conv;
  }

  void emit_images(NestBuilder& nest, int64_t images, const Operands& image) const {
    for (const Stretches& lines : stretches_of(down_, block_.lines.tiles)) {
      for (const Stretches& line : stretches_of(across_, block_.line.tiles)) {
        nest.loop("block_row", lines.times, [&](LoopVariable y) {
          nest.loop("block", line.times, [&](LoopVariable x) {
            emit_block(nest, {images, lines.of, line.of},
                       {image, {lines.first, y, lines.of.tiles}, {line.first, x, line.of.tiles}});
          });
        });
      }
    }
  }

  // Where a block begins along one side: at a tile, and so many on with each iteration of a loop.
  struct Start {
    int64_t first = 0;
    LoopVariable loop;
    int64_t step = 0;

    Address of(const Address& image, int64_t tile_bytes) const {
      return stepped(moved(image, first * tile_bytes), loop, step * tile_bytes);
    }
  };

  struct BlockPlace {
    Operands image;  // of the first image of the block, with its maps' first values
    Start lines, line;
  };

  void emit_block(NestBuilder& nest, const TileBlock& block, const BlockPlace& at) const {
    for_each_tile(nest, block, at,
                  [&](const Tile& tile) { emit_inputs(nest, block, at.image, tile); });
    nest.loop("value", tile_.values, [&](LoopVariable v) {
      DirectConv conv = product(block);
      conv.input_values = stepped(at.image.inputs, v, value_bytes(block, input_values_));
      conv.output_values = stepped(at.image.sums, v, value_bytes(block, sum_values_));
      conv.weights = stepped(at.image.maps.weights, v, products_.weights() * kFloatBytes);
      emit_direct_conv(nest, conv);
    });
    for_each_tile(nest, block, at,
                  [&](const Tile& tile) { emit_outputs(nest, block, at.image, tile); });
  }

  // Where a tile's first input and output lie, and its transformed values of either kind.
  struct Tile {
    Address input, output, inputs, sums;
  };

  // The same so many tiles and bytes on, or with each iteration of a loop.
  Tile moved_on(const Tile& tile, int64_t tiles, int64_t input_bytes, int64_t output_bytes) const {
    return {moved(tile.input, input_bytes), moved(tile.output, output_bytes),
            moved(tile.inputs, tiles * input_values_ * kFloatBytes),
            moved(tile.sums, tiles * sum_values_ * kFloatBytes)};
  }
  Tile stepped_on(const Tile& tile, LoopVariable i, int64_t tiles, int64_t input_bytes,
                  int64_t output_bytes) const {
    return {stepped(tile.input, i, input_bytes), stepped(tile.output, i, output_bytes),
            stepped(tile.inputs, i, tiles * input_values_ * kFloatBytes),
            stepped(tile.sums, i, tiles * sum_values_ * kFloatBytes)};
  }

  template <typename Body>
  void for_each_tile(NestBuilder& nest, const TileBlock& block, const BlockPlace& at,
                     const Body& body) const {
    const MapLayout& in = problem_.input;
    const MapLayout& out = problem_.output;
    const Tile first = {at.image.maps.input, at.image.maps.output, at.image.inputs, at.image.sums};
    nest.loop("image", block.images, [&](LoopVariable n) {
      const Tile image =
          stepped_on(first, n, block.image_tiles(), in.image_bytes(), out.image_bytes());
      const auto each = [&](const Tile& line) {
        for_each_of_line(nest, block.line, across_, at.line, in.channel_bytes(),
                         out.channel_bytes(), 1, line, body);
      };
      for_each_of_line(nest, block.lines, down_, at.lines, in.row_bytes(), out.row_bytes(),
                       block.line.count(), image, each);
    });
  }

  // The tiles, or lines of so many tiles, of one side; `from` is where the image begins along it.
  template <typename Body>
  void for_each_of_line(NestBuilder& nest, const Stretch& stretch, const TileLine& line,
                        const Start& start, int64_t in, int64_t out, int64_t tiles,
                        const Tile& from, const Body& body) const {
    if (stretch.tiles > 0) {
      Tile first = from;
      first.input = start.of(from.input, line.outputs * in);
      first.output = start.of(from.output, line.outputs * out);
      nest.loop("tile", stretch.tiles, [&](LoopVariable i) {
        body(stepped_on(first, i, tiles, line.outputs * in, line.outputs * out));
      });
    }
    if (!stretch.has_last) return;
    const int64_t last = line.extent - line.outputs;
    body(moved_on(from, stretch.tiles * tiles, last * in, last * out));
  }

  void emit_inputs(NestBuilder& nest, const TileBlock& block, const Operands& at,
                   const Tile& tile) const {
    TileInputs inputs;
    inputs.row_bytes = problem_.input.row_bytes();
    inputs.column_bytes = problem_.input.channel_bytes();
    inputs.value_bytes = value_bytes(block, input_values_);
    inputs.part_bytes = problem_.group_inputs() * kFloatBytes;
    inputs.work = at.work;
    nest.loop("group", problem_.groups, [&](LoopVariable g) {
      const Address from = stepped(tile.input, g, problem_.group_inputs() * kFloatBytes);
      const Address to = stepped(tile.inputs, g, products_.channels * kFloatBytes);
      // Parts lie as close as the channels of the product do, so that what is beside the channels
      // must not be written over them.
      const int64_t channels = tile_.parts == 1 ? part_channels_ : problem_.group_inputs();
      for (const Tiles& piece : vector_pieces(channels, lanes())) {
        nest.loop("channel", piece.count, [&](LoopVariable c) {
          inputs.lanes = static_cast<int>(piece.size);
          const auto of = [&](const Address& first) {
            return stepped(moved(first, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
          };
          inputs.from = of(from);
          inputs.to = of(to);
          emit_tile_inputs(nest, transform_, inputs);
        });
      }
    });
  }

  void emit_outputs(NestBuilder& nest, const TileBlock& block, const Operands& at,
                    const Tile& tile) const {
    TileOutputs outputs;
    outputs.value_bytes = value_bytes(block, sum_values_);
    outputs.part_bytes = products_.part_filters * kFloatBytes;
    outputs.row_bytes = problem_.output.row_bytes();
    outputs.column_bytes = problem_.output.channel_bytes();
    outputs.work = at.work;
    outputs.epilogue = &at.maps.epilogue;
    const auto blocks = problem_.filter_blocks();
    nest.loop("group", problem_.groups, [&](LoopVariable g) {
      const Address from = stepped(tile.sums, g, products_.width() * kFloatBytes);
      const Address to = stepped(tile.output, g, problem_.group_filters() * kFloatBytes);
      const Address bias = stepped(at.maps.bias, g, padded_width(blocks) * kFloatBytes);
      for (const BlockRun& run : runs(blocks)) {
        nest.loop("filter", run.count * run.block.vectors, [&](LoopVariable k) {
          outputs.lanes = run.block.lanes;
          const auto of = [&](const Address& first) {
            return stepped(moved(first, run.block.first * kFloatBytes), k,
                           run.block.lanes * kFloatBytes);
          };
          outputs.from = of(from);
          outputs.to = of(to);
          outputs.bias = of(bias);
          emit_tile_outputs(nest, transform_, outputs);
        });
      }
    });
  }

  const ConvProblem& problem_;
  const WeightForm form_;
  const TileForm tile_;
  const TileLine down_, across_;
  const TileProducts products_;
  const TileTransform transform_;
  const int64_t part_channels_;
  const int64_t input_values_, sum_values_;  // from a tile's value to the next tile's
  TileBlock block_;                          // the largest, with which an image begins
};

}  // namespace

bool has_tiles(const ConvProblem& problem, WeightForm form) {
  const Window2d& window = problem.window;
  if (problem.is_dense || window.stride_height > 1 || window.stride_width > 1 ||
      window.dilation_height > 1 || window.dilation_width > 1) {
    return false;
  }
  const int64_t taps = std::max(window.kernel_height, window.kernel_width);
  const bool is_winograd = tile_form(form).parts == 1;
  if (is_winograd && (window.kernel_height != 3 || window.kernel_width != 3)) return false;
  if (!is_winograd && taps < kLeastFftTaps) return false;
  const int64_t rows = tile_outputs(form, window.kernel_height);
  const int64_t columns = tile_outputs(form, window.kernel_width);
  return rows > 0 && columns > 0 && problem.output.shape.height >= rows &&
         problem.output.shape.width >= columns;
}

double tiled_conv_cost(const ConvProblem& problem, WeightForm form) {
  return TiledConv(problem, form).cost();
}

uint64_t tiled_conv_scratch(const ConvProblem& problem, WeightForm form) {
  const TiledConv conv(problem, form);
  return static_cast<uint64_t>(conv.input_bytes() + conv.sum_bytes() + conv.work_bytes());
}

void emit_tiled_conv(NestBuilder& nest, const ConvProblem& problem, WeightForm form) {
  TiledConv(problem, form).emit(nest);
}

}  // namespace wattgrind
