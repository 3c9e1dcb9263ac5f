// wattgrind sweep, with the program itself.
#include <gmock/gmock.h>

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
