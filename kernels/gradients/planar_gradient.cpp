#include "kernels/gradients/planar_gradient.h"

#include <algorithm>

namespace wattgrind {
namespace {

// More filters fill vectors themselves, and leave few registers for taps.
constexpr int64_t kMostFilters = 8;

}  // namespace

PlanarGradient::PlanarGradient(const Conv2d& conv, const BackwardContext& context)
    : conv_(conv),
      input_(context.input()),
      gradient_(context.output_gradient),
      batch_(context.batch),
      isa_(context.isa),
      lanes_(row_lanes(context.output.shape.width, context.isa)) {}

int64_t PlanarGradient::row_vectors() const {
  return (gradient_.shape.width + lanes_ - 1) / lanes_;
}

int64_t PlanarGradient::input_rows() const {
  return gradient_.shape.height + conv_.window.kernel_height - 1;
}

int64_t PlanarGradient::input_columns() const {
  return gradient_.shape.width + conv_.window.kernel_width - 1;
}

// The last vector of a row reads beyond it, which gradients of zero make nothing of. Rows begin on
// a vector.
int64_t PlanarGradient::input_row_bytes() const {
  const int64_t values = row_vectors() * lanes_ + conv_.window.kernel_width - 1;
  return (values + lanes_ - 1) / lanes_ * vector_bytes();
}

int64_t PlanarGradient::gradient_plane_bytes() const {
  return gradient_.shape.height * gradient_row_bytes();
}

int64_t PlanarGradient::sums() const {
  return input_.shape.channels * conv_.window.kernel_height * conv_.window.kernel_width *
         conv_.filters;
}

std::vector<PlanarGradient::Shape> PlanarGradient::shapes() const {
  const int64_t most = most_vectors(isa_, conv_.filters);
  const auto across = balanced_tiles(conv_.window.kernel_width, most);
  std::vector<Shape> result;
  for (const Tiles& down : balanced_tiles(conv_.window.kernel_height, most / across[0].size)) {
    for (const Tiles& a : across) result.push_back({down, a});
  }
  return result;
}

std::optional<int64_t> PlanarGradient::cost() const {
  if (!has_lanes_to_fill(isa_) || lanes_ == 1 || conv_.filters > kMostFilters ||
      conv_.window.stride_height > 1 || conv_.window.stride_width > 1) {
    return std::nullopt;
  }
  int64_t products = 0;
  for (const Shape& shape : shapes()) {
    const int64_t taps = shape.down.size * shape.across.size;
    // A load across the border of two lines is two.
    const int64_t loads = conv_.filters + taps + taps * vector_bytes() / kLineBytes;
    products += shape.down.count * shape.across.count *
                std::max({kLatencyHidingSums, conv_.filters * taps, loads});
  }
  const int64_t channels = input_.shape.channels;
  return channels * products * gradient_.shape.height * row_vectors() + 2 * sums() +
         channels * plane_copy_cost(input_rows(), input_columns(), input_.channel_bytes(), isa_) +
         conv_.filters * plane_copy_cost(gradient_.shape.height, gradient_.shape.width,
                                         gradient_.channel_bytes(), isa_);
}

void PlanarGradient::emit(NestBuilder& nest, const Address& input, const Address& gradient,
                          const Address& weights, int64_t width) const {
  const auto scratch_of = [&](Operand operand, int64_t bytes) {
    return nest.buffer(operand, TensorRole::kScratch, static_cast<uint64_t>(bytes));
  };
  const Scratch scratch = {
      scratch_of(Operand::kInputPlanes, input_rows() * input_row_bytes()),
      scratch_of(Operand::kGradientPlanes, conv_.filters * gradient_plane_bytes()),
      scratch_of(Operand::kSums, sums() * vector_bytes())};
  nest.loop("sum", sums(), [&](LoopVariable i) {
    nest.store(nest.constant(lanes_, 0), stepped(scratch.sums, i, vector_bytes()));
  });
  nest.loop("image", batch_, [&](LoopVariable n) {
    emit_image(nest, stepped(input, n, input_.image_bytes()),
               stepped(gradient, n, gradient_.image_bytes()), scratch);
  });
  emit_lane_sums(nest, scratch.sums, weights, width);
}

void PlanarGradient::emit_image(NestBuilder& nest, const Address& input, const Address& gradient,
                                const Scratch& scratch) const {
  const FeatureShape& out = gradient_.shape;
  nest.loop("filter", conv_.filters, [&](LoopVariable f) {
    emit_plane_copy(nest,
                    {stepped(gradient, f, kFloatBytes), out.height, out.width,
                     gradient_.row_bytes(), gradient_.channel_bytes()},
                    {stepped(scratch.gradient_planes, f, gradient_plane_bytes()), out.height,
                     out.width, gradient_row_bytes(), kFloatBytes});
  });
  const int64_t row_sums_bytes = conv_.window.kernel_width * tap_sums_bytes();
  nest.loop("channel", input_.shape.channels, [&](LoopVariable c) {
    emit_plane_copy(
        nest,
        {stepped(input, c, kFloatBytes), input_rows(), input_columns(), input_.row_bytes(),
         input_.channel_bytes()},
        {scratch.input_plane, input_rows(), input_columns(), input_row_bytes(), kFloatBytes});
    const Address channel_sums =
        stepped(scratch.sums, c, conv_.window.kernel_height * row_sums_bytes);
    for (const Shape& shape : shapes()) {
      nest.loop("kernel_row", shape.down.count, [&](LoopVariable r) {
        nest.loop("kernel_column", shape.across.count, [&](LoopVariable s) {
          const auto at = [&](const Address& first, int64_t row_bytes, int64_t column_bytes) {
            const int64_t start_bytes =
                shape.down.start * row_bytes + shape.across.start * column_bytes;
            return stepped(stepped(moved(first, start_bytes), r, shape.down.size * row_bytes), s,
                           shape.across.size * column_bytes);
          };
          emit_tile(nest, shape, at(scratch.input_plane, input_row_bytes(), kFloatBytes), scratch,
                    at(channel_sums, row_sums_bytes, tap_sums_bytes()));
        });
      });
    }
  });
}

void PlanarGradient::emit_tile(NestBuilder& nest, const Shape& shape, const Address& input,
                               const Scratch& scratch, const Address& tile_sums) const {
  const auto taps = shape.down.size * shape.across.size;
  const auto place = [&](int64_t tap, int64_t filter) {
    const int64_t row = tap / shape.across.size, column = tap % shape.across.size;
    return moved(tile_sums, (row * conv_.window.kernel_width + column) * tap_sums_bytes() +
                                filter * vector_bytes());
  };
  std::vector<Register> sums;  // [tap][filter]
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t f = 0; f < conv_.filters; ++f) sums.push_back(nest.load(lanes_, place(t, f)));
  }
  nest.loop("row", gradient_.shape.height, [&](LoopVariable y) {
    nest.loop("column", row_vectors(), [&](LoopVariable x) {
      const auto value = [&](int64_t tap) {
        const int64_t row = tap / shape.across.size, column = tap % shape.across.size;
        const Address first = moved(input, row * input_row_bytes() + column * kFloatBytes);
        return nest.load(lanes_, stepped(stepped(first, y, input_row_bytes()), x, vector_bytes()));
      };
      const auto error = [&](int64_t filter) {
        const Address first = moved(scratch.gradient_planes, filter * gradient_plane_bytes());
        return nest.load(lanes_,
                         stepped(stepped(first, y, gradient_row_bytes()), x, vector_bytes()));
      };
      // Whichever operand is the fewer stays in registers while the other passes by.
      const bool taps_stay = taps < conv_.filters;
      std::vector<Register> staying;
      for (int64_t i = 0; i < std::min(taps, conv_.filters); ++i) {
        staying.push_back(taps_stay ? value(i) : error(i));
      }
      for (int64_t j = 0; j < std::max(taps, conv_.filters); ++j) {
        const Register passing = taps_stay ? error(j) : value(j);
        for (size_t i = 0; i < staying.size(); ++i) {
          const auto kept = static_cast<int64_t>(i);
          const int64_t sum = taps_stay ? kept * conv_.filters + j : j * conv_.filters + kept;
          const Register total = sums[static_cast<size_t>(sum)];
          nest.assign(total, Opcode::kMulAdd, passing, staying[i], total);
        }
      }
    });
  });
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t f = 0; f < conv_.filters; ++f) {
      nest.store(sums[static_cast<size_t>(t * conv_.filters + f)], place(t, f));
    }
  }
}

void PlanarGradient::emit_lane_sums(NestBuilder& nest, const Address& from, const Address& to,
                                    int64_t width) const {
  const int64_t channels = input_.shape.channels;
  const int64_t taps = conv_.window.kernel_height * conv_.window.kernel_width;
  const int64_t step_bytes = width * kFloatBytes;
  nest.loop("channel", channels, [&](LoopVariable c) {
    nest.loop("tap", taps, [&](LoopVariable t) {
      nest.loop("filter", conv_.filters, [&](LoopVariable f) {
        const Address sum =
            stepped(stepped(stepped(from, c, taps * tap_sums_bytes()), t, tap_sums_bytes()), f,
                    vector_bytes());
        const Address weight =
            stepped(stepped(stepped(to, c, step_bytes), t, channels * step_bytes), f, kFloatBytes);
        nest.store(nest.reduce(Opcode::kReduceAdd, nest.load(lanes_, sum)), weight);
      });
    });
  });
}

}  // namespace wattgrind
