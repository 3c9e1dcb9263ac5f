// wattgrind profile, with the program itself.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "estimator/readings/readings.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/counting_zone.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class ProfileTest : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  // A short run over small layers of one kind.
  Ran profile(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"profile", "--readings", file("layers.csv"),
                                          "--time-limit", "0.05"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_wattgrind(arguments);
  }

  std::vector<Reading> readings() const {
    ReadingsFormat format;
    format.time_alone = true;
    return parse_readings(read_file(file("layers.csv")), "layers.csv", format);
  }

  TemporaryFolder folder_;
};

TEST_F(ProfileTest, MeasuresNetworksLayersAndFitsModels) {
  const Ran ran = profile({"lenet5", "--kind", "conv2d,dense,relu", "--minutes", "1", "--model",
                           "paleo", "--write-model", file("model.json"), "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("and no more are left"));
  const json report = json::parse(ran.out);
  ASSERT_EQ(report.at("kinds").size(), 3u);
  EXPECT_TRUE(report.at("kinds").at(0).at("time").at("forms").at("paleo").contains("cold"));
  EXPECT_TRUE(report.at("kinds").at(0).contains("repeatability_percent"));
  const json model = json::parse(read_file(file("model.json")));
  EXPECT_EQ(model.at("machine"), "host");
  EXPECT_EQ(model.at("readings"), "layers.csv");
  for (const Reading& reading : readings()) {
    EXPECT_THAT(reading.workload, StartsWith("lenet5/"));
    EXPECT_FALSE(reading.energy_j);
    EXPECT_GT(*reading.seconds(), 1e-9);
    EXPECT_LT(*reading.seconds(), 1);
    EXPECT_FALSE(reading.kernels.empty());
  }
  // What is measured is not measured again.
  const size_t before = readings().size();
  const Ran again = profile({"lenet5", "--kind", "conv2d,dense,relu", "--measure-only"});
  EXPECT_EQ(again.status, 0) << again.error;
  EXPECT_THAT(again.error, HasSubstr("0 layers measured"));
  EXPECT_EQ(readings().size(), before);
}

TEST_F(ProfileTest, DrawsLayersFromRangesAndGoesOn) {
  const std::vector<std::string> small = {
      "--kind",         "relu",     "--range", "relu.work=1000..4000", "--minutes", "0.001",
      "--measure-only", "--caches", "warm"};
  const Ran first = profile(small);
  ASSERT_EQ(first.status, 0) << first.error;
  const size_t before = readings().size();
  EXPECT_GT(before, 0u);
  ASSERT_EQ(profile(small).status, 0);
  const std::vector<Reading> all = readings();  // which refuses a reading that is there twice
  EXPECT_GT(all.size(), before);
  for (const Reading& reading : all) {
    EXPECT_THAT(reading.workload, StartsWith("relu:input="));
    EXPECT_EQ(reading.caches, CacheWarmth::kWarm);
  }
}

TEST_F(ProfileTest, EnergyIsThatOfTheMeter) {
  const std::filesystem::path zone = folder_.path() / "sys/class/powercap/intel-rapl:0";
  std::filesystem::create_directories(zone);
  write_file(zone / "name", "package-0\n");
  write_file(zone / "max_energy_range_uj", "262143328850\n");
  write_file(zone / "energy_uj", "1000000\n");
  const CountingZone counter(zone, thirty_watts);
  const Ran ran = run_wattgrind({"profile", "lenet5", "--kind", "softmax", "--meter", "rapl",
                                 "--sysfs", file("sys"), "--no-idle", "--relative-error", "50",
                                 "--measure-only", "--readings", file("layers.csv")});
  ASSERT_EQ(ran.status, 0) << ran.error;
  ASSERT_EQ(readings().size(), 1u);  // a microsecond is too short to be timed alone
  EXPECT_NEAR(*readings()[0].energy_j / *readings()[0].duration_s, 30, 3);
  EXPECT_EQ(readings()[0].caches, CacheWarmth::kWarm);
}

TEST_F(ProfileTest, ReadingsOfAnotherComputerAreRefused) {
  write_file(file("layers.csv"),
             "workload,batch,phase,repetitions,energy_j,duration_s,idle_power_w,caches,cpu,kernels,"
             "relative_error\nrelu:input=8x1x1,1,inference,1,,1,,warm,A CPU of 1999,0.0.1,\n");
  const Ran ran = profile({"--minutes", "0.001"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("layers.csv:2: is of processor 'A CPU of 1999'"));
  EXPECT_THAT(ran.error, HasSubstr("take another file"));
}

TEST_F(ProfileTest, WhatCannotBeIsSaidInOneLine) {
  const auto error = [this](std::vector<std::string> more, int status) {
    more.insert(more.end(), {"--minutes", "0.001"});
    const Ran ran = profile(more);
    EXPECT_EQ(ran.status, status) << ran.error;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
    return ran.error;
  };
  EXPECT_THAT(error({"--kind", "conv"}, 2), HasSubstr("--kind conv: no layers of it can be drawn"));
  EXPECT_THAT(error({"--range", "relu.size=9..1"}, 2), HasSubstr("the range is empty"));
  EXPECT_THAT(error({"lenet5", "--range", "relu.size=1..9"}, 2),
              HasSubstr("leave one of both out"));
  EXPECT_THAT(error({"lenet6"}, 3), HasSubstr("lenet6"));
  EXPECT_THAT(error({"lenet5", "--kind", "lrn"}, 3), HasSubstr("there is no layer to measure"));
  EXPECT_THAT(error({"--meter", "rapl", "--sysfs", file("nowhere")}, 4),
              HasSubstr("no RAPL package zone"));
}

}  // namespace
}  // namespace wattgrind
