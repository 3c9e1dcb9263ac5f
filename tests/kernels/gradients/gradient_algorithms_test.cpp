// Every algorithm of gradients, whether it would be chosen or not, against the obvious computation.
#include "kernels/gradients/gradient_algorithms.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/kernels/conv_problems.h"
#include "tests/kernels/layer_case.h"

namespace wattgrind {
namespace {

ConvProblem problem_of(ConvKind kind, const LayerCase& test, const BackwardContext& context) {
  const bool is_data = kind == ConvKind::kDataGradient;
  if (const auto* dense = std::get_if<Dense>(&test.layer.operation)) {
    return is_data ? dense_data_gradient_problem(*dense, context)
                   : dense_weight_gradient_problem(*dense, context);
  }
  const auto& conv = std::get<Conv2d>(test.layer.operation);
  return is_data ? conv2d_data_gradient_problem(conv, context)
                 : conv2d_weight_gradient_problem(conv, context);
}

LoopNest lower(ConvKind kind, const LayerCase& test, const BackwardContext& context,
               ConvAlgorithm algorithm) {
  const bool is_data = kind == ConvKind::kDataGradient;
  if (const auto* dense = std::get_if<Dense>(&test.layer.operation)) {
    return is_data ? lower_data_gradient(*dense, context, algorithm)
                   : lower_weight_gradient(*dense, context, algorithm);
  }
  const auto& conv = std::get<Conv2d>(test.layer.operation);
  return is_data ? lower_data_gradient(conv, context, algorithm)
                 : lower_weight_gradient(conv, context, algorithm);
}

class GradientAlgorithms : public testing::TestWithParam<ConvKind> {
 protected:
  static AlgorithmChoice choice(const LayerCase& test, Isa isa) {
    const ConvProblem problem = problem_of(GetParam(), test, test.context(isa));
    return GetParam() == ConvKind::kDataGradient ? choose_data_gradient_algorithm(problem)
                                                 : choose_weight_gradient_algorithm(problem);
  }
};

TEST_P(GradientAlgorithms, AllComputeTheSame) {
  for (const LayerCase& test : conv_cases()) {
    for (const Target& target : targets()) {
      for (const AlgorithmCandidate& candidate : choice(test, target.isa).candidates) {
        SCOPED_TRACE(name(candidate.algorithm));
        const GradientLowering by_candidate = [&](const BackwardContext& context) {
          return lower(GetParam(), test, context, candidate.algorithm);
        };
        if (GetParam() == ConvKind::kDataGradient) {
          check_data_gradient(test, target, by_candidate);
        } else {
          check_weight_gradient(test, target, by_candidate);
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(GradientAlgorithms, TellTheirScratchMemory) {
  for (const LayerCase& test : conv_cases()) {
    for (const IsaTraits& isa : kIsas) {
      for (const AlgorithmCandidate& candidate : choice(test, isa.isa).candidates) {
        const LoopNest nest = lower(GetParam(), test, test.context(isa.isa), candidate.algorithm);
        EXPECT_EQ(candidate.scratch_bytes, scratch_bytes_of(nest))
            << test.what << ", " << isa.name << ", " << name(candidate.algorithm);
      }
    }
  }
}

// An entry that applies to none of the cases would go untested.
TEST_P(GradientAlgorithms, AllApplyToSomeCase) {
  const auto table = GetParam() == ConvKind::kDataGradient ? data_gradient_algorithms()
                                                           : weight_gradient_algorithms();
  for (const AlgorithmEntry& entry : table) {
    EXPECT_TRUE(applies_to_some_case(entry, [&](const LayerCase& test, Isa isa) {
      return problem_of(GetParam(), test, test.context(isa));
    })) << name(entry.algorithm);
  }
}

std::string kind_name(const testing::TestParamInfo<ConvKind>& kind) {
  return kind.param == ConvKind::kDataGradient ? "data" : "weights";
}

INSTANTIATE_TEST_SUITE_P(Kinds, GradientAlgorithms,
                         testing::Values(ConvKind::kDataGradient, ConvKind::kWeightGradient),
                         kind_name);

}  // namespace
}  // namespace wattgrind
