#include <limits>

#include "kernels/layers/lowering.h"
#include "kernels/layout/tiling.h"
#include "kernels/layout/window_spans.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// Windows of at most this many values are written out; larger ones become loops.
constexpr int64_t kUnrolledWindow = 9;

enum class PoolMethod { kMax, kAverage };

class PoolLowering {
 public:
  PoolLowering(const Window2d& window, PoolMethod method, bool counts_padding,
               const LayerContext& context)
      : window_(window),
        method_(method),
        counts_padding_(counts_padding),
        context_(context),
        nest_(method == PoolMethod::kMax ? "maxpool2d" : "avgpool2d", context.isa) {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch));
    output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch));
    const auto rows = row_spans(window_, in.shape, out.shape);
    const auto columns = column_spans(window_, in.shape, out.shape);
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      for (const WindowSpan& row : rows) {
        nest_.loop("row", row.count, [&](LoopVariable y) {
          for (const WindowSpan& column : columns) {
            nest_.loop("column", column.count,
                       [&](LoopVariable x) { lower_window(row, column, n, y, x); });
          }
        });
      }
    });
    return std::move(nest_).finish();
  }

 private:
  void lower_window(const WindowSpan& row, const WindowSpan& column, LoopVariable n, LoopVariable y,
                    LoopVariable x) {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    Address from = stepped(moved(input_, in.pixel_bytes(row.input_first, column.input_first)), n,
                           in.image_bytes());
    from = stepped(from, y, window_.stride_height * in.row_bytes());
    from = stepped(from, x, window_.stride_width * in.channel_bytes());
    Address to =
        stepped(moved(output_, out.pixel_bytes(row.first, column.first)), n, out.image_bytes());
    to = stepped(stepped(to, y, out.row_bytes()), x, out.channel_bytes());
    for (const Tiles& piece : vector_pieces(in.channel_pitch, nest_.max_lanes())) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        const auto at = [&](const Address& address) {
          return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
        };
        const Register result = reduce_window(row, column, static_cast<int>(piece.size), at(from));
        nest_.store(result, at(to));
      });
    }
  }

  Register reduce_window(const WindowSpan& row, const WindowSpan& column, int lanes,
                         const Address& from) {
    const int64_t rows = row.kernel_count, columns = column.kernel_count;
    const Opcode opcode = method_ == PoolMethod::kMax ? Opcode::kMax : Opcode::kAdd;
    const int64_t row_bytes = window_.dilation_height * context_.input().row_bytes();
    const int64_t column_bytes = window_.dilation_width * context_.input().channel_bytes();
    Register total = kNoRegister;
    if (rows * columns <= kUnrolledWindow) {
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t s = 0; s < columns; ++s) {
          const Register value = nest_.load(lanes, moved(from, r * row_bytes + s * column_bytes));
          total = total == kNoRegister ? value : nest_.apply(opcode, total, value);
        }
      }
    } else {
      total = nest_.constant(lanes, method_ == PoolMethod::kMax ? kLowest : 0.0f);
      nest_.loop("kernel_row", rows, [&](LoopVariable r) {
        nest_.loop("kernel_column", columns, [&](LoopVariable s) {
          const Register value =
              nest_.load(lanes, stepped(stepped(from, r, row_bytes), s, column_bytes));
          nest_.assign(total, opcode, total, value);
        });
      });
    }
    if (method_ == PoolMethod::kMax) return total;
    const int64_t counted =
        counts_padding_ ? row.padded_count * column.padded_count : rows * columns;
    const Register scale = nest_.constant(lanes, 1.0f / static_cast<float>(counted));
    return nest_.apply(Opcode::kMul, total, scale);
  }

  static constexpr float kLowest = -std::numeric_limits<float>::infinity();

  const Window2d& window_;
  const PoolMethod method_;
  const bool counts_padding_;
  const LayerContext& context_;
  NestBuilder nest_;
  Address input_, output_;
};

}  // namespace

LoopNest lower(const MaxPool2d& pool, const LayerContext& context) {
  return PoolLowering(pool.window, PoolMethod::kMax, false, context).lower();
}

LoopNest lower(const AvgPool2d& pool, const LayerContext& context) {
  return PoolLowering(pool.window, PoolMethod::kAverage, pool.count_padding, context).lower();
}

}  // namespace wattgrind
