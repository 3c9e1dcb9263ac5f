// A dense layer's data gradient as dot products of an input's weights and an image's output
// gradient, with units as lanes: the weights are read as they lie, and the lanes of every sum are
// added. Where images are few, writing the weights over for a product with inputs as lanes takes
// longer than all products.
#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/conv/thresholds.h"
#include "kernels/gradients/data_gradient.h"
#include "kernels/gradients/dense_segments.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/layout/blocking.h"

namespace wattgrind {
namespace {

// The most sums and images that a tile holds: so many hide the latency of their multiply-adds, and
// more take longer to compile.
constexpr int64_t kMostSums = 16;
constexpr int64_t kMostImages = 4;

// Blocks have to be of equal vectors, and the output's gradient stored as long as they are: its
// padding adds zeros. The gradients of all images must stay in L2 while inputs pass by: AlexNet's
// fc6 at batch 128, which read its 2 MiB again for every few inputs, missed four times as often as
// the product with inputs as lanes.
bool applies(const ConvProblem& problem) {
  if (!problem.is_dense) return false;
  const std::vector<ColumnBlock> blocks = problem.filter_blocks();
  const int64_t width = padded_width(blocks);
  const int lanes = blocks[0].lanes;
  const auto fits = [&](const ColumnBlock& block) { return block.lanes == lanes; };
  return lanes >= kLeastDotLanes && std::ranges::all_of(blocks, fits) &&
         problem.output.channel_pitch == width &&
         problem.batch * width * kFloatBytes <= resident_map_bytes(problem.isa);
}

std::optional<double> cost(const ConvProblem& problem) {
  if (!applies(problem)) return std::nullopt;
  const std::vector<ColumnBlock> blocks = problem.filter_blocks();
  const int lanes = blocks[0].lanes;
  // The sum of a vector's lanes is a shuffle and an addition for every halving, then a store.
  const int64_t lane_sum = 2 * std::countr_zero(static_cast<unsigned>(lanes)) + 1;
  const int64_t dots = problem.batch * (padded_width(blocks) / lanes + lane_sum);
  return static_cast<double>(problem.taps()) * static_cast<double>(dots);
}

uint64_t scratch_bytes(const ConvProblem&) { return 0; }

class DotGradient {
 public:
  DotGradient(NestBuilder& nest, const ConvProblem& problem)
      : nest_(nest),
        problem_(problem),
        steps_(problem.taps()),
        blocks_(problem.filter_blocks()),
        lanes_(blocks_[0].lanes),
        weights_(packed_weights(nest, problem)),
        maps_(gradient_maps(nest, problem)) {
    maps_.output_gradient.offset_bytes += problem.output.pixel_bytes(0, 0);
    maps_.input_gradient.offset_bytes += problem.input.pixel_bytes(0, 0);
  }

  void emit() {
    const Segments pieces = segments(problem_.input);
    nest_.loop("row", pieces.rows, [&](LoopVariable y) {
      nest_.loop("column", pieces.columns, [&](LoopVariable x) {
        for (const Tiles& tiles : balanced_tiles(pieces.inputs, most_inputs())) {
          nest_.loop("input", tiles.count, [&](LoopVariable i) {
            emit_images({y, x, i, tiles, steps_ / pieces.rows, pieces.inputs});
          });
        }
      });
    });
  }

 private:
  // Neighbouring inputs: a tile of a piece.
  struct Inputs {
    LoopVariable row, column, tile;
    Tiles tiles;
    int64_t row_steps = 0, column_steps = 0;  // steps of the weights from a piece to the next one's

    Address in(const Address& first, int64_t row_bytes, int64_t column_bytes,
               int64_t value_bytes) const {
      return stepped(stepped(stepped(moved(first, tiles.start * value_bytes), row, row_bytes),
                             column, column_bytes),
                     tile, tiles.size * value_bytes);
    }
  };

  std::vector<Tiles> image_tiles() const { return balanced_tiles(problem_.batch, kMostImages); }

  int64_t most_inputs() const {
    const int64_t images = image_tiles()[0].size;
    return std::min(kMostSums / images, most_vectors(problem_.isa, images));
  }

  void emit_images(const Inputs& inputs) {
    const MapLayout& in = problem_.input;
    const int64_t from_bytes = problem_.output.image_bytes();
    const Address to =
        inputs.in(maps_.input_gradient, in.row_bytes(), in.channel_bytes(), kFloatBytes);
    for (const Tiles& images : image_tiles()) {
      nest_.loop("image", images.count, [&](LoopVariable n) {
        const auto at = [&](const Address& first, int64_t image_bytes) {
          return stepped(moved(first, images.start * image_bytes), n, images.size * image_bytes);
        };
        emit_tile(inputs, images.size, at(maps_.output_gradient, from_bytes),
                  at(to, in.image_bytes()));
      });
    }
  }

  void emit_tile(const Inputs& inputs, int64_t images, const Address& from, const Address& to) {
    std::vector<Register> sums;  // [input][image]
    for (int64_t s = 0; s < inputs.tiles.size * images; ++s) {
      sums.push_back(nest_.constant(lanes_, 0));
    }
    for (const BlockRun& run : runs(blocks_)) {
      const int64_t width_bytes = run.block.width() * kFloatBytes;
      const int64_t first_bytes = run.block.first * kFloatBytes;
      const Address weights =
          inputs.in(moved(weights_, steps_ * first_bytes), inputs.row_steps * width_bytes,
                    inputs.column_steps * width_bytes, width_bytes);
      nest_.loop("block", run.count, [&](LoopVariable b) {
        for (int64_t v = 0; v < run.block.vectors; ++v) {
          const int64_t vector_bytes = v * lanes_ * kFloatBytes;
          add_products(inputs.tiles.size, images,
                       stepped(moved(weights, vector_bytes), b, steps_ * width_bytes), width_bytes,
                       stepped(moved(from, first_bytes + vector_bytes), b, width_bytes), sums);
        }
      });
    }
    for (size_t s = 0; s < sums.size(); ++s) {
      const auto input = static_cast<int64_t>(s) / images, image = static_cast<int64_t>(s) % images;
      nest_.store(nest_.reduce(Opcode::kReduceAdd, sums[s]),
                  moved(to, image * problem_.input.image_bytes() + input * kFloatBytes));
    }
  }

  void add_products(int64_t inputs, int64_t images, const Address& weights, int64_t width_bytes,
                    const Address& from, const std::vector<Register>& sums) {
    std::vector<Register> errors;
    for (int64_t n = 0; n < images; ++n) {
      errors.push_back(nest_.load(lanes_, moved(from, n * problem_.output.image_bytes())));
    }
    for (int64_t i = 0; i < inputs; ++i) {
      const Register weight = nest_.load(lanes_, moved(weights, i * width_bytes));
      for (int64_t n = 0; n < images; ++n) {
        const Register sum = sums[static_cast<size_t>(i * images + n)];
        nest_.assign(sum, Opcode::kMulAdd, errors[static_cast<size_t>(n)], weight, sum);
      }
    }
  }

  NestBuilder& nest_;
  const ConvProblem& problem_;
  const int64_t steps_;  // inputs
  const std::vector<ColumnBlock> blocks_;
  const int lanes_;
  const Address weights_;
  GradientMaps maps_;
};

void emit(NestBuilder& nest, const ConvProblem& problem) { DotGradient(nest, problem).emit(); }

}  // namespace

AlgorithmEntry dense_dots_data_gradient() {
  return {ConvAlgorithm::kDots, kWorthAtAnyGain, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
