#include <algorithm>
#include <set>

#include "estimator/base/error.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/blocking.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/epilogue.h"

namespace wattgrind {
namespace {

// The most pixels of a tile, whose sums stay in registers while a kernel row's weights, which stay
// as well, meet the inputs one by one: each input is loaded once for all the taps it is under.
// Eight sums hide the latency of their multiply-adds.
constexpr int64_t kMostPixels = kLatencyHidingSums;
// The most taps of a kernel row whose weights are in registers at once.
constexpr int64_t kMostTaps = 5;

// The channels whose weights stay in L1 beside the rows of input that they meet.
constexpr int64_t kWeightsBytes = kWeightChunkBytes / 2;

class DepthwiseLowering {
 public:
  DepthwiseLowering(const Conv2d& conv, const LayerContext& context)
      : window_(conv.window), context_(context), nest_("depthwise_conv2d", context.isa) {}

  LoopNest lower() && {
    const int64_t pitch = context_.input().channel_pitch;
    const auto floats = [](int64_t count) { return static_cast<uint64_t>(count * kFloatBytes); };
    input_ =
        nest_.buffer(Operand::kInput, TensorRole::kInput, context_.input().bytes(context_.batch));
    weights_ = nest_.buffer(Operand::kWeights, TensorRole::kWeights, floats(taps() * pitch));
    bias_ = nest_.buffer(Operand::kBias, TensorRole::kBias, floats(pitch));
    output_ =
        nest_.buffer(Operand::kOutput, TensorRole::kOutput, context_.output.bytes(context_.batch));
    epilogue_ = make_epilogue(nest_, context_.fused, context_.output, context_.batch);
    input_.offset_bytes = context_.input().pixel_bytes(-window_.pad_top, -window_.pad_left);
    output_.offset_bytes = context_.output.pixel_bytes(0, 0);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      for (const std::vector<Tiles>& together : channel_passes()) lower_pass(together, n);
    });
    return std::move(nest_).finish();
  }

 private:
  int64_t taps() const { return window_.kernel_height * window_.kernel_width; }
  int64_t tap_bytes() const { return context_.input().channel_bytes(); }
  int64_t input_pixel_bytes() const {
    return window_.stride_width * context_.input().channel_bytes();
  }

  // The pieces of a pixel's channels that pass the map together. Where the weights of all are too
  // many, those of full vectors pass in chunks, each of which `start` is the first's and `count`
  // the vectors of, and the rest afterwards.
  std::vector<std::vector<Tiles>> channel_passes() const {
    const auto pieces = vector_pieces(context_.input().channel_pitch, nest_.max_lanes());
    if (taps() * tap_bytes() <= kWeightsBytes) return {pieces};
    std::vector<std::vector<Tiles>> passes = {{pieces[0]}};
    if (pieces.size() > 1) passes.emplace_back(pieces.begin() + 1, pieces.end());
    return passes;
  }

  // How many vectors of a piece go through a row before the next row begins: where they have no
  // divisor near the wanted one, all.
  int64_t chunk_vectors(const Tiles& piece) const {
    const int64_t wanted =
        std::max<int64_t>(1, kWeightsBytes / (taps() * piece.size * kFloatBytes));
    const int64_t chunk = largest_divisor(piece.count, wanted);
    return 2 * chunk >= wanted ? chunk : piece.count;
  }

  void lower_pass(const std::vector<Tiles>& pieces, LoopVariable n) {
    const int64_t chunk = pieces.size() == 1 ? chunk_vectors(pieces[0]) : 1;
    CHECK(chunk > 0, "{} vectors in chunks of none", pieces[0].count);
    const int64_t chunks = pieces.size() == 1 ? pieces[0].count / chunk : 1;
    const int64_t chunk_bytes = pieces.size() == 1 ? chunk * pieces[0].size * kFloatBytes : 0;
    std::vector<Tiles> chunk_pieces = pieces;
    if (pieces.size() == 1) chunk_pieces[0].count = chunk;
    const FeatureShape& shape = context_.output.shape;
    const Address input = stepped(input_, n, context_.input().image_bytes());
    const Address output = stepped(output_, n, context_.output.image_bytes());
    nest_.loop("channel_chunk", chunks, [&](LoopVariable k) {
      const Operands chunk_operands{
          stepped(input, k, chunk_bytes), stepped(weights_, k, chunk_bytes),
          stepped(bias_, k, chunk_bytes), stepped(output, k, chunk_bytes)};
      nest_.loop("row", shape.height, [&](LoopVariable y) {
        Operands row = chunk_operands;
        row.input = stepped(row.input, y, window_.stride_height * context_.input().row_bytes());
        row.output = stepped(row.output, y, context_.output.row_bytes());
        for (const Tiles& tiles : balanced_tiles(shape.width, kMostPixels)) {
          lower_pixels(tiles, chunk_pieces, row);
        }
      });
    });
  }

  struct Operands {
    Address input, weights, bias, output;
  };

  void lower_pixels(const Tiles& tiles, const std::vector<Tiles>& pieces, const Operands& row) {
    nest_.loop("column", tiles.count, [&](LoopVariable x) {
      Operands pixels = row;
      pixels.input = stepped(moved(row.input, tiles.start * input_pixel_bytes()), x,
                             tiles.size * input_pixel_bytes());
      pixels.output = stepped(moved(row.output, tiles.start * context_.output.channel_bytes()), x,
                              tiles.size * context_.output.channel_bytes());
      for (const Tiles& piece : pieces) {
        nest_.loop("channel", piece.count, [&](LoopVariable c) {
          const auto at = [&](const Address& address) {
            return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
          };
          lower_tile(tiles.size, static_cast<int>(piece.size),
                     {at(pixels.input), at(pixels.weights), at(pixels.bias), at(pixels.output)});
        });
      }
    });
  }

  void lower_tile(int64_t pixels, int lanes, const Operands& at) {
    const Register start = nest_.load(lanes, at.bias);
    std::vector<Register> sums;
    for (int64_t p = 0; p < pixels; ++p) sums.push_back(nest_.apply(Opcode::kMove, start));
    nest_.loop("kernel_row", window_.kernel_height, [&](LoopVariable r) {
      const Address weights = stepped(at.weights, r, window_.kernel_width * tap_bytes());
      const Address input =
          stepped(at.input, r, window_.dilation_height * context_.input().row_bytes());
      for (const Tiles& columns : balanced_tiles(window_.kernel_width, kMostTaps)) {
        nest_.loop("kernel_column", columns.count, [&](LoopVariable s) {
          const auto column = [&](const Address& address, int64_t bytes) {
            return stepped(moved(address, columns.start * bytes), s, columns.size * bytes);
          };
          add_row(columns.size, column(input, window_.dilation_width * tap_bytes()),
                  column(weights, tap_bytes()), sums);
        });
      }
    });
    for (int64_t p = 0; p < pixels; ++p) {
      const Register sum = sums[static_cast<size_t>(p)];
      const Address output = moved(at.output, p * context_.output.channel_bytes());
      nest_.store(epilogue_ ? epilogue_(sum, output) : sum, output);
    }
  }

  // Adds the products of so many taps of a kernel row to every pixel's sum.
  void add_row(int64_t taps, const Address& input, const Address& weights,
               const std::vector<Register>& sums) {
    const int lanes = nest_.lanes(sums[0]);
    std::vector<Register> tap_weights;
    for (int64_t t = 0; t < taps; ++t) {
      tap_weights.push_back(nest_.load(lanes, moved(weights, t * tap_bytes())));
    }
    const auto pixels = static_cast<int64_t>(sums.size());
    const auto column_of = [&](int64_t pixel, int64_t tap) {
      return pixel * window_.stride_width + tap * window_.dilation_width;
    };
    std::set<int64_t> columns;
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t t = 0; t < taps; ++t) columns.insert(column_of(p, t));
    }
    for (const int64_t column : columns) {
      const Register value = nest_.load(lanes, moved(input, column * tap_bytes()));
      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t t = 0; t < taps; ++t) {
          if (column_of(p, t) != column) continue;
          const Register sum = sums[static_cast<size_t>(p)];
          nest_.assign(sum, Opcode::kMulAdd, value, tap_weights[static_cast<size_t>(t)], sum);
        }
      }
    }
  }

  const Window2d& window_;
  const LayerContext& context_;
  NestBuilder nest_;
  Address input_, weights_, bias_, output_;
  Epilogue epilogue_;
};

}  // namespace

LoopNest lower_depthwise_conv2d(const Conv2d& conv, const LayerContext& context) {
  return DepthwiseLowering(conv, context).lower();
}

}  // namespace wattgrind
