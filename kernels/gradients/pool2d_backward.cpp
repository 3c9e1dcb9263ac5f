#include <string>

#include "kernels/gradients/backward.h"
#include "kernels/layout/window_spans.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {
namespace {

enum class GradientMethod { kMax, kAverage };

// Windows hand their gradient to their inputs. Where windows overlap the input's gradient is
// cleared first and added to; else what no window holds is never written.
class PoolBackward {
 public:
  PoolBackward(const Window2d& window, GradientMethod method, bool counts_padding,
               const BackwardContext& context)
      : window_(window),
        method_(method),
        counts_padding_(counts_padding),
        context_(context),
        nest_(method == GradientMethod::kMax ? "maxpool2d_backward" : "avgpool2d_backward",
              context.isa),
        overlapping_(window.stride_height < window.span_height() ||
                     window.stride_width < window.span_width()) {}

  LoopNest lower() && {
    const int64_t batch = context_.batch;
    if (method_ == GradientMethod::kMax) {
      input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, context_.input().bytes(batch));
      output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, context_.output.bytes(batch));
    }
    output_gradient_ = nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                                    context_.output_gradient.bytes(batch));
    input_gradient_ = nest_.buffer(Operand::kInputGradient, TensorRole::kGradient,
                                   context_.input_gradient.bytes(batch));
    if (overlapping_) clear();
    const FeatureShape& in = context_.input().shape;
    const FeatureShape& out = context_.output.shape;
    nest_.loop("image", batch, [&](LoopVariable n) {
      for (const WindowSpan& row : row_spans(window_, in, out)) {
        nest_.loop("row", row.count, [&](LoopVariable y) {
          for (const WindowSpan& column : column_spans(window_, in, out)) {
            nest_.loop("column", column.count,
                       [&](LoopVariable x) { lower_window(row, column, n, y, x); });
          }
        });
      }
    });
    return std::move(nest_).finish();
  }

 private:
  void clear() {
    for_each_vector(nest_, context_.batch, {context_.input_gradient}, [&](const MapVector& at) {
      nest_.store(nest_.constant(at.lanes, 0), at.in(input_gradient_, context_.input_gradient));
    });
  }

  void lower_window(const WindowSpan& row, const WindowSpan& column, LoopVariable n, LoopVariable y,
                    LoopVariable x) {
    const auto input_pixel = [&](const Address& map, const MapLayout& layout) {
      const Address first = moved(map, layout.pixel_bytes(row.input_first, column.input_first));
      return stepped(stepped(stepped(first, n, layout.image_bytes()), y,
                             window_.stride_height * layout.row_bytes()),
                     x, window_.stride_width * layout.channel_bytes());
    };
    const auto output_pixel = [&](const Address& map, const MapLayout& layout) {
      const Address first = moved(map, layout.pixel_bytes(row.first, column.first));
      return stepped(stepped(stepped(first, n, layout.image_bytes()), y, layout.row_bytes()), x,
                     layout.channel_bytes());
    };
    for (const Tiles& piece : vector_pieces(context_.input().channel_pitch, nest_.max_lanes())) {
      nest_.loop("channel", piece.count, [&](LoopVariable c) {
        const auto at = [&](const Address& pixel) {
          return stepped(moved(pixel, piece.start * kFloatBytes), c, piece.size * kFloatBytes);
        };
        const int lanes = static_cast<int>(piece.size);
        const Register dy =
            nest_.load(lanes, at(output_pixel(output_gradient_, context_.output_gradient)));
        const Address gradient = at(input_pixel(input_gradient_, context_.input_gradient));
        if (method_ == GradientMethod::kMax) {
          const Register y_value = nest_.load(lanes, at(output_pixel(output_, context_.output)));
          hand_to_largest(row, column, y_value, dy, at(input_pixel(input_, context_.input())),
                          gradient);
        } else {
          hand_to_all(row, column, dy, gradient);
        }
      });
    }
  }

  // `left` is the gradient until a value takes it.
  void hand_to_largest(const WindowSpan& row, const WindowSpan& column, Register largest,
                       Register left, const Address& input, const Address& gradient) {
    const Register zero = nest_.constant(nest_.lanes(left), 0);
    for_each_tap(row, column, input, gradient, [&](const Address& from, const Address& to) {
      const Register value = nest_.load(nest_.lanes(left), from);
      const Register share = nest_.apply(Opcode::kSelectEq, value, largest, left, zero);
      nest_.assign(left, Opcode::kSelectEq, value, largest, zero, left);
      add(share, to);
    });
  }

  void hand_to_all(const WindowSpan& row, const WindowSpan& column, Register dy,
                   const Address& gradient) {
    const int64_t counted = counts_padding_ ? row.padded_count * column.padded_count
                                            : row.kernel_count * column.kernel_count;
    const float part = 1.0f / static_cast<float>(counted);
    const Register share = nest_.apply(Opcode::kMul, dy, nest_.constant(nest_.lanes(dy), part));
    for_each_tap(row, column, gradient, gradient,
                 [&](const Address&, const Address& to) { add(share, to); });
  }

  template <typename Body>
  void for_each_tap(const WindowSpan& row, const WindowSpan& column, const Address& input,
                    const Address& gradient, const Body& body) {
    const auto at = [&](const Address& address, const MapLayout& layout, LoopVariable r,
                        LoopVariable s) {
      return stepped(stepped(address, r, window_.dilation_height * layout.row_bytes()), s,
                     window_.dilation_width * layout.channel_bytes());
    };
    nest_.loop("kernel_row", row.kernel_count, [&](LoopVariable r) {
      nest_.loop("kernel_column", column.kernel_count, [&](LoopVariable s) {
        body(at(input, context_.input(), r, s), at(gradient, context_.input_gradient, r, s));
      });
    });
  }

  void add(Register share, const Address& to) {
    if (!overlapping_) {
      nest_.store(share, to);
      return;
    }
    nest_.store(nest_.apply(Opcode::kAdd, share, nest_.load(nest_.lanes(share), to)), to);
  }

  const Window2d& window_;
  const GradientMethod method_;
  const bool counts_padding_;
  const BackwardContext& context_;
  NestBuilder nest_;
  const bool overlapping_;
  Address input_, output_, output_gradient_, input_gradient_;
};

}  // namespace

LoopNest lower_data_gradient(const MaxPool2d& pool, const BackwardContext& context) {
  return PoolBackward(pool.window, GradientMethod::kMax, false, context).lower();
}

LoopNest lower_data_gradient(const AvgPool2d& pool, const BackwardContext& context) {
  return PoolBackward(pool.window, GradientMethod::kAverage, pool.count_padding, context).lower();
}

LoopNest lower_data_gradient(const GlobalAvgPool2d&, const BackwardContext& context) {
  const FeatureShape& shape = context.input().shape;
  const Window2d whole{shape.height, shape.width, shape.height, shape.width};
  return PoolBackward(whole, GradientMethod::kAverage, false, context).lower();
}

}  // namespace wattgrind
