// Timeloop's exercises: mappings written by hand, and the words that Timeloop counts for them
// (Parashar et al., ISPASS 2019; the exercises' public results). Timeloop's tensors and loops are
// put as blockings here: what a level's loops fetch, and how often.
//
// Timeloop counts reads and writes of partial sums apart, and of their first visit only the write;
// both together are what is counted here.
#include <gtest/gtest.h>

#include "estimator/dataflow/loop_blocking.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

constexpr std::array<bool, kBlockedLoops> kOfMaps = {true, false, true};
constexpr std::array<bool, kBlockedLoops> kOfWeights = {true, true, false};
constexpr std::array<bool, kBlockedLoops> kOfSums = {false, true, true};

// A tensor whose words are fetched alike by the buffer and, once for all, by the register files.
BlockedKind blocked(const std::array<bool, kBlockedLoops>& depends, uint64_t words) {
  BlockedKind kind;
  kind.depends = depends;
  kind.dram_words = kind.buffer_words = kind.array_words = words;
  return kind;
}

AccessCounts counts_of(const BlockingProblem& problem, const Blocking& blocking) {
  return blocked_counts(problem, fetches_of(problem, blocking));
}

// Exercise 2: a convolution along one axis, 3 taps, 16 outputs, 32 filters; 18 inputs. Main memory
// is the blocking's DRAM, its loops the filters and, innermost, the outputs, as Timeloop has it.
TEST(TimeloopExercise, FiltersInTurnFetchTheMapAgain) {
  BlockingProblem problem;
  problem.trips = {3, 32, 16};
  problem.kinds = {blocked(kOfMaps, 18), blocked(kOfWeights, 96), blocked(kOfSums, 512)};
  const auto counts = [&](uint64_t tile_of_filters) {
    Blocking blocking;
    blocking.factors = {{{1, 32 / tile_of_filters, 16}, {3, tile_of_filters, 1}, {1, 1, 1}}};
    blocking.innermost = {BlockedLoop::kImages, BlockedLoop::kFilters};
    return counts_of(problem, blocking);
  };
  const AccessCounts untiled = counts(1);
  EXPECT_EQ(untiled.at(kDram, kW), 96u);
  EXPECT_EQ(untiled.at(kDram, kI), 576u);
  EXPECT_EQ(untiled.at(kDram, kO), 512u);
  EXPECT_EQ(counts(2).at(kDram, kI), 288u);
}

// Exercise 4: 16 elements, 32 channels and 32 filters, 3 taps, 16 outputs. All data comes to the
// buffer once; what differs is which loop the elements share.
class SixteenElements {
 public:
  static AccessCounts counts(uint64_t channel_turns, uint64_t filter_turns) {
    BlockingProblem problem;
    problem.trips = {channel_turns, filter_turns, 16};
    problem.kinds = {blocked(kOfMaps, 576), blocked(kOfWeights, 3072), blocked(kOfSums, 512)};
    Blocking blocking;
    blocking.factors = {{{1, 1, 1}, {channel_turns, filter_turns, 16}, {1, 1, 1}}};
    blocking.innermost = {BlockedLoop::kChannels, BlockedLoop::kImages};
    return counts_of(problem, blocking);
  }
};

TEST(TimeloopExercise, ChannelsInParallel) {
  constexpr uint64_t kElements = 16;
  const AccessCounts counts = SixteenElements::counts(2, 32);
  EXPECT_EQ(counts.at(kDram, kW), 3072u);
  EXPECT_EQ(counts.at(kDram, kI), 576u);
  EXPECT_EQ(counts.at(kDram, kO), 512u);
  // What each element's register file takes in.
  EXPECT_EQ(counts.at(kArray, kW), kElements * 192);
  EXPECT_EQ(counts.at(kArray, kI), kElements * 1152);
  // Elements add their sums up before they leave the array: 512 reads and 1,024 writes.
  EXPECT_EQ(counts.at(kBuffer, kO), 512u + 1024);
}

TEST(TimeloopExercise, FiltersInParallel) {
  constexpr uint64_t kElements = 16;
  const AccessCounts counts = SixteenElements::counts(32, 2);
  EXPECT_EQ(counts.at(kBuffer, kO), kElements * (992 + 1024));
  EXPECT_EQ(counts.at(kDram, kO), 512u);
}

// Exercise 6: VGG's convolution of 128 channels, 256 filters and 56 x 56 outputs on Eyeriss's 168
// elements. Outer to inner: DRAM Q4 C4 P7 M4, buffer M2 C4 P8, columns Q14, rows M4 S3, registers
// R3 C8 M8. Weights pass the buffer by.
class EyerissLike : public testing::Test {
 protected:
  static constexpr uint64_t kElements = 168, kChannels = 128, kFilters = 256;
  // Tiles of 8 x 14 outputs take 10 x 16 inputs, each channel.
  static constexpr uint64_t kTiles = 7 * 4, kTileRows = 10, kTileColumns = 16;
  static constexpr uint64_t kSums = kFilters * 56 * 56, kWeightWords = kFilters * kChannels * 9;

  static AccessCounts counts() {
    BlockingProblem problem;
    problem.trips = {16, 8, 7 * 4 * 8};
    BlockedKind map = blocked(kOfMaps, kChannels * kTiles * kTileRows * kTileColumns);
    // Each column of elements takes the 14 columns that its taps see, and 4 rows the same.
    map.buffer_words = kChannels * kTiles * kTileRows * 14 * 3;
    map.array_words = 4 * map.buffer_words;
    BlockedKind weights = blocked(kOfWeights, kWeightWords);
    weights.array_words = 14 * kWeightWords;
    problem.kinds = {map, weights, blocked(kOfSums, kSums)};
    Blocking blocking;
    blocking.factors = {{{4, 4, 7 * 4}, {4, 2, 8}, {1, 1, 1}}};
    blocking.innermost = {BlockedLoop::kFilters, BlockedLoop::kImages};
    return counts_of(problem, blocking);
  }
};

TEST_F(EyerissLike, WordsAreTimeloops) {
  const AccessCounts found = counts();
  EXPECT_EQ(found.at(kDram, kW), 8'257'536u);
  EXPECT_EQ(found.at(kDram, kI), 573'440u);
  EXPECT_EQ(found.at(kDram, kO), 2'408'448u + 3'211'264);
  EXPECT_EQ(found.at(kBuffer, kI), 12'042'240u);
  EXPECT_EQ(found.at(kBuffer, kO), 12'042'240u + 12'845'056);
  EXPECT_EQ(found.at(kArray, kW), kElements * 688'128);
  EXPECT_EQ(found.at(kArray, kI), kElements * 286'720);
}

// DRAM costs 2,048 pJ a vector of 32 words; printed are femtojoules a multiply-accumulate.
TEST_F(EyerissLike, EnergyOfDramIsTimeloops) {
  constexpr double kDramFemtojoules = 2'048'000.0 / 32;
  const uint64_t macs = square_conv(1, kChannels, kFilters, 56, 3, 1).macs();
  EXPECT_EQ(macs, 924'844'032u);
  EXPECT_NEAR(
      static_cast<double>(counts().level(kDram)) * kDramFemtojoules / static_cast<double>(macs),
      1000.0, 0.05);
}

}  // namespace
}  // namespace wattgrind
