// The weight gradient of a convolution with few filters and large windows, with the pixels of a row
// as lanes.
//
// With taps as columns (tap_columns_weight_gradient.cpp) a row of the window rarely fills its
// vectors, and the padding channels of a pixel are taps as well. Here maps are copied to planes,
// image by image; a vector holds partial sums of one tap of one filter, over pixels that lie a
// vector apart, to which every vector of pixels adds its gradients times the inputs under the tap.
// Their lanes are added after the last image.
#include <algorithm>
#include <vector>

#include "kernels/conv/thresholds.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/gradients/weight_gradient.h"
#include "kernels/layout/tiling.h"
#include "kernels/parts/plane.h"

namespace wattgrind {
namespace {

// Works on scratch memory that has to be zero at first.
class PlanarGradient {
 public:
  explicit PlanarGradient(const ConvProblem& problem)
      : window_(problem.window),
        filters_(problem.group_filters()),
        packed_filters_(problem.packed_filters()),
        input_(problem.input),
        gradient_(problem.output),
        batch_(problem.batch),
        isa_(problem.isa),
        lanes_(row_lanes(problem.output.shape.width, problem.isa)) {}

  // Vector instructions that an image takes. A tile too small to hide the latency of its
  // multiply-adds counts as the smallest that hides it.
  int64_t image_cost() const;
  uint64_t scratch_bytes() const;

  // Padding of the weights is not written.
  void emit(NestBuilder& nest, const WeightGradientOperands& operands) const;

 private:
  // Taps of the window whose sums a tile holds, for all filters.
  struct Shape {
    Tiles down, across;
  };
  struct Scratch {
    Address input_plane, gradient_planes, sums;
  };
  std::vector<Shape> shapes() const;

  int64_t row_vectors() const;
  int64_t vector_bytes() const { return lanes_ * kFloatBytes; }
  int64_t input_rows() const;
  int64_t input_columns() const;
  int64_t input_row_bytes() const;
  int64_t input_plane_bytes() const;
  int64_t gradient_row_bytes() const { return row_vectors() * vector_bytes(); }
  int64_t gradient_plane_bytes() const;
  int64_t tap_sums_bytes() const { return filters_ * vector_bytes(); }
  int64_t sums() const;  // vectors
  int64_t sums_bytes() const;

  void emit_image(NestBuilder& nest, const Address& input, const Address& gradient,
                  const Scratch& scratch) const;
  void emit_tile(NestBuilder& nest, const Shape& shape, const Address& input,
                 const Scratch& scratch, const Address& tile_sums) const;
  void emit_lane_sums(NestBuilder& nest, const Address& from, const Address& to) const;

  const Window2d window_;
  const int64_t filters_, packed_filters_;
  const MapLayout input_, gradient_;
  const int64_t batch_;
  const Isa isa_;
  const int lanes_;
};

int64_t PlanarGradient::row_vectors() const {
  return (gradient_.shape.width + lanes_ - 1) / lanes_;
}

int64_t PlanarGradient::input_rows() const {
  return gradient_.shape.height + window_.span_height() - 1;
}

int64_t PlanarGradient::input_columns() const {
  return gradient_.shape.width + window_.span_width() - 1;
}

// The last vector of a row reads beyond the row, where gradients are zero and nothing is added.
// Rows begin on a vector.
int64_t PlanarGradient::input_row_bytes() const {
  const int64_t values = row_vectors() * lanes_ + window_.span_width() - 1;
  return (values + lanes_ - 1) / lanes_ * vector_bytes();
}

int64_t PlanarGradient::input_plane_bytes() const { return input_rows() * input_row_bytes(); }

int64_t PlanarGradient::gradient_plane_bytes() const {
  return gradient_.shape.height * gradient_row_bytes();
}

int64_t PlanarGradient::sums() const {
  return input_.shape.channels * window_.kernel_height * window_.kernel_width * filters_;
}

std::vector<PlanarGradient::Shape> PlanarGradient::shapes() const {
  const int64_t most = most_vectors(isa_, filters_);
  const auto across = balanced_tiles(window_.kernel_width, most);
  std::vector<Shape> result;
  for (const Tiles& down : balanced_tiles(window_.kernel_height, most / across[0].size)) {
    for (const Tiles& a : across) result.push_back({down, a});
  }
  return result;
}

int64_t PlanarGradient::image_cost() const {
  int64_t products = 0;
  for (const Shape& shape : shapes()) {
    const int64_t taps = shape.down.size * shape.across.size;
    // A load across the border of two lines counts as two.
    const int64_t loads = filters_ + taps + taps * vector_bytes() / kLineBytes;
    products += shape.down.count * shape.across.count *
                std::max({kLatencyHidingSums, filters_ * taps, loads});
  }
  const int64_t channels = input_.shape.channels;
  return channels * products * gradient_.shape.height * row_vectors() + 2 * sums() +
         channels * plane_copy_cost(input_rows(), input_columns(), input_.channel_bytes(), isa_) +
         filters_ * plane_copy_cost(gradient_.shape.height, gradient_.shape.width,
                                    gradient_.channel_bytes(), isa_);
}

int64_t PlanarGradient::sums_bytes() const { return sums() * vector_bytes(); }

uint64_t PlanarGradient::scratch_bytes() const {
  return static_cast<uint64_t>(input_plane_bytes() + filters_ * gradient_plane_bytes() +
                               sums_bytes());
}

void PlanarGradient::emit(NestBuilder& nest, const WeightGradientOperands& operands) const {
  const auto scratch_of = [&](Operand operand, int64_t bytes) {
    return nest.buffer(operand, TensorRole::kScratch, static_cast<uint64_t>(bytes));
  };
  const Scratch scratch = {scratch_of(Operand::kInputPlanes, input_plane_bytes()),
                           scratch_of(Operand::kGradientPlanes, filters_ * gradient_plane_bytes()),
                           scratch_of(Operand::kSums, sums_bytes())};
  nest.loop("sum", sums(), [&](LoopVariable i) {
    nest.store(nest.constant(lanes_, 0), stepped(scratch.sums, i, vector_bytes()));
  });
  nest.loop("image", batch_, [&](LoopVariable n) {
    emit_image(nest, stepped(operands.input, n, input_.image_bytes()),
               stepped(operands.gradient, n, gradient_.image_bytes()), scratch);
  });
  emit_lane_sums(nest, scratch.sums, operands.weights);
}

void PlanarGradient::emit_image(NestBuilder& nest, const Address& input, const Address& gradient,
                                const Scratch& scratch) const {
  const FeatureShape& out = gradient_.shape;
  nest.loop("filter", filters_, [&](LoopVariable f) {
    emit_plane_copy(nest,
                    {stepped(gradient, f, kFloatBytes), out.height, out.width,
                     gradient_.row_bytes(), gradient_.channel_bytes()},
                    {stepped(scratch.gradient_planes, f, gradient_plane_bytes()), out.height,
                     out.width, gradient_row_bytes(), kFloatBytes});
  });
  const int64_t row_sums_bytes = window_.kernel_width * tap_sums_bytes();
  nest.loop("channel", input_.shape.channels, [&](LoopVariable c) {
    emit_plane_copy(
        nest,
        {stepped(input, c, kFloatBytes), input_rows(), input_columns(), input_.row_bytes(),
         input_.channel_bytes()},
        {scratch.input_plane, input_rows(), input_columns(), input_row_bytes(), kFloatBytes});
    const Address channel_sums = stepped(scratch.sums, c, window_.kernel_height * row_sums_bytes);
    for (const Shape& shape : shapes()) {
      nest.loop("kernel_row", shape.down.count, [&](LoopVariable r) {
        nest.loop("kernel_column", shape.across.count, [&](LoopVariable s) {
          const auto at = [&](const Address& first, int64_t row_bytes, int64_t column_bytes) {
            const int64_t start_bytes =
                shape.down.start * row_bytes + shape.across.start * column_bytes;
            return stepped(stepped(moved(first, start_bytes), r, shape.down.size * row_bytes), s,
                           shape.across.size * column_bytes);
          };
          emit_tile(nest, shape,
                    at(scratch.input_plane, window_.dilation_height * input_row_bytes(),
                       window_.dilation_width * kFloatBytes),
                    scratch, at(channel_sums, row_sums_bytes, tap_sums_bytes()));
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
    return moved(tile_sums, (row * window_.kernel_width + column) * tap_sums_bytes() +
                                filter * vector_bytes());
  };
  std::vector<Register> sums;  // [tap][filter]
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t f = 0; f < filters_; ++f) sums.push_back(nest.load(lanes_, place(t, f)));
  }
  nest.loop("row", gradient_.shape.height, [&](LoopVariable y) {
    nest.loop("column", row_vectors(), [&](LoopVariable x) {
      const auto value = [&](int64_t tap) {
        const int64_t row = tap / shape.across.size, column = tap % shape.across.size;
        const Address first = moved(input, row * window_.dilation_height * input_row_bytes() +
                                               column * window_.dilation_width * kFloatBytes);
        return nest.load(lanes_, stepped(stepped(first, y, input_row_bytes()), x, vector_bytes()));
      };
      const auto error = [&](int64_t filter) {
        const Address first = moved(scratch.gradient_planes, filter * gradient_plane_bytes());
        return nest.load(lanes_,
                         stepped(stepped(first, y, gradient_row_bytes()), x, vector_bytes()));
      };
      // Whichever operand is the fewer stays in registers while the other passes by.
      const bool taps_stay = taps < filters_;
      std::vector<Register> staying;
      for (int64_t i = 0; i < std::min(taps, filters_); ++i) {
        staying.push_back(taps_stay ? value(i) : error(i));
      }
      for (int64_t j = 0; j < std::max(taps, filters_); ++j) {
        const Register passing = taps_stay ? error(j) : value(j);
        for (size_t i = 0; i < staying.size(); ++i) {
          const auto kept = static_cast<int64_t>(i);
          const int64_t sum = taps_stay ? kept * filters_ + j : j * filters_ + kept;
          const Register total = sums[static_cast<size_t>(sum)];
          nest.assign(total, Opcode::kMulAdd, passing, staying[i], total);
        }
      }
    });
  });
  for (int64_t t = 0; t < taps; ++t) {
    for (int64_t f = 0; f < filters_; ++f) {
      nest.store(sums[static_cast<size_t>(t * filters_ + f)], place(t, f));
    }
  }
}

void PlanarGradient::emit_lane_sums(NestBuilder& nest, const Address& from,
                                    const Address& to) const {
  const int64_t channels = input_.shape.channels;
  const int64_t taps = window_.kernel_height * window_.kernel_width;
  const int64_t step_bytes = packed_filters_ * kFloatBytes;
  nest.loop("channel", channels, [&](LoopVariable c) {
    nest.loop("tap", taps, [&](LoopVariable t) {
      nest.loop("filter", filters_, [&](LoopVariable f) {
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

// Vectors have to be long, rows to have more than a pixel, filters to be few, and windows to lie a
// pixel apart.
std::optional<double> cost(const ConvProblem& problem) {
  if (!has_lanes_to_fill(problem.isa) || problem.output.shape.width == 1 || problem.groups > 1 ||
      problem.group_filters() > kMostNarrowChannels || problem.window.stride_height > 1 ||
      problem.window.stride_width > 1) {
    return std::nullopt;
  }
  return static_cast<double>(problem.batch) *
         static_cast<double>(PlanarGradient(problem).image_cost());
}

uint64_t scratch_bytes(const ConvProblem& problem) {
  return PlanarGradient(problem).scratch_bytes();
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const WeightGradientOperands operands = weight_gradient_operands(nest, problem);
  PlanarGradient(problem).emit(nest, operands);
  emit_bias_gradient(nest, problem, operands);
}

}  // namespace

AlgorithmEntry planar_weight_gradient() {
  return {ConvAlgorithm::kPlanar, kWorthAtAnyGain, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
