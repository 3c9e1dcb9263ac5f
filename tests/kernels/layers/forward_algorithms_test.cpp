// Every forward algorithm, whether it would be chosen or not, against the obvious computation.
#include "kernels/conv/forward_algorithms.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "tests/kernels/conv_problems.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

ConvProblem problem_of(const LayerCase& test, const LayerContext& context) {
  if (const auto* dense = std::get_if<Dense>(&test.layer.operation)) {
    return dense_problem(*dense, context);
  }
  return conv2d_problem(std::get<Conv2d>(test.layer.operation), context);
}

LoopNest lower(const LayerCase& test, const LayerContext& context, ConvAlgorithm algorithm) {
  if (const auto* dense = std::get_if<Dense>(&test.layer.operation)) {
    return lower(*dense, context, algorithm);
  }
  return lower(std::get<Conv2d>(test.layer.operation), context, algorithm);
}

TEST(ForwardAlgorithms, AllComputeTheSame) {
  for (const LayerCase& test : conv_cases()) {
    for (const Target& target : targets()) {
      const ConvProblem problem = problem_of(test, test.forward_context(target.isa));
      for (const AlgorithmCandidate& candidate : choose_forward_algorithm(problem).candidates) {
        SCOPED_TRACE(name(candidate.algorithm));
        check_forward(
            test, target,
            [&](const LayerContext& context) { return lower(test, context, candidate.algorithm); },
            weight_form(candidate.algorithm));
        if (HasFailure()) return;
      }
    }
  }
}

// With what is no number around the map: none of it is read.
void check_trimmed(const LayerCase& test) {
  for (const Target& target : targets()) {
    const auto choice =
        choose_forward_algorithm(problem_of(test, test.forward_context(target.isa)));
    if (!choice.candidate(ConvAlgorithm::kTrimmed)) continue;
    check_forward(
        test, target,
        [&](const LayerContext& context) { return lower(test, context, ConvAlgorithm::kTrimmed); },
        WeightForm::kTaps, std::numeric_limits<float>::quiet_NaN());
  }
}

TEST(TrimmedConv, ReadsNoPadding) {
  for (const LayerCase& test : conv_cases()) {
    check_trimmed(test);
    if (HasFailure()) return;
  }
}

// Weights that do not stay in L2 are taken one kernel row at a time; maps that do not, some rows.
TEST(TrimmedConv, TakesLargeLayersInPasses) {
  for (const auto& [input, filters] :
       {std::pair(FeatureShape{256, 18, 9}, 20), std::pair(FeatureShape{512, 24, 14}, 33)}) {
    const Conv2d conv{filters, window(3, 1, 1), 1};
    Surroundings around;
    around.input = required_halo(conv, input, {filters, input.height, input.width});
    check_trimmed(make_case(input, conv, 1, around, fmt::format("{} filters", filters)));
  }
}

// A multiply-add for each tap on the map, and no other.
TEST(TrimmedConv, CostsTheTapsOnTheMap) {
  for (const LayerCase& test : conv_cases()) {
    const auto* conv = std::get_if<Conv2d>(&test.layer.operation);
    if (conv == nullptr) continue;
    const ConvProblem problem = problem_of(test, test.forward_context(Isa::kAvx512));
    const auto candidate = choose_forward_algorithm(problem).candidate(ConvAlgorithm::kTrimmed);
    const Window2d& window = conv->window;
    bool has_taps = true;  // each output
    const auto on_map = [&](int64_t outputs, int64_t taps, int64_t stride, int64_t dilation,
                            int64_t padding, int64_t extent) {
      int64_t all = 0;
      for (int64_t i = 0; i < outputs; ++i) {
        int64_t count = 0;
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t at = i * stride + tap * dilation - padding;
          count += at >= 0 && at < extent ? 1 : 0;
        }
        has_taps = has_taps && count > 0;
        all += count;
      }
      return all;
    };
    const FeatureShape &in = test.layer.input_shape(), &out = test.layer.output_shape;
    const int64_t rows = on_map(out.height, window.kernel_height, window.stride_height,
                                window.dilation_height, window.pad_top, in.height);
    const int64_t columns = on_map(out.width, window.kernel_width, window.stride_width,
                                   window.dilation_width, window.pad_left, in.width);
    const int64_t all = out.height * window.kernel_height * out.width * window.kernel_width;
    const bool applies = has_taps && rows * columns < all && problem.group_inputs() > 1;
    ASSERT_EQ(candidate.has_value(), applies) << test.what;
    if (!candidate) continue;
    int64_t vectors = 0;
    for (const ColumnBlock& block : problem.filter_blocks()) vectors += block.vectors;
    const auto least = static_cast<double>(test.batch * rows * columns * in.channels * vectors);
    EXPECT_GE(candidate->cost, least) << test.what;
    // Tiles whose sums hide the latency cost nothing more.
    if (out.width * vectors >= 8 * 14) {
      EXPECT_EQ(candidate->cost, least) << test.what;
    }
  }
}

TEST(ForwardAlgorithms, TellTheirScratchMemory) {
  for (const LayerCase& test : conv_cases()) {
    for (const IsaTraits& isa : kIsas) {
      const LayerContext context = test.forward_context(isa.isa);
      for (const AlgorithmCandidate& candidate :
           choose_forward_algorithm(problem_of(test, context)).candidates) {
        EXPECT_EQ(candidate.scratch_bytes,
                  scratch_bytes_of(lower(test, context, candidate.algorithm)))
            << test.what << ", " << isa.name << ", " << name(candidate.algorithm);
      }
    }
  }
}

// An entry that applies to none of the cases would go untested.
TEST(ForwardAlgorithms, AllApplyToSomeCase) {
  for (const AlgorithmEntry& entry : forward_algorithms()) {
    EXPECT_TRUE(applies_to_some_case(entry, [&](const LayerCase& test, Isa isa) {
      return problem_of(test, test.forward_context(isa));
    })) << name(entry.algorithm);
  }
}

}  // namespace
}  // namespace wattgrind
