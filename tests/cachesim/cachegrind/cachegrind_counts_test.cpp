#include "cachesim/cachegrind/cachegrind_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "estimator/base/error.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kLayers = {"layer_strided", "layer_dense"};

CachegrindOutput read_output(const std::string& name) {
  std::ifstream file(source_path("tests/data/cachegrind/") + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return parse_cachegrind_output(text.str(), name);
}

// Real outputs of one executable with D1 32 KiB and LL 256 KiB or 1 MiB.
CachegrindOutput with_256k() { return read_output("two_layers.out"); }
CachegrindOutput with_1m() { return read_output("two_layers_larger_ll.out"); }

void expect_level(const LevelCounts& level, uint64_t accesses, std::optional<uint64_t> hits,
                  uint64_t read_misses, uint64_t write_misses) {
  EXPECT_EQ(level.accesses, accesses);
  EXPECT_EQ(level.hits, hits);
  EXPECT_EQ(level.misses, read_misses + write_misses);
  EXPECT_EQ(level.read_misses, read_misses);
  EXPECT_EQ(level.write_misses, write_misses);
  EXPECT_FALSE(level.write_backs);
}

TEST(CachegrindCounts, TwoLevelsAreTheToolsOwn) {
  const std::vector<CachegrindOutput> runs = {with_256k()};
  const CountedLayers counted = count_layers(runs, 2, kLayers);
  ASSERT_EQ(counted.layers.size(), 2U);
  const EventCounts& strided = counted.layers[0];
  EXPECT_EQ(strided.refs.reads, 4097U);
  EXPECT_EQ(strided.refs.writes, 4096U);
  EXPECT_FALSE(strided.bytes);
  ASSERT_EQ(strided.levels.size(), 2U);
  expect_level(strided.levels[0], 8193, 3840, 4097, 256);
  expect_level(strided.levels[1], 4353, 0, 4097, 256);
  EXPECT_EQ(strided.dram.reads, 4353U);
  EXPECT_FALSE(strided.dram.write_backs);
  expect_level(counted.layers[1].levels[0], 4097, 3859, 238, 0);
  expect_level(counted.layers[1].levels[1], 238, 220, 18, 0);
  EXPECT_EQ(counted.layers[1].dram.reads, 18U);
}

TEST(CachegrindCounts, ThreeLevelsTakeTheirMissesFromTwoRuns) {
  const std::vector<CachegrindOutput> runs = {with_256k(), with_1m()};
  const CountedLayers counted = count_layers(runs, 3, kLayers);
  const EventCounts& strided = counted.layers[0];
  ASSERT_EQ(strided.levels.size(), 3U);
  expect_level(strided.levels[0], 8193, 3840, 4097, 256);
  expect_level(strided.levels[1], 4353, 0, 4097, 256);
  expect_level(strided.levels[2], 4353, 1, 4096, 256);
  EXPECT_EQ(strided.dram.reads, 4352U);
  expect_level(counted.layers[1].levels[2], 18, 18, 0, 0);
  EXPECT_EQ(counted.layers[1].dram.reads, 0U);
}

TEST(CachegrindCounts, HitsThatWouldBeNegativeAreAbsent) {
  // A last level that is smaller than the one above it.
  const std::vector<CachegrindOutput> runs = {with_1m(), with_256k()};
  const CountedLayers counted = count_layers(runs, 3, kLayers);
  expect_level(counted.layers[0].levels[2], 4352, std::nullopt, 4097, 256);
  EXPECT_EQ(counted.layers[0].dram.reads, 4353U);
}

TEST(CachegrindCounts, OneLevelMissesToDram) {
  const std::vector<CachegrindOutput> runs = {with_256k()};
  const CountedLayers counted = count_layers(runs, 1, kLayers);
  ASSERT_EQ(counted.layers[0].levels.size(), 1U);
  EXPECT_EQ(counted.layers[0].dram.reads, 4353U);
}

TEST(CachegrindCounts, LayersAndRuntimeSumToTheSummary) {
  const std::vector<CachegrindOutput> runs = {with_256k()};
  const CountedLayers counted = count_layers(runs, 2, kLayers);
  const EventCounts total = sum(sum(counted.layers[0], counted.layers[1]), counted.runtime);
  const CachegrindCounts& summary = runs[0].summary;
  EXPECT_EQ(total.refs.reads, summary[CachegrindEvent::kDr]);
  EXPECT_EQ(total.refs.writes, summary[CachegrindEvent::kDw]);
  EXPECT_EQ(total.levels[0].read_misses, summary[CachegrindEvent::kD1mr]);
  EXPECT_EQ(total.levels[0].write_misses, summary[CachegrindEvent::kD1mw]);
  EXPECT_EQ(total.levels[1].read_misses, summary[CachegrindEvent::kDLmr]);
  EXPECT_EQ(total.levels[1].write_misses, summary[CachegrindEvent::kDLmw]);
}

TEST(CachegrindCounts, ALayerThatIsNotThereIsAnError) {
  const std::vector<CachegrindOutput> runs = {with_256k()};
  try {
    count_layers(runs, 2, std::vector<std::string>{"layer_strided", "layer_other"});
    FAIL() << "counted a layer that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    EXPECT_THAT(error.what(), HasSubstr("no function layer_other in ./workload"));
  }
}

TEST(CachegrindCounts, RunsThatDisagreeAreAnError) {
  std::vector<CachegrindOutput> runs = {with_256k(), with_1m()};
  for (CachegrindFunction& function : runs[1].functions) {
    if (function.name == "layer_dense") function.counts[CachegrindEvent::kD1mr] += 1;
  }
  try {
    count_layers(runs, 3, kLayers);
    FAIL() << "took runs that disagree";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("D1mr 238 and 239"));
  }
}

TEST(CachegrindCounts, ReferencesBeyond64BitsAreAnError) {
  std::vector<CachegrindOutput> runs = {with_256k()};
  runs[0].functions[0].counts[CachegrindEvent::kDr] = UINT64_MAX;
  runs[0].functions[0].counts[CachegrindEvent::kDw] = 1;
  EXPECT_THROW(count_layers(runs, 2, kLayers), Error);
}

}  // namespace
}  // namespace wattgrind
