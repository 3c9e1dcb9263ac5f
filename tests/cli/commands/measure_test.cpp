// `wattgrind measure` as a user runs it, on fake sysfs trees.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

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

class MeasureTest : public testing::Test {
 protected:
  std::string sysfs() const { return (folder_.path() / "sys").string(); }
  std::filesystem::path zone() const { return folder_.path() / "sys/class/powercap/intel-rapl:0"; }

  void make_zone() const {
    std::filesystem::create_directories(zone());
    write_file(zone() / "name", "package-0\n");
    write_file(zone() / "max_energy_range_uj", "262143328850\n");
    write_file(zone() / "energy_uj", "1000000\n");
  }

  static Ran measure(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "measure");
    return run_wattgrind(std::move(arguments));
  }

  static void expect_error(const std::vector<std::string>& arguments, int status,
                           const std::string& message) {
    const Ran ran = measure(arguments);
    EXPECT_EQ(ran.status, status) << ran.error;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.error, HasSubstr(message));
  }

  TemporaryFolder folder_;
};

TEST_F(MeasureTest, TimeAloneNeedsNoMeter) {
  const Ran ran = measure({"lenet5", "matmul:m=20,k=30,n=40,dtype=int64", "--meter", "none",
                           "--relative-error", "50", "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json report = json::parse(ran.out);
  EXPECT_EQ(report["schema"], "wattgrind/measurement/1");
  ASSERT_EQ(report["loads"].size(), 2u);
  EXPECT_EQ(report["loads"][1]["workload"], "matmul:m=20,k=30,n=40,dtype=int64");
  for (const json& load : report["loads"]) {
    EXPECT_GE(load["runs"], 5);
    EXPECT_GT(load["seconds"], 0);
    EXPECT_FALSE(load.contains("energy_j"));
  }
}

TEST_F(MeasureTest, TheClockIsHeldMeanwhileAndPutBack) {
  const std::filesystem::path policy = folder_.path() / "sys/devices/system/cpu/cpufreq/policy0";
  std::filesystem::create_directories(policy);
  for (const auto& [file, khz] :
       {std::pair("cpuinfo_min_freq", "600000"), std::pair("cpuinfo_max_freq", "2000000"),
        std::pair("scaling_min_freq", "600000"), std::pair("scaling_max_freq", "2000000")}) {
    write_file(policy / file, std::string(khz) + "\n");
  }
  const Ran ran = measure({"lenet5", "--meter", "none", "--relative-error", "50", "--frequency",
                           "1.2e9", "--sysfs", sysfs(), "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(json::parse(ran.out).at("frequency_hz"), 1.2e9);
  EXPECT_EQ(read_file(policy / "scaling_min_freq"), "600000");
  EXPECT_EQ(read_file(policy / "scaling_max_freq"), "2000000");
  expect_error({"lenet5", "--meter", "none", "--frequency", "3e9", "--sysfs", sysfs()}, 2,
               "--frequency 3000000 kHz: the CPU's clocks are from 600000 to 2000000 kHz");
}

TEST_F(MeasureTest, ASystemWhoseClockNobodyGovernsIsToldSo) {
  std::filesystem::create_directories(sysfs());
  expect_error({"lenet5", "--meter", "none", "--frequency", "1e9", "--sysfs", sysfs()}, 4,
               "as on most virtual machines");
}

TEST_F(MeasureTest, ASystemWithoutAMeterIsToldSo) {
  std::filesystem::create_directories(sysfs());
  expect_error({"lenet5", "--meter", "rapl", "--sysfs", sysfs()}, 4, "modprobe intel_rapl_msr");
  expect_error({"lenet5", "--meter", "ina3221", "--sysfs", sysfs()}, 4, sysfs());
}

TEST_F(MeasureTest, AppendsWhatACounterSays) {
  make_zone();
  const std::string readings = folder_.path() / "readings.csv";
  {
    const CountingZone counting(zone(), thirty_watts);
    for (int i = 0; i < 2; ++i) {
      const Ran ran = measure({"lenet5/conv1", "--meter", "rapl", "--sysfs", sysfs(), "--no-idle",
                               "--relative-error", "50", "--batch", "2", "--readings", readings,
                               "--format", "json"});
      ASSERT_EQ(ran.status, 0) << ran.error;
      const json load = json::parse(ran.out)["loads"][0];
      EXPECT_NEAR(load["power_w"].get<double>(), 30, 3);
      EXPECT_FALSE(load.contains("idle_power_w"));
    }
  }
  const auto kept = parse_readings(read_file(readings), "readings.csv", {});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].workload, "lenet5/conv1");
  EXPECT_EQ(kept[0].batch, 2u);
  EXPECT_FALSE(kept[0].idle_power_w);
  EXPECT_NEAR(*kept[1].energy_j / kept[1].duration_s.value(), 30, 3);
}

TEST_F(MeasureTest, RailsStandBesideEachOther) {
  make_zone();
  const std::filesystem::path core = zone().parent_path() / "intel-rapl:0:0";
  std::filesystem::create_directories(core);
  write_file(core / "name", "core\n");
  write_file(core / "max_energy_range_uj", "262143328850\n");
  const CountingZone package_counting(zone(), thirty_watts);
  const CountingZone core_counting(
      core, [](double seconds) { return static_cast<uint64_t>(20e6 * seconds); });
  const std::vector<std::string> arguments = {
      "lenet5/conv1", "--meter", "rapl", "--sysfs", sysfs(), "--no-idle", "--relative-error", "50"};
  EXPECT_THAT(measure(arguments).out,
              testing::ContainsRegex("power by rail \\(W\\)  package-0  \\(package-0/core\\)"));
  std::vector<std::string> as_json = arguments;
  as_json.insert(as_json.end(), {"--format", "json"});
  const json report = json::parse(measure(as_json).out);
  const json& rails = report["loads"][0]["rails"];
  EXPECT_EQ(rails[1]["name"], "package-0/core");
  EXPECT_EQ(rails[1]["in_total"], false);
  EXPECT_NEAR(rails[1]["power_w"].get<double>(), 20, 2);
  EXPECT_GT(report["samples"]["taken"], 5);
}

TEST_F(MeasureTest, LayersStandBesideTheWhole) {
  const Ran ran = measure({"dffr:layers=1,width=8,input=1x8x8", "--meter", "none", "--by", "layer",
                           "--cumulative", "--relative-error", "100", "--time-limit", "1.2",
                           "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json report = json::parse(ran.out);
  const json& network = report["networks"][0];
  EXPECT_EQ(network["network"], "dffr:layers=1,width=8,input=1x8x8");
  EXPECT_GT(network["sum_of_layers"]["seconds"], 0);
  EXPECT_GT(network["whole"]["seconds"], 0);
  ASSERT_GE(network["added"].size(), 2u);
  double added_s = 0;
  for (const json& row : network["added"]) added_s += row["seconds"].get<double>();
  double last_s = 0;
  for (const json& load : report["loads"]) {
    if (load["workload"] == network["added"].back()["workload"]) last_s = load["seconds"];
  }
  EXPECT_NEAR(added_s, last_s, 1e-9 + 1e-6 * last_s);
}

TEST_F(MeasureTest, AMeterThatFailsIsNotPaperedOver) {
  make_zone();
  const std::vector<std::string> arguments = {
      "lenet5", "--meter", "rapl", "--sysfs", sysfs(), "--no-idle", "--relative-error", "50"};
  expect_error(arguments, 1, "the counters stand still");
  {
    const CountingZone backwards(zone(), [](double seconds) {
      return uint64_t{200000000000} - static_cast<uint64_t>(30e6 * seconds);
    });
    expect_error(arguments, 1, "went backwards");
  }
  const std::jthread vanishing([this] {
    {
      const CountingZone counting(zone(), thirty_watts);
      std::this_thread::sleep_for(std::chrono::milliseconds(600));
    }
    std::filesystem::remove(zone() / "energy_uj");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Ran ran = measure(arguments);  // its whole runs, if any, stand in the table
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("cannot be read any more"));
}

TEST_F(MeasureTest, WrongCommandLines) {
  expect_error({"lenet5", "--meter", "watts"}, 2, "--meter watts: unknown");
  expect_error({"lenet5", "--meter", "log"}, 2, "--meter log: name its file");
  expect_error({"lenet5"}, 2, "--meter is required");
  expect_error({"--meter", "none"}, 2, "workloads is required");
  expect_error({"lenet5", "lenet5", "--meter", "none"}, 2, "named twice");
  expect_error({"lenet5", "--meter", "none", "--cumulative"}, 2, "--by layer");
  expect_error({"lenet5", "--meter", "none", "--readings", folder_.path() / "r.csv"}, 2,
               "reads no energy");
  expect_error({"matmul:m=2,k=2,n=2,dtype=int64", "--meter", "none", "--by", "layer"}, 2,
               "has no layers");
  expect_error({"lenet6", "--meter", "none"}, 3, "lenet6");
  expect_error({"lenet5/conv7", "--meter", "none"}, 3, "no layer conv7");
  expect_error({"alexnet/drop6", "--meter", "none"}, 3, "runs no kernel");
  expect_error({"lenet5", "--meter", "log:" + (folder_.path() / "none.csv").string()}, 3,
               "none.csv");
}

TEST_F(MeasureTest, AFileOfAnotherHeaderIsLeftAlone) {
  make_zone();
  const std::string other = folder_.path() / "other.csv";
  write_file(other, "a,b\n1,2\n");
  expect_error({"lenet5", "--meter", "rapl", "--sysfs", sysfs(), "--readings", other}, 3,
               "cannot append");
  EXPECT_EQ(read_file(other), "a,b\n1,2\n");
}

}  // namespace
}  // namespace wattgrind
