#include "kernels/parts/pool_windows.h"

#include <limits>

#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Windows of at most this many values are written out; larger ones become loops.
constexpr int64_t kUnrolledWindow = 9;
constexpr float kLowest = -std::numeric_limits<float>::infinity();

Register reduce_window(NestBuilder& nest, const PoolWindows& pool, const WindowSpan& row,
                       const WindowSpan& column, int lanes, const Address& from) {
  const bool is_max = pool.method == PoolMethod::kMax;
  const int64_t rows = row.kernel_count, columns = column.kernel_count;
  const Opcode opcode = is_max ? Opcode::kMax : Opcode::kAdd;
  const int64_t row_bytes = pool.window.dilation_height * pool.input.row_bytes();
  const int64_t column_bytes = pool.window.dilation_width * pool.input.channel_bytes();
  Register total = kNoRegister;
  if (rows * columns <= kUnrolledWindow) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t s = 0; s < columns; ++s) {
        const Register value = nest.load(lanes, moved(from, r * row_bytes + s * column_bytes));
        total = total == kNoRegister ? value : nest.apply(opcode, total, value);
      }
    }
  } else {
    total = nest.constant(lanes, is_max ? kLowest : 0.0f);
    nest.loop("kernel_row", rows, [&](LoopVariable r) {
      nest.loop("kernel_column", columns, [&](LoopVariable s) {
        const Register value =
            nest.load(lanes, stepped(stepped(from, r, row_bytes), s, column_bytes));
        nest.assign(total, opcode, total, value);
      });
    });
  }
  if (is_max) return total;
  const int64_t counted =
      pool.counts_padding ? row.padded_count * column.padded_count : rows * columns;
  const Register scale = nest.constant(lanes, 1.0f / static_cast<float>(counted));
  return nest.apply(Opcode::kMul, total, scale);
}

}  // namespace

std::optional<PoolWindows> pooling_of(const Operation& operation) {
  if (const auto* pool = std::get_if<MaxPool2d>(&operation)) {
    return PoolWindows{PoolMethod::kMax, pool->window, false, {}, {}};
  }
  if (const auto* pool = std::get_if<AvgPool2d>(&operation)) {
    return PoolWindows{PoolMethod::kAverage, pool->window, pool->count_padding, {}, {}};
  }
  return std::nullopt;
}

void emit_pooled_row(NestBuilder& nest, const PoolWindows& pool, const WindowSpan& row,
                     const Address& from, const Address& to) {
  const MapLayout& in = pool.input;
  const MapLayout& out = pool.output;
  for (const WindowSpan& column : column_spans(pool.window, in.shape, out.shape)) {
    nest.loop("column", column.count, [&](LoopVariable x) {
      const Address first = stepped(moved(from, column.input_first * in.channel_bytes()), x,
                                    pool.window.stride_width * in.channel_bytes());
      const Address pixel =
          stepped(moved(to, column.first * out.channel_bytes()), x, out.channel_bytes());
      for (const Tiles& piece : vector_pieces(in.channel_pitch, nest.max_lanes())) {
        nest.loop("channel", piece.count, [&](LoopVariable c) {
          const auto at = [&](const Address& address) {
            return stepped(moved(address, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
          };
          const Register result =
              reduce_window(nest, pool, row, column, static_cast<int>(piece.size), at(first));
          nest.store(result, at(pixel));
        });
      }
    });
  }
}

}  // namespace wattgrind
