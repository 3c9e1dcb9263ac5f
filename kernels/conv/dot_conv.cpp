#include "kernels/conv/dot_conv.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/conv/thresholds.h"

namespace wattgrind {
namespace {

// The most sums that a tile holds. So many hide the latency of their multiply-adds and take no more
// loads than multiply-adds. More take longer to compile, because the lanes of every sum are added:
// 24 sums took 11 ms and saved nothing.
constexpr int64_t kMostSums = 16;

int64_t row_values(const DirectConv& conv) { return conv.kernel_width * conv.input.channel_pitch; }

// The widest vectors that a row of the window divides into.
int dot_lanes(const DirectConv& conv, Isa isa) {
  const uint64_t divisor = uint64_t{1} << std::countr_zero(static_cast<uint64_t>(row_values(conv)));
  return static_cast<int>(std::min<uint64_t>(divisor, traits(isa).float_lanes));
}

int64_t row_vectors(const DirectConv& conv, Isa isa) {
  return row_values(conv) / dot_lanes(conv, isa);
}

class DotConvEmitter {
 public:
  DotConvEmitter(NestBuilder& nest, const DirectConv& conv)
      : nest_(nest), conv_(conv), lanes_(dot_lanes(conv, nest.isa())) {}

  void emit() {
    const int64_t input_row_bytes = conv_.input_row_step * conv_.input.row_bytes();
    const int64_t output_row_bytes = conv_.output_row_step * conv_.output.row_bytes();
    nest_.loop("row", conv_.rows, [&](LoopVariable y) {
      for (const Tiles& tiles : balanced_tiles(conv_.columns, most_pixels())) {
        nest_.loop("column", tiles.count, [&](LoopVariable x) {
          const auto at = [&](const Address& first, int64_t row_bytes, int64_t pixel_bytes) {
            return stepped(stepped(moved(first, tiles.start * pixel_bytes), y, row_bytes), x,
                           tiles.size * pixel_bytes);
          };
          emit_tile(tiles.size, at(conv_.input_values, input_row_bytes, input_pixel_bytes()),
                    at(conv_.output_values, output_row_bytes, output_pixel_bytes()));
        });
      }
    });
  }

 private:
  int64_t input_pixel_bytes() const {
    return conv_.input_column_step * conv_.input.channel_bytes();
  }
  int64_t output_pixel_bytes() const {
    return conv_.output_column_step * conv_.output.channel_bytes();
  }

  int64_t most_pixels() const {
    return std::min(most_vectors(nest_.isa(), conv_.group_outputs),
                    std::max<int64_t>(1, kMostSums / conv_.group_outputs));
  }

  void emit_tile(int64_t pixels, const Address& input, const Address& output) {
    std::vector<Register> sums;  // [output][pixel]
    for (int64_t i = 0; i < conv_.group_outputs * pixels; ++i) {
      sums.push_back(nest_.constant(lanes_, 0));
    }
    const int64_t vector_bytes = lanes_ * kFloatBytes;
    nest_.loop("kernel_row", conv_.kernel_height, [&](LoopVariable r) {
      nest_.loop("tap", row_vectors(conv_, nest_.isa()), [&](LoopVariable t) {
        emit_step(pixels, stepped(stepped(input, r, conv_.tap_row_bytes()), t, vector_bytes),
                  stepped(stepped(conv_.weights, r, dot_weights_row_bytes(conv_)), t, vector_bytes),
                  sums);
      });
    });
    for (int64_t f = 0; f < conv_.group_outputs; ++f) {
      const bool biased = conv_.start == TileStart::kBias;
      const Register bias =
          biased ? nest_.load(1, moved(conv_.bias, f * kFloatBytes)) : kNoRegister;
      for (int64_t p = 0; p < pixels; ++p) {
        const Register dot =
            nest_.reduce(Opcode::kReduceAdd, sums[static_cast<size_t>(f * pixels + p)]);
        const Register sum = biased ? nest_.apply(Opcode::kAdd, dot, bias) : dot;
        const Address at = moved(output, p * output_pixel_bytes() + f * kFloatBytes);
        nest_.store(conv_.epilogue ? conv_.epilogue(sum, at) : sum, at);
      }
    }
  }

  // Whichever operand is the fewer stays in registers while the other passes by.
  void emit_step(int64_t pixels, const Address& input, const Address& weights,
                 const std::vector<Register>& sums) {
    const int64_t output_bytes = conv_.kernel_height * dot_weights_row_bytes(conv_);
    const auto value = [&](int64_t p) {
      return nest_.load(lanes_, moved(input, p * input_pixel_bytes()));
    };
    const auto weight = [&](int64_t f) {
      return nest_.load(lanes_, moved(weights, f * output_bytes));
    };
    const auto accumulate = [&](int64_t f, int64_t p, Register a, Register b) {
      const Register sum = sums[static_cast<size_t>(f * pixels + p)];
      nest_.assign(sum, Opcode::kMulAdd, a, b, sum);
    };
    const int64_t outputs = conv_.group_outputs;
    const bool weights_stay = outputs <= pixels;
    std::vector<Register> staying;
    for (int64_t i = 0; i < std::min(outputs, pixels); ++i) {
      staying.push_back(weights_stay ? weight(i) : value(i));
    }
    for (int64_t j = 0; j < std::max(outputs, pixels); ++j) {
      const Register passing = weights_stay ? value(j) : weight(j);
      for (size_t i = 0; i < staying.size(); ++i) {
        const auto kept = static_cast<int64_t>(i);
        accumulate(weights_stay ? kept : j, weights_stay ? j : kept, passing, staying[i]);
      }
    }
  }

  NestBuilder& nest_;
  const DirectConv& conv_;
  const int lanes_;
};

}  // namespace

std::optional<int64_t> dot_conv_cost(const DirectConv& conv, Isa isa) {
  if (conv.groups > 1 || conv.group_outputs > kMostNarrowChannels || !conv.taps_touch()) {
    return std::nullopt;
  }
  const int lanes = dot_lanes(conv, isa);
  if (lanes < kLeastDotLanes) return std::nullopt;
  // The sum of a vector's lanes is a shuffle and an addition for every halving, then the bias and a
  // store.
  const int64_t lane_sum = 2 * std::countr_zero(static_cast<unsigned>(lanes)) + 2;
  return conv.rows * conv.columns * conv.group_outputs *
         (conv.kernel_height * row_vectors(conv, isa) + lane_sum);
}

int64_t dot_weights_row_bytes(const DirectConv& conv) { return row_values(conv) * kFloatBytes; }

void emit_dot_conv(NestBuilder& nest, const DirectConv& conv) { DotConvEmitter(nest, conv).emit(); }

}  // namespace wattgrind
