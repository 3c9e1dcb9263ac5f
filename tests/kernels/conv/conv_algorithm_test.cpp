// The rule that takes an algorithm from a table, on tables whose costs are made up.
#include "kernels/conv/conv_algorithm.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conv/forward_algorithms.h"

namespace wattgrind {
namespace {

using enum ConvAlgorithm;

uint64_t no_scratch(const ConvProblem&) { return 0; }
void emit_nothing(NestBuilder&, const ConvProblem&) {}

// Costs `Cost` for each image.
template <int Cost>
AlgorithmEntry costing(ConvAlgorithm algorithm, Share worth = {}) {
  const auto cost = [](const ConvProblem& problem) -> std::optional<double> {
    return Cost * static_cast<double>(problem.batch);
  };
  return {algorithm, worth, cost, no_scratch, emit_nothing};
}

AlgorithmEntry never(ConvAlgorithm algorithm) {
  const auto cost = [](const ConvProblem&) -> std::optional<double> { return std::nullopt; };
  return {algorithm, {}, cost, no_scratch, emit_nothing};
}

ConvAlgorithm chosen(const std::vector<AlgorithmEntry>& table) {
  return choose_algorithm(table, {}).algorithm;
}

TEST(ChooseAlgorithm, TakesTheCheapestThatApplies) {
  EXPECT_EQ(chosen({costing<30>(kDirect)}), kDirect);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<20>(kDots), costing<10>(kPlanar)}), kPlanar);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<20>(kDots), costing<25>(kPlanar)}), kDots);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<40>(kDots)}), kDirect);
  EXPECT_EQ(chosen({costing<30>(kDirect), never(kDots), costing<29>(kPlanar)}), kPlanar);
}

TEST(ChooseAlgorithm, TakesTheFirstOfEquals) {
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<30>(kDots)}), kDirect);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<20>(kDots), costing<20>(kPlanar)}), kDots);
}

TEST(ChooseAlgorithm, AsksTheCheapestToBeWorthIt) {
  const Share two_thirds = {2, 3};
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<20>(kDots, two_thirds)}), kDots);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<21>(kDots, two_thirds)}), kDirect);
  EXPECT_EQ(chosen({costing<29>(kDirect), costing<20>(kDots, two_thirds)}), kDirect);
  EXPECT_EQ(chosen({costing<30>(kDirect), costing<21>(kDots, two_thirds), costing<25>(kPlanar)}),
            kDirect)
      << "the second cheapest is not asked";
}

TEST(ChooseAlgorithm, TellsWhatDecided) {
  const std::vector<AlgorithmEntry> table = {costing<30>(kDirect), never(kTapColumns),
                                             costing<20>(kDots, {2, 3})};
  ConvProblem problem;
  problem.batch = 10;
  const AlgorithmChoice choice = choose_algorithm(table, problem);
  EXPECT_EQ(to_text(choice), "dots (direct 300, dots 200 of at most 200)");
  ASSERT_TRUE(choice.candidate(kDots));
  EXPECT_EQ(choice.candidate(kDots)->cost, 200);
  EXPECT_EQ(choice.candidate(kDots)->worth, (Share{2, 3}));
  EXPECT_FALSE(choice.candidate(kTapColumns));
  EXPECT_EQ(to_text(choose_algorithm({table.data(), 1}, problem)), "direct (direct 300)");
}

TEST(ConvAlgorithm, NamesAreReadBack) {
  for (size_t i = 0; i < kConvAlgorithmNames.size(); ++i) {
    const auto algorithm = static_cast<ConvAlgorithm>(i);
    EXPECT_EQ(conv_algorithm_named(name(algorithm)), algorithm);
  }
  EXPECT_EQ(conv_algorithm_named("tap_columns"), kTapColumns);
  EXPECT_EQ(conv_algorithm_named("winograd"), std::nullopt);
  EXPECT_EQ(conv_algorithm_named(""), std::nullopt);
}

TEST(ConvAlgorithmDeathTest, AnAlgorithmThatDoesNotApplyIsNotLowered) {
  ConvProblem problem;  // of one pixel and one filter
  problem.input = problem.output = {{1, 1, 1}, 1, {}};
  EXPECT_DEATH(lower_by(kTapColumns, forward_algorithms(), problem, "conv2d"),
               "tap_columns does not apply to this forward");
}

}  // namespace
}  // namespace wattgrind
