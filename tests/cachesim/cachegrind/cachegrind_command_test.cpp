#include "cachesim/cachegrind/cachegrind_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr CacheGeometry kL1{32 * 1024, 8, 64};
constexpr CacheGeometry kL2{256 * 1024, 8, 64};
constexpr CacheGeometry kSkylakeL3{8 << 20, 16, 64};
constexpr CacheGeometry kWestmereL3{12 << 20, 16, 64};  // 12288 sets

Machine machine_with(const std::vector<CacheGeometry>& levels) {
  Machine machine;
  machine.name = "test_machine";
  for (const CacheGeometry& geometry : levels) {
    CacheLevel level;
    level.name = "L" + std::to_string(machine.levels.size() + 1);
    level.geometry = {geometry, "test"};
    machine.levels.push_back(level);
  }
  return machine;
}

TEST(CachegrindRefusal, IsWhatCachegrindSays) {
  for (const CacheGeometry& accepted :
       {kL1, CacheGeometry{48 * 1024, 12, 64}, CacheGeometry{12 << 20, 24, 64},
        CacheGeometry{32 * 1024, 512, 64}, CacheGeometry{128, 1, 64},
        CacheGeometry{1 << 30, 16, 64}, CacheGeometry{32 * 1024, 8, 32}}) {
    EXPECT_EQ(cachegrind_refusal(accepted), std::nullopt) << accepted.size_bytes;
  }
  for (const CacheGeometry& refused :
       {kWestmereL3, CacheGeometry{32 * 1024 + 1, 8, 64}, CacheGeometry{3 << 14, 8, 96},
        CacheGeometry{32 * 1024, 8, 16}, CacheGeometry{64, 1, 64}, CacheGeometry{0, 8, 64},
        CacheGeometry{32 * 1024, 0, 64}, CacheGeometry{32 * 1024, 8, 0},
        CacheGeometry{uint64_t{2} << 30, 16, 64}}) {
    EXPECT_NE(cachegrind_refusal(refused), std::nullopt) << refused.size_bytes;
  }
}

TEST(CachegrindPlan, OneRunForTwoLevels) {
  const CachegrindPlan plan = plan_cachegrind(machine_with({kL1, kSkylakeL3}));
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(plan.runs[0].d1, kL1);
  EXPECT_EQ(plan.runs[0].ll, kSkylakeL3);
  EXPECT_THAT(plan.substitutions, IsEmpty());
}

TEST(CachegrindPlan, TwoRunsForThreeLevels) {
  const CachegrindPlan plan = plan_cachegrind(machine_with({kL1, kL2, kSkylakeL3}));
  ASSERT_EQ(plan.runs.size(), 2U);
  EXPECT_EQ(plan.runs[0].d1, kL1);
  EXPECT_EQ(plan.runs[0].ll, kL2);
  EXPECT_EQ(plan.runs[1].d1, kL1);
  EXPECT_EQ(plan.runs[1].ll, kSkylakeL3);
}

TEST(CachegrindPlan, OneLevelStillNamesALastLevel) {
  const CachegrindPlan plan = plan_cachegrind(machine_with({kL1}));
  ASSERT_EQ(plan.runs.size(), 1U);
  EXPECT_EQ(plan.runs[0].ll, kL1);
}

TEST(CachegrindPlan, TakesTheSubstituteAndSaysSo) {
  Machine machine = machine_with({kL1, kWestmereL3});
  machine.levels[1].cachegrind_substitute = {{12 << 20, 24, 64}, "test"};
  const CachegrindPlan plan = plan_cachegrind(machine);
  EXPECT_EQ(plan.runs.at(0).ll.ways, 24U);
  EXPECT_THAT(plan.substitutions,
              ElementsAre("L2 (12582912 B, 16 ways, 64 B lines) is counted as 12582912 B, 24 ways, "
                          "64 B lines, since cachegrind refuses it: 12288 sets are not a power of "
                          "two"));
}

TEST(CachegrindPlan, TakesNoSubstituteWhereNoneIsNeeded) {
  Machine machine = machine_with({kL1, kSkylakeL3});
  machine.levels[1].cachegrind_substitute = {{8 << 20, 8, 64}, "test"};
  const CachegrindPlan plan = plan_cachegrind(machine);
  EXPECT_EQ(plan.runs.at(0).ll, kSkylakeL3);
  EXPECT_THAT(plan.substitutions, IsEmpty());
}

std::string refusal_of(const Machine& machine) {
  try {
    plan_cachegrind(machine);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(CachegrindPlan, NamesMachineLevelGeometryAndRemedy) {
  EXPECT_EQ(refusal_of(machine_with({kL1, kL2, kWestmereL3})),
            "machine test_machine: L3 (12582912 B, 16 ways, 64 B lines): cachegrind refuses it: "
            "12288 sets are not a power of two; name a substitute in the profile, such as "
            "\"cachegrind\": {\"ways\": 12}, or count by simulation");
  EXPECT_THAT(refusal_of(machine_with({kL1, {25 << 20, 20, 64}})), HasSubstr("{\"ways\": 25}"));
  EXPECT_THAT(refusal_of(machine_with({{32 * 1024, 8, 16}})),
              HasSubstr("16 B are shorter than a vector register (32 B); count by simulation"));
}

TEST(CachegrindPlan, RefusesASubstituteThatIsNoBetter) {
  Machine machine = machine_with({kL1, kWestmereL3});
  machine.levels[1].cachegrind_substitute = {{12 << 20, 8, 64}, "test"};
  EXPECT_THAT(refusal_of(machine),
              HasSubstr("L2: cachegrind refuses its substitute too (12582912 B, 8 ways, 64 B "
                        "lines): 24576 sets"));
}

TEST(CachegrindCommand, SaysEverythingOnTheCommandLine) {
  EXPECT_THAT(
      cachegrind_command({kL1, {48 * 1024, 12, 64}, kSkylakeL3}, "cachegrind.L2.out", "./lenet5"),
      ElementsAre("valgrind", "--command-line-only=yes", "--quiet", "--demangle=no", "--vgdb=no",
                  "--tool=cachegrind", "--cache-sim=yes", "--I1=32768,8,64", "--D1=49152,12,64",
                  "--LL=8388608,16,64", "--cachegrind-out-file=cachegrind.L2.out", "./lenet5"));
}

TEST(ShellLine, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(shell_line({"valgrind", "--LL=1,2,3", "./my net", "it's", "", "$x"}),
            R"(valgrind --LL=1,2,3 './my net' 'it'\''s' '' '$x')");
}

TEST(ValgrindVersion, ReadsReleasesAndWhatComesBetweenThem) {
  const auto release = parse_valgrind_version("valgrind-3.19.0\n");
  ASSERT_TRUE(release);
  EXPECT_EQ(release->major, 3);
  EXPECT_EQ(release->minor, 19);
  EXPECT_EQ(release->text, "3.19.0");
  EXPECT_EQ(parse_valgrind_version("valgrind-3.26.0.GIT-lbmacos")->text, "3.26.0.GIT-lbmacos");
  EXPECT_EQ(parse_valgrind_version("valgrind-4.0")->major, 4);
  for (const char* const text : {"", "valgrind", "valgrind-", "valgrind-3", "valgrind-3.", "3.19.0",
                                 "valgrind-3.x.0", "valgrind-3.19x", "bash: valgrind-3.19.0"}) {
    EXPECT_FALSE(parse_valgrind_version(text)) << text;
  }
}

TEST(ValgrindVersion, OldOnesAreMissing) {
  EXPECT_NO_THROW(require_least_version({3, 13, "3.13.0"}));
  EXPECT_NO_THROW(require_least_version({4, 0, "4.0.0"}));
  try {
    require_least_version({3, 12, "3.12.0"});
    FAIL() << "3.12 passed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kMissing);
    EXPECT_THAT(error.what(), HasSubstr("found Valgrind 3.12.0, wanted 3.13 or later"));
    EXPECT_THAT(error.what(), HasSubstr("apt-get install valgrind"));
  }
}

}  // namespace
}  // namespace wattgrind
