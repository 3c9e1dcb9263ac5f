#include "kernels/conv/planar_conv.h"

#include <algorithm>
#include <vector>

#include "kernels/conv/thresholds.h"
#include "kernels/parts/plane.h"

namespace wattgrind {
namespace {

// The planes of a convolution, and the tiles their rows are computed in.
class Planes {
 public:
  Planes(const DirectConv& conv, Isa isa)
      : conv_(conv), isa_(isa), lanes_(row_lanes(conv.columns, isa)) {}

  // Rows and vectors of a row whose sums a tile holds, for all outputs.
  struct Shape {
    Tiles down, across;
  };
  std::vector<Shape> shapes() const {
    const int64_t most = most_vectors(isa_, conv_.group_outputs);
    const auto across = balanced_tiles(row_vectors(), most);
    std::vector<Shape> result;
    for (const Tiles& down : balanced_tiles(conv_.rows, most / across[0].size)) {
      for (const Tiles& a : across) result.push_back({down, a});
    }
    return result;
  }

  int lanes() const { return lanes_; }
  int64_t vector_bytes() const { return lanes_ * kFloatBytes; }
  int64_t input_rows() const {
    return conv_.rows + (conv_.kernel_height - 1) * conv_.dilation_height;
  }
  int64_t input_columns() const { return conv_.columns + column_reach(); }
  // The last vector of a row reads beyond it. Rows begin on a vector.
  int64_t input_row_bytes() const {
    const int64_t values = row_vectors() * lanes_ + column_reach();
    return (values + lanes_ - 1) / lanes_ * vector_bytes();
  }
  int64_t output_row_bytes() const { return row_vectors() * vector_bytes(); }
  int64_t input_bytes() const { return input_rows() * input_row_bytes(); }
  int64_t output_bytes() const { return conv_.rows * output_row_bytes(); }

  Plane input_map(LoopVariable channel) const {
    return {stepped(conv_.input_values, channel, kFloatBytes), input_rows(), input_columns(),
            conv_.input.row_bytes(), conv_.input.channel_bytes()};
  }
  Plane input_plane(const Address& planes, LoopVariable channel) const {
    return {stepped(planes, channel, input_bytes()), input_rows(), input_columns(),
            input_row_bytes(), kFloatBytes};
  }
  Plane output_map(LoopVariable channel) const {
    return {stepped(conv_.output_values, channel, kFloatBytes), conv_.rows, conv_.columns,
            conv_.output.row_bytes(), conv_.output.channel_bytes()};
  }
  Plane output_plane(const Address& planes, LoopVariable channel) const {
    return {stepped(planes, channel, output_bytes()), conv_.rows, conv_.columns, output_row_bytes(),
            kFloatBytes};
  }

 private:
  int64_t row_vectors() const { return (conv_.columns + lanes_ - 1) / lanes_; }
  // From the first column of a window to the last.
  int64_t column_reach() const { return (conv_.kernel_width - 1) * conv_.dilation_width; }

  const DirectConv& conv_;
  const Isa isa_;
  const int lanes_;
};

void emit_products(NestBuilder& nest, const DirectConv& conv, const Planes& planes,
                   const PlanarOperands& operands) {
  ProductTile tile;
  tile.rows = conv.group_outputs;
  tile.input_row_bytes = operands.output_bytes;
  tile.output_row_bytes = planes.output_bytes();
  tile.lanes = planes.lanes();
  tile.start = conv.start == TileStart::kBias ? TileStart::kRowBias : conv.start;
  tile.bias = conv.bias;
  tile.epilogue = conv.epilogue;
  tile.input = conv.weights;
  tile.reduction = {{"channel", conv.group_inputs, operands.input_bytes, planes.input_bytes()},
                    {"kernel_row", conv.kernel_height, operands.row_bytes,
                     conv.dilation_height * planes.input_row_bytes()},
                    {"kernel_column", conv.kernel_width, operands.column_bytes,
                     conv.dilation_width * kFloatBytes}};
  for (const Planes::Shape& shape : planes.shapes()) {
    tile.vectors.clear();
    for (int64_t row = 0; row < shape.down.size; ++row) {
      for (int64_t v = 0; v < shape.across.size; ++v) {
        tile.vectors.push_back({row * planes.input_row_bytes() + v * planes.vector_bytes(),
                                row * planes.output_row_bytes() + v * planes.vector_bytes()});
      }
    }
    nest.loop("row", shape.down.count, [&](LoopVariable y) {
      nest.loop("column", shape.across.count, [&](LoopVariable x) {
        const auto at = [&](const Address& first, int64_t row_bytes) {
          const int64_t start_bytes =
              shape.down.start * row_bytes + shape.across.start * planes.vector_bytes();
          return stepped(stepped(moved(first, start_bytes), y, shape.down.size * row_bytes), x,
                         shape.across.size * planes.vector_bytes());
        };
        tile.weights = at(operands.input_planes, planes.input_row_bytes());
        tile.output = at(operands.output_planes, planes.output_row_bytes());
        emit_product_tile(nest, tile);
      });
    });
  }
}

}  // namespace

std::optional<int64_t> planar_conv_cost(const DirectConv& conv, Isa isa) {
  if (!has_lanes_to_fill(isa) || conv.groups > 1 || conv.group_outputs > kMostNarrowChannels ||
      conv.input_row_step > 1 || conv.input_column_step > 1 || conv.output_row_step > 1 ||
      conv.output_column_step > 1) {
    return std::nullopt;
  }
  const Planes planes(conv, isa);
  const int64_t outputs = conv.group_outputs;
  int64_t products = 0;
  for (const Planes::Shape& shape : planes.shapes()) {
    const int64_t vectors = shape.down.size * shape.across.size;
    // A load across the border of two lines is two.
    const int64_t loads = outputs + vectors + vectors * planes.vector_bytes() / kLineBytes;
    products += shape.down.count * shape.across.count *
                std::max({kLatencyHidingSums, outputs * vectors, loads});
  }
  return conv.taps() * products +
         conv.group_inputs * plane_copy_cost(planes.input_rows(), planes.input_columns(),
                                             conv.input.channel_bytes(), isa) +
         outputs * plane_copy_cost(conv.rows, conv.columns, conv.output.channel_bytes(), isa);
}

PlanesBytes planar_conv_scratch(const DirectConv& conv, Isa isa) {
  const Planes planes(conv, isa);
  return {static_cast<uint64_t>(conv.group_inputs * planes.input_bytes()),
          static_cast<uint64_t>(conv.group_outputs * planes.output_bytes())};
}

void emit_planar_conv(NestBuilder& nest, const DirectConv& conv, const PlanarOperands& operands) {
  const Planes planes(conv, nest.isa());
  nest.loop("input", conv.group_inputs, [&](LoopVariable c) {
    emit_plane_copy(nest, planes.input_map(c), planes.input_plane(operands.input_planes, c));
  });
  emit_products(nest, conv, planes, operands);
  nest.loop("output", conv.group_outputs, [&](LoopVariable f) {
    emit_plane_copy(nest, planes.output_plane(operands.output_planes, f), planes.output_map(f));
  });
}

}  // namespace wattgrind
