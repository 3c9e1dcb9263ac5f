// The choice of algorithms by what they cost, held to whole networks counted by each of them.
#include "kernels/count/algorithm_choice.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

using enum ConvAlgorithm;

// "a" and "c" are the same kernel; "b" has a kernel of one tap, "d" one of five.
Network network() {
  return build_network({"test",
                        {{"x", {32, 24, 24}}},
                        {{"a", same_conv(32, 3)},
                         {"b", same_conv(32, 1)},
                         {"c", same_conv(32, 3)},
                         {"d", same_conv(48, 5)},
                         {"prob", Softmax{}}},
                        {}},
                       "test");
}

CostCriterion reads() {
  return {"reads", "reads", [](const CountedRow& row, const CountOrigin&) {
            return static_cast<double>(row.counts.refs.reads);
          }};
}

AlgorithmRequest choose(const PlanRequest& request, const CostCriterion& criterion) {
  const auto source = make_simulation_source(CacheModel::kMachine);
  return choose_algorithms(network(), request, 1, find_machine("zen3"), *source, criterion,
                           [](std::string_view, uint64_t, uint64_t) {});
}

uint64_t reads_of(const std::string& layer, ConvAlgorithm algorithm) {
  const auto source = make_simulation_source(CacheModel::kMachine);
  AlgorithmRequest request;
  request.layers[layer].algorithms = {algorithm};
  const NetworkCounts counts =
      count_network(network(), 1, find_machine("zen3"), false, *source,
                    [](std::string_view, uint64_t, uint64_t) {}, nullptr, {Plan::kFused, request});
  for (const CountedRow& row : counts.rows) {
    if (row.name == layer) return row.counts.refs.reads;
  }
  return 0;
}

TEST(AlgorithmChoice, TakesWhatCostsLeastOfThoseThatCouldPay) {
  const AlgorithmRequest chosen = choose({Plan::kFused}, reads());
  for (const auto& [layer, wish] : chosen.layers) {
    ASSERT_EQ(wish.algorithms.size(), 1U);
    EXPECT_THAT(wish.why, testing::StartsWith("by reads: direct "));
    for (const ConvAlgorithm other : {kDirect, kWinograd2, kWinograd4}) {
      if (layer == "d" && other != kDirect) continue;
      EXPECT_LE(reads_of(layer, wish.algorithms[0]), reads_of(layer, other))
          << layer << " by " << name(other);
    }
  }
  EXPECT_TRUE(chosen.layers.contains("a"));
  EXPECT_TRUE(chosen.layers.contains("d"));
  EXPECT_EQ(chosen.layers.at("a").algorithms, chosen.layers.at("c").algorithms);
  EXPECT_EQ(chosen.layers.at("a").why, chosen.layers.at("c").why);
}

// Each trial is counted as its layer is in the network, but for what other layers left in caches.
TEST(AlgorithmChoice, CountsReferencesAsTheNetworkHasThem) {
  const AlgorithmRequest chosen = choose({Plan::kFused}, reads());
  const uint64_t direct = reads_of("d", kDirect);
  EXPECT_THAT(
      chosen.layers.at("d").why,
      testing::StartsWith(fmt::format("by reads: direct {:.4g}", static_cast<double>(direct))));
}

TEST(AlgorithmChoice, TheDearestIsTakenWhereItCostsLeast) {
  CostCriterion turned = reads();
  turned.cost = [](const CountedRow& row, const CountOrigin&) {
    return -static_cast<double>(row.counts.refs.reads);
  };
  EXPECT_EQ(choose({Plan::kFused}, turned).layers.at("a").algorithms, std::vector{kDirect});
}

TEST(AlgorithmChoice, LeavesAloneWhatWasAskedFor) {
  AlgorithmRequest asked;
  asked.layers["a"].algorithms = {kIm2col};
  const AlgorithmRequest chosen = choose({Plan::kFused, asked}, reads());
  EXPECT_EQ(chosen.layers.at("a").algorithms, std::vector{kIm2col});
  EXPECT_EQ(chosen.layers.at("a").why, "asked for");
  EXPECT_NE(chosen.layers.at("c").algorithms, std::vector{kIm2col});
  AlgorithmRequest everywhere;
  everywhere.everywhere = {kDirect};
  EXPECT_TRUE(choose({Plan::kFused, everywhere}, reads()).layers.empty());
}

}  // namespace
}  // namespace wattgrind
