#include "estimator/base/error.h"
#include "kernels/layers/byte_lowering.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/byte_reduction.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/byte_values.h"

namespace wattgrind {
namespace {

// A vector of values that lie in the same places of maps whose values may differ in size.
struct ByteVector {
  int lanes = 0;
  LoopVariable image, row, column, vector;
  int64_t first = 0;  // of the loop's first vector, in values

  Address in(const Address& map, const MapLayout& layout, bool is_flat) const {
    const Address first_value = moved(map, layout.pixel_bytes(0, 0) + first * layout.value_bytes);
    const Address pixel =
        stepped(stepped(stepped(first_value, image, layout.image_bytes()), row, layout.row_bytes()),
                column, is_flat ? 0 : layout.channel_bytes());
    return stepped(pixel, vector, lanes * layout.value_bytes);
  }
};

class ByteElementwise {
 public:
  ByteElementwise(const Operation& operation, const LayerContext& context)
      : operation_(operation),
        context_(context),
        nest_(std::string(kind_name(operation)) + "_int8", context.isa) {}

  LoopNest lower() && {
    declare();
    const MapLayout& out = context_.output;
    bool is_flat = out.rows_touch(), is_row = true;
    for (const MapLayout& in : context_.inputs) {
      is_flat = is_flat && in.rows_touch();
      is_row = is_row && in.channel_pitch == out.channel_pitch;
    }
    is_flat = is_flat && is_row;
    const int64_t rows = is_flat ? 1 : out.shape.height;
    const int64_t columns = is_row ? 1 : out.shape.width;
    int64_t values = is_row ? out.channel_pitch * out.shape.width : out.shape.channels;
    if (is_flat) values *= out.shape.height;
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("row", rows, [&](LoopVariable y) {
        nest_.loop("column", columns, [&](LoopVariable x) {
          for (const Tiles& piece : vector_pieces(values, nest_.max_lanes())) {
            nest_.loop("vector", piece.count, [&](LoopVariable i) {
              emit({static_cast<int>(piece.size), n, y, x, i, piece.start}, is_row);
            });
          }
        });
      });
    });
    return std::move(nest_).finish();
  }

 private:
  void declare() {
    const auto bytes = [&](const MapLayout& layout) { return layout.bytes(context_.batch); };
    const auto map = [&](size_t i) {
      return nest_.buffer(Operand::kInput, TensorRole::kInput, bytes(context_.inputs[i]),
                          static_cast<uint32_t>(i));
    };
    if (context_.in_place) {
      output_ = nest_.buffer(Operand::kMap, TensorRole::kOutput, bytes(context_.output));
      inputs_.push_back(output_);
    } else {
      inputs_.push_back(map(0));
    }
    for (size_t i = 1; i < context_.inputs.size(); ++i) inputs_.push_back(map(i));
    if (!context_.in_place) {
      output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, bytes(context_.output));
    }
  }

  void emit(const ByteVector& vector, bool is_row) {
    const Address to = vector.in(output_, context_.output, is_row);
    const auto from = [&](size_t i) { return vector.in(inputs_[i], context_.inputs[i], is_row); };
    if (const auto* dequantize = std::get_if<Dequantize>(&operation_)) {
      const ByteScale bytes = dequantize->as.value_or(context_.input_bytes[0].value());
      nest_.store(load_values(nest_, vector.lanes, from(0), bytes), to);
      return;
    }
    const ByteScale out = context_.int8.value().output.value();
    if (std::holds_alternative<Quantize>(operation_)) {
      store_numbers(nest_, number_of(nest_, nest_.load(vector.lanes, from(0)), out), to);
      return;
    }
    if (std::holds_alternative<Binary>(operation_)) {
      const auto values = [&](size_t i) {
        return load_values(nest_, vector.lanes, from(i), context_.input_bytes[i].value());
      };
      store_numbers(nest_, number_of(nest_, nest_.apply(Opcode::kAdd, values(0), values(1)), out),
                    to);
      return;
    }
    const ByteScale in = context_.input_bytes[0].value();
    const Register numbers = load_numbers(nest_, vector.lanes, from(0), in.zero_point);
    store_numbers(nest_, bounded(nest_, operation_, unrounded(numbers, in), out), to);
  }

  const Operation& operation_;
  const LayerContext& context_;
  NestBuilder nest_;
  std::vector<Address> inputs_;
  Address output_;
};

// Copies numbers that lie side by side: four bytes a lane, and the last ones one by one.
void emit_byte_copies(NestBuilder& nest, int64_t bytes, const Address& from, const Address& to) {
  const int64_t whole = bytes / kLaneBytes * kLaneBytes;
  const auto copy = [&](const Tiles& piece, int64_t first, int64_t lane_bytes) {
    nest.loop("channel", piece.count, [&](LoopVariable c) {
      const auto at = [&](const Address& address) {
        return stepped(moved(address, first + piece.start * lane_bytes), c,
                       piece.size * lane_bytes);
      };
      const int lanes = static_cast<int>(piece.size);
      if (lane_bytes == kLaneBytes) {
        nest.store(nest.load(lanes, at(from)), at(to));
      } else {
        nest.store_bytes(nest.load_bytes(lanes, stores_signed_bytes(nest.isa()), at(from)), at(to));
      }
    });
  };
  if (whole > 0) {
    for (const Tiles& piece : vector_pieces(whole / kLaneBytes, nest.max_lanes())) {
      copy(piece, 0, kLaneBytes);
    }
  }
  if (whole < bytes) copy({0, bytes - whole, 1}, whole, kByteBytes);
}

// Numbers side by side that get another scale.
void emit_rescaled(NestBuilder& nest, int64_t values, const Address& from,
                   const ByteScale& from_bytes, const Address& to, const ByteScale& to_bytes) {
  for (const Tiles& piece : vector_pieces(values, nest.max_lanes())) {
    const int lanes = static_cast<int>(piece.size);
    nest.loop("channel", piece.count, [&](LoopVariable c) {
      const auto at = [&](const Address& address) {
        return stepped(moved(address, piece.start), c, piece.size);
      };
      store_numbers(nest, number_of(nest, load_values(nest, lanes, at(from), from_bytes), to_bytes),
                    at(to));
    });
  }
}

}  // namespace

LoopNest lower_byte_elementwise(const Operation& operation, const LayerContext& context) {
  return ByteElementwise(operation, context).lower();
}

LoopNest lower(const Quantize& quantize, const LayerContext& context) {
  return lower_byte_elementwise(quantize, context);
}

LoopNest lower(const Dequantize& dequantize, const LayerContext& context) {
  return lower_byte_elementwise(dequantize, context);
}

LoopNest lower_byte_flatten(const LayerContext& context) {
  const MapLayout& in = context.input();
  const FeatureShape& shape = in.shape;
  NestBuilder nest("flatten_int8", context.isa);
  const Address input =
      moved(nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch)),
            in.pixel_bytes(0, 0));
  const Address output =
      moved(nest.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch)),
            context.output.pixel_bytes(0, 0));
  nest.loop("image", context.batch, [&](LoopVariable n) {
    nest.loop("channel", shape.channels, [&](LoopVariable c) {
      nest.loop("row", shape.height, [&](LoopVariable y) {
        nest.loop("column", shape.width, [&](LoopVariable x) {
          const auto at = [&](const Address& map, int64_t image, int64_t channel, int64_t row,
                              int64_t column) {
            return stepped(stepped(stepped(stepped(map, n, image), c, channel), y, row), x, column);
          };
          const Register number = nest.load_bytes(
              1, stores_signed_bytes(nest.isa()),
              at(input, in.image_bytes(), kByteBytes, in.row_bytes(), in.channel_bytes()));
          nest.store_bytes(number, at(output, context.output.image_bytes(),
                                      shape.height * shape.width, shape.width, kByteBytes));
        });
      });
    });
  });
  return std::move(nest).finish();
}

LoopNest lower_byte_concat(const Concat& concat, const LayerContext& context) {
  const MapLayout& out = context.output;
  NestBuilder nest("concat_int8", context.isa);
  std::vector<Address> inputs;
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    inputs.push_back(nest.buffer(Operand::kInput, TensorRole::kInput,
                                 context.inputs[i].bytes(context.batch), static_cast<uint32_t>(i)));
  }
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const ByteScale to_bytes = context.int8.value().output.value();
  nest.loop("image", context.batch, [&](LoopVariable n) {
    int64_t first_bytes = out.pixel_bytes(0, 0);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const MapLayout& in = context.inputs[i];
      nest.loop("row", in.shape.height, [&](LoopVariable y) {
        nest.loop("column", in.shape.width, [&](LoopVariable x) {
          const auto pixel = [&](const Address& map, const MapLayout& layout) {
            return stepped(stepped(stepped(map, n, layout.image_bytes()), y, layout.row_bytes()), x,
                           layout.channel_bytes());
          };
          const Address from = pixel(moved(inputs[i], in.pixel_bytes(0, 0)), in);
          const Address to = pixel(moved(output, first_bytes), out);
          const ByteScale from_bytes = context.input_bytes[i].value();
          if (from_bytes == to_bytes) {
            emit_byte_copies(nest, in.shape.channels, from, to);
          } else {
            emit_rescaled(nest, in.shape.channels, from, from_bytes, to, to_bytes);
          }
        });
      });
      const FeatureShape& shape = in.shape;
      first_bytes += concat.axis == MapAxis::kChannels ? shape.channels
                     : concat.axis == MapAxis::kHeight ? shape.height * out.row_bytes()
                                                       : shape.width * out.channel_bytes();
    }
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
