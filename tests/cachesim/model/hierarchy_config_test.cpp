#include "cachesim/model/hierarchy_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using ::testing::HasSubstr;

HierarchyConfig two_levels() {
  return {CacheModel::kMachine,
          {{"L1", {32768, 8, 64}, Replacement::kLru, Containment::kNonInclusive},
           {"L2", {262144, 8, 64}, Replacement::kLru, Containment::kInclusive}}};
}

std::string error_of(const HierarchyConfig& config) {
  try {
    validate(config);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "none";
}

TEST(HierarchyConfig, AcceptsSetsThatAreNoPowerOfTwo) {
  HierarchyConfig config = two_levels();
  config.levels[1].geometry = {12 << 20, 16, 64};
  EXPECT_EQ(error_of(config), "none");
}

TEST(HierarchyConfig, RefusesNoLevels) {
  EXPECT_THAT(error_of({}), HasSubstr("levels: found none"));
}

TEST(HierarchyConfig, RefusesImpossibleGeometries) {
  HierarchyConfig config = two_levels();
  config.levels[0].geometry.ways = 0;
  EXPECT_THAT(error_of(config), HasSubstr("levels[0].ways (L1): found 0"));
  config = two_levels();
  config.levels[0].geometry.line_bytes = 48;
  EXPECT_THAT(error_of(config), HasSubstr("levels[0].line_bytes (L1): found 48"));
  config = two_levels();
  config.levels[1].geometry.size_bytes += 64;
  EXPECT_THAT(error_of(config),
              HasSubstr("levels[1].size_bytes (L2): found 262208, wanted a multiple of ways * "
                        "line_bytes = 512"));
  config = two_levels();
  config.levels[0].geometry.size_bytes = 0;
  EXPECT_THAT(error_of(config), HasSubstr("levels[0].size_bytes"));
  config = two_levels();
  config.levels[1].geometry.size_bytes = uint64_t{1} << 45;
  EXPECT_THAT(error_of(config), HasSubstr("fewer than 2^32 lines"));
}

TEST(HierarchyConfig, RefusesLevelsThatDoNotFitTogether) {
  HierarchyConfig config = two_levels();
  config.levels[1].geometry.line_bytes = 128;
  EXPECT_THAT(error_of(config), HasSubstr("levels[1].line_bytes (L2): found 128, wanted 64"));
  config = two_levels();
  config.levels[1].geometry.size_bytes = 16384;
  EXPECT_THAT(error_of(config), HasSubstr("levels[1].size_bytes (L2): found 16384"));
  config = two_levels();
  config.levels[0].containment = Containment::kVictim;
  EXPECT_THAT(error_of(config), HasSubstr("levels[0].containment"));
}

TEST(HierarchyConfig, RefusesTreePlruOfOddWays) {
  HierarchyConfig config = two_levels();
  config.levels[1].geometry = {12 << 20, 24, 64};
  config.levels[1].replacement = Replacement::kTreePlru;
  EXPECT_THAT(error_of(config), HasSubstr("levels[1].ways (L2): found 24"));
}

TEST(HierarchyConfig, CachegrindTakesTheSubstituteAndRefusesWithoutIt) {
  Machine machine;
  machine.levels.resize(2);
  machine.levels[0].name = "L1";
  machine.levels[0].geometry = {{32768, 8, 64}, "test"};
  machine.levels[1].name = "L3";
  machine.levels[1].geometry = {{12 << 20, 16, 64}, "test"};
  machine.levels[1].containment = Containment::kVictim;
  EXPECT_THAT(error_of(cachegrind_hierarchy(machine)), HasSubstr("make 12288 sets"));
  EXPECT_EQ(error_of(machine_hierarchy(machine)), "none");
  EXPECT_EQ(machine_hierarchy(machine).levels[1].containment, Containment::kVictim);

  machine.levels[1].cachegrind_substitute = {{12 << 20, 24, 64}, "test"};
  const HierarchyConfig config = cachegrind_hierarchy(machine);
  EXPECT_EQ(error_of(config), "none");
  EXPECT_EQ(config.model, CacheModel::kCachegrind);
  EXPECT_EQ(config.levels[1].geometry.ways, 24u);
  EXPECT_EQ(config.levels[1].containment, Containment::kNonInclusive);
}

}  // namespace
}  // namespace wattgrind
