// Every forward algorithm, whether it would be chosen or not, against the obvious computation.
#include "kernels/conv/forward_algorithms.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/kernels/conv_problems.h"
#include "tests/kernels/layer_case.h"

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
