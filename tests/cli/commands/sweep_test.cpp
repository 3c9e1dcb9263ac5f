// wattgrind sweep, with the program itself.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Ran swept(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"sweep"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"--machine", "zen3", "--format", "json"});
  return run_wattgrind(arguments);
}

json points_of(const Ran& ran) {
  EXPECT_EQ(ran.status, 0) << ran.error;
  return json::parse(ran.out).at("points");
}

TEST(Sweep, APointIsWhatAnEstimateOfItSays) {
  const json points =
      points_of(swept({"conv:filters=4,kernel=3,input=2x16x16", "--vary", "kernel=1,5"}));
  ASSERT_EQ(points.size(), 2u);
  const Ran ran = run_wattgrind({"estimate", "conv:filters=4,kernel=5,input=2x16x16", "--machine",
                                 "zen3", "--format", "json"});
  const json total = json::parse(ran.out).at("total");
  EXPECT_EQ(points.at(1).at("macs"), total.at("macs"));
  EXPECT_EQ(points.at(1).at("latency_cycles"), total.at("cost_cycles"));
  EXPECT_EQ(points.at(1).at("varied").at("kernel"), "5");
}

// (v - 4)^2 output pixels of 6 filters, 25 taps and 1 channel.
TEST(Sweep, ASquareInputIsItsPixels) {
  const Ran ran = swept({"conv:filters=6,kernel=5,input=1x32x32", "--vary", "input=32..128*2"});
  const json points = points_of(ran);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points.at(2).at("macs"), 124 * 124 * 6 * 25);
  const json line = json::parse(ran.out).at("energy_uj");
  EXPECT_EQ(line.at("over"), "pixels");
  EXPECT_GT(line.at("r2"), 0.999);
  EXPECT_LE(line.at("slope_95").at(0), line.at("slope"));
}

TEST(Sweep, SeveralKeysMakeAGridOrGoOneAtATime) {
  const std::vector<std::string> both = {"dense:units=8,input=64x1x1", "--vary", "units=8,16,24",
                                         "--vary", "batch=1,2"};
  EXPECT_EQ(points_of(swept(both)).size(), 6u);
  std::vector<std::string> apart = both;
  apart.push_back("--one-at-a-time");
  const json points = points_of(swept(apart));
  ASSERT_EQ(points.size(), 5u);
  EXPECT_EQ(points.at(4).at("macs"), 2 * 64 * 8);
}

TEST(Sweep, FiguresOfTheMachineVary) {
  const json points = points_of(swept({"dense:units=64,input=2048x1x1", "--steady", "--vary",
                                       "machine.L2.size_bytes=65536,1048576"}));
  // 512 KiB of weights stay in the larger cache.
  EXPECT_GT(points.at(0).at("latency_cycles"), points.at(1).at("latency_cycles"));
}

TEST(Sweep, JobsDoNotChangeTheResult) {
  const std::vector<std::string> sweep = {"cnn:layers=2,filters=4,filter_size=3", "--vary",
                                          "filters=1..8"};
  std::vector<std::string> one = sweep, four = sweep;
  one.insert(one.end(), {"--jobs", "1"});
  four.insert(four.end(), {"--jobs", "4"});
  EXPECT_EQ(swept(one).out, swept(four).out);
}

TEST(Sweep, APointThatIsInvalidIsNamedAndTheOthersStillRun) {
  const Ran ran = swept({"conv:filters=4,kernel=3,input=2x8x8", "--vary", "kernel=3,9"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("1 of 2 points are invalid, the first kernel=9"));
  const json points = json::parse(ran.out).at("points");
  EXPECT_TRUE(points.at(0).contains("macs"));
  EXPECT_THAT(points.at(1).at("error").get<std::string>(), HasSubstr("kernel=9"));
}

// The profile's own clock costs what an estimate says; a slower one costs less a cycle, and the
// memory fewer cycles.
TEST(Sweep, ClocksGoByTheProfilesOperatingPoints) {
  const Ran ran = run_wattgrind({"sweep", "lenet5", "--machine", "rk3588_a76", "--vary",
                                 "machine.frequency_hz=1.2e9,2.4e9,3e9", "--format", "json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("rk3588_a76 cannot be held at 3e+09 Hz"));
  const json points = json::parse(ran.out).at("points");
  const Ran alone =
      run_wattgrind({"estimate", "lenet5", "--machine", "rk3588_a76", "--format", "json"});
  EXPECT_EQ(points.at(1).at("latency_cycles"),
            json::parse(alone.out).at("total").at("cost_cycles"));
  EXPECT_LT(points.at(0).at("latency_cycles"), points.at(1).at("latency_cycles"));
  EXPECT_GT(points.at(0).at("time_us"), points.at(1).at("time_us"));
  EXPECT_LT(points.at(0).at("energy_uj"), points.at(1).at("energy_uj"));
}

TEST(Sweep, PointsThatAreDoneAreKept) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "points.jsonl";
  // One at a time, so that they stand in the file in their order.
  const std::vector<std::string> sweep = {"lenet5", "--vary",   "batch=1,2,3", "--jobs",
                                          "1",      "--points", file};
  const Ran first = swept(sweep);
  ASSERT_EQ(first.status, 0) << first.error;
  const std::string kept = read_file(file);
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 4);
  EXPECT_EQ(swept(sweep).out, first.out);
  EXPECT_EQ(read_file(file), kept);
  // The last point is missing, and one that is there says what nobody would work out.
  std::string changed = kept.substr(0, kept.rfind('\n', kept.size() - 2) + 1);
  const size_t macs = changed.find("\"macs\":");
  changed.replace(macs, changed.find(',', macs) - macs, "\"macs\":7");
  write_file(file, changed);
  const Ran again = swept(sweep);
  EXPECT_THAT(again.out, HasSubstr("\"macs\": 7,"));
  EXPECT_EQ(json::parse(again.out).at("points").at(1).at("macs").get<uint64_t>() +
                json::parse(again.out).at("points").at(2).at("macs").get<uint64_t>(),
            json::parse(first.out).at("points").at(1).at("macs").get<uint64_t>() +
                json::parse(first.out).at("points").at(2).at("macs").get<uint64_t>());
}

TEST(Sweep, PointsOfAnotherSweepAreRefused) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "points.jsonl";
  ASSERT_EQ(swept({"lenet5", "--vary", "batch=1,2", "--points", file}).status, 0);
  const Ran ran = swept({"lenet5", "--vary", "batch=1,3", "--points", file});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("is of another sweep"));
  write_file(file, read_file(file) + "{\"lab");
  EXPECT_THAT(swept({"lenet5", "--vary", "batch=1,2", "--points", file}).error,
              HasSubstr("the last line is cut short"));
}

TEST(Sweep, PointsAreMeasured) {
  const Ran ran =
      swept({"dense:units=512,input=2048x1x1", "--vary", "batch=1,4,16", "--measure", "none"});
  const json points = points_of(ran);
  EXPECT_GT(points.at(2).at("measured_time_us"), points.at(0).at("measured_time_us"));
  EXPECT_EQ(json::parse(ran.out).at("measured_time_us").at("over"), "batch");
  const Ran refused = swept({"lenet5", "--vary", "plan=fused,layers", "--measure", "none"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.error, HasSubstr("plan cannot vary there"));
  EXPECT_EQ(swept({"lenet5", "--vary", "batch=1,2", "--measure", "ruler"}).status, 2);
}

TEST(Sweep, PlotsEnergyOverTheKey) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "plot.svg";
  points_of(swept({"lenet5", "--vary", "batch=1,2,4", "--plot", file}));
  EXPECT_THAT(read_file(file), HasSubstr("energy (uJ)"));
  EXPECT_EQ(swept({"lenet5", "--vary", "plan=fused,layers", "--plot", file}).status, 2);
}

TEST(Sweep, WrongKeysAndRangesAreNamed) {
  for (const auto& [vary, message] :
       {std::pair("batch=9..1", "the range is empty"), std::pair("batch", "wanted KEY=VALUES"),
        std::pair("batch=1..9*1", "a range goes up"), std::pair("batch=1..1000000", "more than"),
        std::pair("batch=1,,2", "a value is missing")}) {
    const Ran ran = swept({"lenet5", "--vary", vary});
    EXPECT_EQ(ran.status, 2) << vary;
    EXPECT_THAT(ran.error, HasSubstr(message));
  }
  const Ran ran = swept({"lenet5", "--vary", "machine.L9.ways=4"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("the profile has no 'L9'"));
}

TEST(Sweep, EveryFileThatIsShippedRuns) {
  const std::filesystem::path folder = source_path("configs/sweeps");
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    ++files;
    // Points that would take long are refused: they are told all the same.
    const Ran ran = swept({entry.path(), "--max-work", "2e8"});
    EXPECT_TRUE(ran.status == 0 || ran.error.find("--max-work") != std::string::npos) << ran.error;
    EXPECT_GE(json::parse(ran.out).at("points").size(), 3u) << name;
  }
  EXPECT_GE(files, 9u);
}

TEST(Sweep, AFileOfAnotherSchemaIsRefused) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "s.json";
  write_file(file, R"({"schema": "wattgrind/sweep-config/1", "what": "lenet5", "vray": []})");
  const Ran ran = swept({file});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("vray"));
  EXPECT_EQ(swept({"lenet5"}).status, 2);
}

}  // namespace
}  // namespace wattgrind
