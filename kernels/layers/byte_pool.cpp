#include "kernels/layers/byte_lowering.h"
#include "kernels/layout/byte_reduction.h"
#include "kernels/layout/tiling.h"
#include "kernels/layout/window_spans.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/byte_values.h"

namespace wattgrind {
namespace {

// Windows of at most this many numbers are written out; larger ones become loops.
constexpr int64_t kUnrolledByteWindow = 9;

class BytePoolLowering {
 public:
  BytePoolLowering(const Window2d& window, bool is_max, bool counts_padding, std::string name,
                   const LayerContext& context)
      : window_(window),
        is_max_(is_max),
        counts_padding_(counts_padding),
        context_(context),
        nest_(std::move(name), context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    const Address input =
        nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch));
    const Address output =
        nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch));
    const auto rows = row_spans(window_, in.shape, out.shape);
    const auto columns = column_spans(window_, in.shape, out.shape);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      for (const WindowSpan& row : rows) {
        nest_.loop("row", row.count, [&](LoopVariable y) {
          for (const WindowSpan& column : columns) {
            nest_.loop("column", column.count, [&](LoopVariable x) {
              Address from = moved(input, in.pixel_bytes(row.input_first, column.input_first));
              from = stepped(from, n, in.image_bytes());
              from = stepped(from, y, window_.stride_height * in.row_bytes());
              from = stepped(from, x, window_.stride_width * in.channel_bytes());
              Address to = moved(output, out.pixel_bytes(row.first, column.first));
              to = stepped(to, n, out.image_bytes());
              to = stepped(stepped(to, y, out.row_bytes()), x, out.channel_bytes());
              if (is_max_) {
                emit_largest(row, column, from, to);
              } else {
                emit_means(row, column, from, to);
              }
            });
          }
        });
      }
    });
    return std::move(nest_).finish();
  }

 private:
  // Calls body(lanes, from, to) for vectors of so many bytes a lane, and at most so many lanes.
  template <typename Body>
  void each_vector(int64_t first, int64_t bytes, int64_t lane_bytes, int most_lanes,
                   const Address& from, const Address& to, const Body& body) {
    for (const Tiles& piece : vector_pieces(bytes / lane_bytes, most_lanes)) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        const auto at = [&](const Address& address) {
          return stepped(moved(address, first + piece.start * lane_bytes), c,
                         piece.size * lane_bytes);
        };
        body(static_cast<int>(piece.size), at(from), at(to));
      });
    }
  }

  // Combines the window's vectors. `load(address)` loads one, combine(a, b) makes one of two.
  template <typename Load>
  Register reduce(const WindowSpan& row, const WindowSpan& column, const Address& from,
                  Opcode opcode, const Load& load, Register start) {
    const int64_t rows = row.kernel_count, columns = column.kernel_count;
    const int64_t row_bytes = window_.dilation_height * context_.input().row_bytes();
    const int64_t column_bytes = window_.dilation_width * context_.input().channel_bytes();
    if (rows * columns > kUnrolledByteWindow) {
      nest_.loop("kernel_row", rows, [&](LoopVariable r) {
        nest_.loop("kernel_column", columns, [&](LoopVariable s) {
          nest_.assign(start, opcode, start,
                       load(stepped(stepped(from, r, row_bytes), s, column_bytes)));
        });
      });
      return start;
    }
    Register total = kNoRegister;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t s = 0; s < columns; ++s) {
        const Register value = load(moved(from, r * row_bytes + s * column_bytes));
        total = total == kNoRegister ? value : nest_.apply(opcode, total, value);
      }
    }
    return total;
  }

  // Four bytes a lane, and what is left of a pixel one by one.
  void emit_largest(const WindowSpan& row, const WindowSpan& column, const Address& from,
                    const Address& to) {
    const bool is_signed = stores_signed_bytes(nest_.isa());
    const int64_t pitch = context_.input().channel_pitch;
    const int64_t whole = pitch / kLaneBytes * kLaneBytes;
    const Opcode opcode = is_signed ? Opcode::kMaxS8 : Opcode::kMaxU8;
    if (whole > 0) {
      each_vector(0, whole, kLaneBytes, nest_.max_lanes(), from, to,
                  [&](int lanes, const Address& a, const Address& b) {
                    // A loop begins with the window's first numbers.
                    const auto load = [&](const Address& at) { return nest_.load(lanes, at); };
                    const bool loops = row.kernel_count * column.kernel_count > kUnrolledByteWindow;
                    const Register start =
                        loops ? nest_.apply(Opcode::kMove, load(a)) : kNoRegister;
                    nest_.store(reduce(row, column, a, opcode, load, start), b);
                  });
    }
    if (whole == pitch) return;
    each_vector(whole, pitch - whole, kByteBytes, 1, from, to,
                [&](int lanes, const Address& a, const Address& b) {
                  const auto load = [&](const Address& at) {
                    return nest_.load_bytes(lanes, is_signed, at);
                  };
                  const Register start =
                      nest_.int_constant(lanes, stored_zero_point(nest_.isa(), 0));
                  nest_.store_bytes(reduce(row, column, a, Opcode::kMaxInt, load, start), b);
                });
  }

  void emit_means(const WindowSpan& row, const WindowSpan& column, const Address& from,
                  const Address& to) {
    const ByteScale in = context_.input_bytes.front().value();
    const ByteScale out = context_.int8.value().output.value();
    const int64_t values = row.kernel_count * column.kernel_count;
    const int64_t counted = counts_padding_ ? row.padded_count * column.padded_count : values;
    const int64_t zeros = values * stored_zero_point(nest_.isa(), in.zero_point);
    const float scale = in.scale / out.scale / static_cast<float>(counted);
    each_vector(0, context_.input().channel_pitch, kByteBytes, nest_.max_lanes(), from, to,
                [&](int lanes, const Address& a, const Address& b) {
                  const auto load = [&](const Address& at) {
                    return nest_.load_bytes(lanes, stores_signed_bytes(nest_.isa()), at);
                  };
                  Register sum =
                      reduce(row, column, a, Opcode::kAddInt, load, nest_.int_constant(lanes, 0));
                  if (zeros != 0) {
                    sum = nest_.apply(Opcode::kAddInt, sum,
                                      nest_.int_constant(lanes, static_cast<int>(-zeros)));
                  }
                  const Register factor = nest_.constant(lanes, scale);
                  const Register scaled =
                      nest_.apply(Opcode::kMul, nest_.apply(Opcode::kToFloat, sum), factor);
                  store_numbers(nest_, unrounded(scaled, out), b);
                });
  }

  const Window2d window_;
  const bool is_max_;
  const bool counts_padding_;
  const LayerContext& context_;
  NestBuilder nest_;
};

}  // namespace

LoopNest lower_byte_pool(const Window2d& window, bool is_max, bool counts_padding,
                         const LayerContext& context) {
  return BytePoolLowering(window, is_max, counts_padding,
                          is_max ? "maxpool2d_int8" : "avgpool2d_int8", context)
      .lower();
}

LoopNest lower_byte_global_pool(const LayerContext& context) {
  const FeatureShape& in = context.input().shape;
  Window2d window;
  window.kernel_height = in.height;
  window.kernel_width = in.width;
  return BytePoolLowering(window, false, false, "globalavgpool2d_int8", context).lower();
}

}  // namespace wattgrind
