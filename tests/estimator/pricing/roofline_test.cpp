#include "estimator/pricing/roofline.h"

#include <gmock/gmock.h>

#include "estimator/catalog/machine_source.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

// One layer of 1000 multiply-accumulates that moves `lines` from DRAM, through two levels.
Estimate estimate_of(uint64_t lines) {
  Estimate estimate;
  estimate.machine = builtin_machine("rk3588_a76");
  estimate.counts.network = "net";
  estimate.counts.origin.isa = estimate.machine.isa;
  PricedRow row;
  row.row.name = "layer";
  row.row.operations.macs = 1000;
  row.row.operations.other = 48;
  row.row.counts.levels.resize(estimate.machine.levels.size());
  for (size_t i = 1; i < estimate.machine.levels.size(); ++i) {
    row.row.counts.levels[i].accesses = lines;
    row.row.counts.levels[i].misses = lines;
    row.row.counts.levels[i].lines_from_above = 0;
  }
  row.row.counts.dram = {lines, 0};
  row.time_s = 1e-6;
  estimate.rows.push_back(row);
  row.row.name = "copy";
  row.row.operations = {};
  estimate.rows.push_back(row);
  return estimate;
}

TEST(Roofline, ALayerThatMovesLittleIsBoundByTheCore) {
  const Roofline result = roofline(estimate_of(1), 1e10);
  ASSERT_EQ(result.rows.size(), 1u);  // the copy computes nothing
  EXPECT_EQ(result.rows[0].operations, 2048);
  EXPECT_EQ(result.rows[0].bound, "core");
  EXPECT_EQ(result.rows[0].attainable_per_s, 1e10);
  EXPECT_EQ(*result.rows[0].operations_a_byte.back(), 32);  // 2048 / 64 bytes
  EXPECT_EQ(*result.rows[0].reached_per_s(), 2048e6);
}

// 2048 operations over 100 lines of 64 bytes are 0.32 a byte, and DRAM gives 14.4 GB/s.
TEST(Roofline, ALayerThatMovesMuchIsBoundByMemory) {
  const Roofline result = roofline(estimate_of(100), 1e12);
  EXPECT_EQ(result.roofs.back().of, "DRAM");
  EXPECT_EQ(result.rows[0].bound, "DRAM");
  EXPECT_DOUBLE_EQ(result.rows[0].attainable_per_s, 0.32 * 14.4e9);
}

TEST(Roofline, WhatMovesNothingHasNoRatio) {
  const Roofline result = roofline(estimate_of(0), 1e12);
  EXPECT_FALSE(result.rows[0].operations_a_byte.back());
  EXPECT_EQ(result.rows[0].bound, "core");
}

TEST(Roofline, ABandwidthThatIsNotKnownIsNamed) {
  Estimate estimate = estimate_of(1);
  estimate.machine.dram.read_bytes_per_s.reset();
  EXPECT_THAT(error_text([&] { roofline(estimate, 1e10); }), HasSubstr("dram.read_bytes_per_s"));
}

}  // namespace
}  // namespace wattgrind
