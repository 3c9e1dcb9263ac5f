// wattgrind calibrate, with the program itself.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class CalibrateTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_.path() / name;
    std::ofstream(path) << text;
    return path;
  }

  // Products that fit the caches, at 3 pJ a multiply-accumulate of 64-bit integers.
  std::string exact_readings(size_t count = 6) const {
    std::string text = "m,k,n,joules # made up\n";
    for (size_t i = 0; i < count; ++i) {
      const size_t m = 4 + 3 * i, k = 5 + i * i, n = 9 + i % 3;
      text += fmt::format("{},{},{},{}\n", m, k, n, 3e-12 * static_cast<double>(m * k * n));
    }
    return write("made_up.csv", text);
  }

  static std::vector<std::string> arguments(const std::string& readings,
                                            std::vector<std::string> more,
                                            const std::string& machine = "xeon_x5650") {
    std::vector<std::string> all = {
        "calibrate",       readings, "--machine",  machine,
        "--energy-column", "joules", "--workload", "matmul:m={m},k={k},n={n},dtype=int64"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void expect_error(const std::vector<std::string>& arguments, int status,
                    const std::string& message) {
    const Ran ran = run_wattgrind(arguments);
    EXPECT_EQ(ran.status, status);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.error, HasSubstr(message));
  }

  TemporaryFolder folder_;
};

// 2 ns a multiply-accumulate, and 5 W all the while.
std::string timed_readings() {
  std::string text = "m,k,n,joules,duration_s\n";
  for (size_t i = 0; i < 6; ++i) {
    const size_t m = 4 + 3 * i, k = 5 + i * i, n = 9 + i % 3;
    const auto macs = static_cast<double>(m * k * n);
    const double seconds = 2e-9 * macs + (i % 2 == 0 ? 1e-12 : 0);
    text += fmt::format("{},{},{},{},{}\n", m, k, n, 5 * seconds, seconds);
  }
  return text;
}

TEST_F(CalibrateTest, AProfileTellsTimeAndStaticEnergy) {
  const std::string profile = folder_.path() / "mine.json";
  const Ran fitted = run_wattgrind(arguments(write("timed.csv", timed_readings()),
                                             {"--write-machine", profile, "--terms", "time"}));
  ASSERT_EQ(fitted.status, 0) << fitted.error;
  EXPECT_THAT(fitted.out, HasSubstr("Time from counts (MACs"));
  const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", profile, "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json total = json::parse(ran.out).at("total");
  const double seconds = total.at("time_s").at("value");
  EXPECT_NEAR(seconds, 2e-9 * total.at("macs").get<double>(), 0.01 * seconds);
  EXPECT_LE(total.at("time_s").at("low").get<double>(), seconds);
  EXPECT_NEAR(total.at("energy_pj").at("static").get<double>(), 5e12 * seconds, 5e9 * seconds);
}

TEST_F(CalibrateTest, AProfileWithoutDurationsTellsThePredictedTime) {
  const std::string profile = folder_.path() / "mine.json";
  const Ran fitted = run_wattgrind(arguments(exact_readings(), {"--write-machine", profile}));
  ASSERT_EQ(fitted.status, 0) << fitted.error;
  EXPECT_THAT(fitted.out, HasSubstr("Durations are not known"));
  const auto time_s = [](const std::string& machine) {
    const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", machine, "--format", "json"});
    return json::parse(ran.out).at("total").at("time_s");
  };
  EXPECT_EQ(time_s(profile), time_s("xeon_x5650"));
}

// Fitted prices hold all that the meter read.
TEST_F(CalibrateTest, AProfileOfFittedPricesTellsNoOtherEnergy) {
  const std::string profile = folder_.path() / "mine.json";
  ASSERT_EQ(run_wattgrind(arguments(exact_readings(), {"--write-machine", profile})).status, 0);
  Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", profile, "--format", "json"});
  const json energy = json::parse(ran.out).at("total").at("energy_pj");
  EXPECT_FALSE(energy.contains("running"));
  EXPECT_FALSE(energy.contains("instructions"));
  ran = run_wattgrind({"estimate", "lenet5", "--machine", profile, "--energy", "running"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("has calibrated prices, which hold all that its meter read"));
}

TEST_F(CalibrateTest, FindsThePriceThatMadeTheReadings) {
  const Ran ran = run_wattgrind(arguments(exact_readings(), {"--format", "json"}));
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json result = json::parse(ran.out);
  EXPECT_EQ(result.at("schema"), "wattgrind/calibration/1");
  EXPECT_EQ(result.at("readings"), "made_up.csv");
  EXPECT_THAT(result.at("model").at("terms"), ElementsAre("operations"));
  const json& coefficient = result.at("model").at("coefficients").at(0);
  // A multiply-accumulate of 64-bit integers is four products and two additions in the profile.
  EXPECT_NEAR(coefficient.at("value").get<double>(), 3 / (4 * 2.64 + 2 * 0.0768), 1e-9);
  EXPECT_NEAR(result.at("model").at("left_out").at("mape_percent").get<double>(), 0, 1e-6);
  EXPECT_EQ(result.at("by_reading").size(), 6u);
  EXPECT_EQ(result.at("by_reading").at(1).at("workload"), "matmul:m=7,k=6,n=10,dtype=int64");
  EXPECT_EQ(result.at("baselines").size(), 4u);  // latency cost and MACs; no durations
  EXPECT_TRUE(result.at("winning_baseline").is_null());
}

TEST_F(CalibrateTest, EstimatesWithItsProfileCarryAnInterval) {
  const std::filesystem::path profile = folder_.path() / "mine.json";
  // Readings that no model fits: 2 and 4 pJ a multiply-accumulate in turn.
  std::string text = "m,k,n,joules\n";
  for (size_t i = 0; i < 6; ++i) {
    const size_t m = 4 + 3 * i, k = 5 + i * i, n = 9;
    text += fmt::format("{},{},{},{}\n", m, k, n,
                        (i % 2 == 0 ? 2e-12 : 4e-12) * static_cast<double>(m * k * n));
  }
  Ran ran = run_wattgrind(arguments(write("odd.csv", text), {"--write-machine", profile}));
  ASSERT_EQ(ran.status, 0) << ran.error;
  const double percent =
      read_machine(read_file(profile), "mine.json").calibration->interval_percent;
  EXPECT_GT(percent, 30);
  ran = run_wattgrind({"estimate", "lenet5", "--machine", profile, "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json energy = json::parse(ran.out)["total"]["energy_pj"];
  const double total = energy["total"];
  EXPECT_NEAR(energy["interval"]["high"].get<double>(), total * (1 + percent / 100), 1e-6 * total);
  EXPECT_NEAR(energy["interval"]["low"].get<double>(), total * std::max(0.0, 1 - percent / 100),
              1e-6 * total);
  ran = run_wattgrind({"estimate", "lenet5", "--machine", profile});
  EXPECT_THAT(ran.out, HasSubstr("95 % from"));
  ran = run_wattgrind(
      {"estimate", "lenet5", "--machine", "xeon_x5650", "--format", "json", "--energy", "events"});
  EXPECT_FALSE(json::parse(ran.out)["total"]["energy_pj"].contains("interval"));
}

TEST_F(CalibrateTest, WritesAProfileThatNamesItsReadings) {
  const std::filesystem::path profile = folder_.path() / "mine.json";
  const Ran ran = run_wattgrind(arguments(exact_readings(), {"--write-machine", profile}));
  ASSERT_EQ(ran.status, 0) << ran.error;
  const Machine machine = read_machine(read_file(profile), "mine.json");
  EXPECT_EQ(machine.name, "mine");
  EXPECT_EQ(machine.prices, PriceOrigin::kCalibrated);
  EXPECT_EQ(machine.calibration->readings, "made_up.csv");
  EXPECT_NEAR(machine.operations.int_multiply_pj.value, 2.64 * 3 / (4 * 2.64 + 2 * 0.0768), 1e-9);
  EXPECT_EQ(machine.operations.int_multiply_pj.basis, Basis::kFitted);
  EXPECT_EQ(machine.frequency_hz.basis, Basis::kPublished);
  EXPECT_EQ(machine.dram.read_energy_pj.value, 0);
  EXPECT_EQ(machine.notes.back(),
            "Energies are in the unit of column joules, shown as if it were joules.");
}

TEST_F(CalibrateTest, ShowsTablesAndDrawsPlots) {
  const std::string prefix = folder_.path() / "plot";
  const Ran ran = run_wattgrind(arguments(exact_readings(), {"--plots", prefix}));
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("No baseline does better"));
  EXPECT_THAT(ran.out, HasSubstr("baseline: MACs, in proportion"));
  EXPECT_THAT(ran.out, HasSubstr("times the profile's price"));
  EXPECT_THAT(read_file(prefix + "_predicted.svg"), HasSubstr("measured (nJ)"));
  EXPECT_THAT(read_file(prefix + "_residuals.svg"), HasSubstr("</svg>"));
}

TEST_F(CalibrateTest, ALevelNamedTimeIsNotTime) {
  Machine machine = builtin_machine("xeon_x5650");
  machine.levels[0].name = "time";
  const std::string readings = write("timed.csv", timed_readings());
  const std::string profile = folder_.path() / "fitted.json";
  const Ran ran = run_wattgrind(
      arguments(readings, {"--terms", "time", "--format", "json", "--write-machine", profile},
                write("machine.json", write_machine(machine))));
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json model = json::parse(ran.out).at("model");
  EXPECT_THAT(model.at("terms"), ElementsAre("time"));
  EXPECT_EQ(model.at("coefficients").at(0).at("unit"), "W");
  const Machine fitted = read_machine(read_file(profile), profile);
  EXPECT_NEAR(fitted.static_power_w->value, 5, 1e-6);
  EXPECT_EQ(fitted.levels[0].read_energy_pj.value, 0);
}

TEST_F(CalibrateTest, CsvHasARowForEachReading) {
  const Ran ran = run_wattgrind(arguments(exact_readings(), {"--format", "csv"}));
  EXPECT_THAT(ran.out, HasSubstr("workload,measured_j,fitted_j,left_out_j\n"
                                 "\"matmul:m=4,k=5,n=9,dtype=int64\","));
}

TEST_F(CalibrateTest, LayersOfFewNetworksAreSaidToBe) {
  const auto fitted = [&](const std::string& rows) {
    return run_wattgrind({"calibrate", write("r.csv", "workload,energy_j\n" + rows), "--machine",
                          "xeon_x5650", "--terms", "operations"});
  };
  const std::string layers = "lenet5/conv1,1.2e-4\nlenet5/conv2,2.4e-4\nlenet5,4e-4\n";
  EXPECT_THAT(fitted(layers).out, HasSubstr("fewer than three networks"));
  const Ran more =
      fitted(layers + "\"dffr:layers=1,width=8\",6e-6\n\"dffr:layers=1,width=9\",7e-6\n");
  EXPECT_THAT(more.out, HasSubstr("that never saw any part of the network"));
  EXPECT_THAT(more.out, testing::Not(HasSubstr("fewer than three networks")));
}

TEST_F(CalibrateTest, SaysWhatIsWrong) {
  expect_error(arguments(exact_readings(2), {}), 3,
               "readings of 2 workloads: measure at least 3, so that each can be left out");
  expect_error(arguments(exact_readings(), {"--terms", "energy"}), 2,
               "--terms energy: no such term here; known: operations,");
  expect_error(arguments(exact_readings(), {"--weights", "none"}), 2, "--weights");
  expect_error({"calibrate", "/no/such.csv"}, 3, "/no/such.csv");
  expect_error({"calibrate", exact_readings()}, 3, "no column 'workload'");
  expect_error({"calibrate", write("t.csv", "workload,phase,energy_j\nlenet5,training,1\n")}, 3,
               "t.csv:2: training of lenet5 cannot be counted yet");
  expect_error({"calibrate", write("u.csv", "workload,energy_j\nlenet,1\n")}, 3,
               "u.csv:2: unknown network \"lenet\"; did you mean lenet5");
}

TEST_F(CalibrateTest, TimeAloneIsAWarning) {
  std::string text = "workload,energy_j,duration_s\n";
  const double seconds[] = {1, 7, 3, 20, 11, 5};
  for (size_t i = 0; i < 6; ++i) {
    text += fmt::format("\"matmul:m={},k=8,n=8,dtype=float32\",{},{}\n", 4 + i, 2 * seconds[i],
                        seconds[i]);
  }
  const Ran ran = run_wattgrind({"calibrate", write("time.csv", text), "--machine", "xeon_x5650",
                                 "--write-machine", folder_.path() / "idle.json"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("time alone explains these readings"));
  const Machine machine = read_machine(read_file(folder_.path() / "idle.json"), "idle.json");
  EXPECT_NEAR(machine.static_power_w->value, 2, 1e-9);
}

// Dense layers at 2 nJ an operation and 30 nJ a value.
class CalibrateLayersTest : public CalibrateTest {
 protected:
  std::string dense_readings(const std::string& name, size_t count, size_t from) const {
    std::string text = "b,i,o,kwh,ms\n";
    for (size_t n = from; n < from + count; ++n) {
      const size_t b = 1 + n * n % 61, i = 20 + n * 37 % 900, o = 10 + n * 101 % 700;
      const double joules =
          2e-9 * static_cast<double>(b * i * o) + 3e-8 * static_cast<double>(b * i + b * o) + 1e-4;
      text += fmt::format("{},{},{},{},{}\n", b, i, o, joules / 3.6e6, 1e3 * joules / 75);
    }
    return write(name, text);
  }

  static std::vector<std::string> layer_arguments(const std::string& readings,
                                                  std::vector<std::string> more) {
    std::vector<std::string> all = {"calibrate",         readings,
                                    "--workload",        "dense:units={o},input={i}x1x1,batch={b}",
                                    "--energy-column",   "kwh:kWh",
                                    "--duration-column", "ms:ms"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(CalibrateLayersTest, PredictsReadingsThatItHasNotSeen) {
  const std::string model = folder_.path() / "model.json";
  const Ran ran = run_wattgrind(layer_arguments(
      dense_readings("a.csv", 60, 0), {"--model", "auto", "--write-model", model, "--check",
                                       dense_readings("b.csv", 30, 50), "--format", "json"}));
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json report = json::parse(ran.out);
  const json& kind = report.at("kinds").at(0);
  EXPECT_EQ(kind.at("kind"), "dense");
  EXPECT_LT(kind.at("energy").at("left_out").at("mape_percent"), 2);
  EXPECT_GT(kind.at("energy").at("in_proportion").at("mape_percent"), 5);
  EXPECT_EQ(report.at("check").at("seen"), 10);
  const json& score = report.at("check").at("scores").at(1);
  EXPECT_EQ(score.at("quantity"), "energy");
  EXPECT_EQ(score.at("readings"), 20);
  EXPECT_LT(score.at("errors").at("mape_percent"), 2);
  const json written = json::parse(read_file(model));
  EXPECT_EQ(written.at("schema"), "wattgrind/layer-models/1");
  EXPECT_EQ(written.at("readings"), "a.csv");
}

TEST_F(CalibrateLayersTest, WhatCannotBeFittedIsRefused) {
  expect_error(layer_arguments(dense_readings("a.csv", 3, 0), {"--model", "hybrid"}), 3,
               "3 of dense are too few");
  expect_error(layer_arguments(dense_readings("a.csv", 20, 0), {"--model", "counts"}), 2,
               "add --machine");
  expect_error(layer_arguments(dense_readings("a.csv", 20, 0), {"--model", "hybird"}), 2,
               "did you mean hybrid?");
  expect_error(
      layer_arguments(write("n.csv", "b,i,o,kwh,ms\n1,20,10,nan,1\n"), {"--model", "auto"}), 3,
      "n.csv:2");
  expect_error({"calibrate", write("w.csv", "workload,energy_j\nlenet5,3\n"), "--model", "auto"}, 3,
               "wanted a layer");
  expect_error(layer_arguments(dense_readings("a.csv", 20, 0),
                               {"--model", "auto", "--write-machine", "m.json"}),
               2, "leave them out");
}

TEST_F(CalibrateLayersTest, EstimatesTellWhatTheModelSaysBesideTheCounts) {
  const std::string model = folder_.path() / "model.json";
  const Ran fitted = run_wattgrind(layer_arguments(dense_readings("a.csv", 60, 0),
                                                   {"--model", "hybrid", "--write-model", model}));
  ASSERT_EQ(fitted.status, 0) << fitted.error;
  const std::vector<std::string> estimate = {
      "estimate", "dffr:layers=2,width=100", "--machine", "xeon_x5650", "--model", model};
  std::vector<std::string> as_json = estimate;
  as_json.insert(as_json.end(), {"--bottleneck", "--format", "json"});
  const Ran ran = run_wattgrind(as_json);
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json told = json::parse(ran.out).at("model");
  double sum_j = 0;
  for (const json& layer : told.at("layers")) {
    if (layer.at("kind") == "dense") sum_j += layer.at("energy_j").at("value").get<double>();
  }
  EXPECT_NEAR(told.at("total").at("energy_j").at("value"), sum_j, 1e-9 * sum_j);
  // 784 inputs and 100 units: 2 nJ an operation, 30 nJ a value and 0.1 mJ.
  const double first_j = 2e-9 * 78400 + 3e-8 * 884 + 1e-4;
  EXPECT_NEAR(told.at("layers").at(1).at("energy_j").at("value"), first_j, 0.05 * first_j);
  EXPECT_NEAR(told.at("total").at("power_w"), 75, 1);
  EXPECT_THAT(told.at("unknown_kinds"), ElementsAre("relu", "softmax"));
  EXPECT_EQ(told.at("bottlenecks").at("time").size(), 3u);
  const Ran text = run_wattgrind(estimate);
  EXPECT_THAT(text.out, HasSubstr("The models know no relu, softmax"));
  EXPECT_THAT(text.out, HasSubstr("from a.csv"));
  expect_error({"estimate", "lenet5", "--bottleneck"}, 2, "wants --model");
  expect_error({"estimate", "lenet5", "--model", model + "," + model}, 3, "knows dense");
  expect_error({"estimate", "lenet5", "--model", write("net.json", "{\"schema\": \"x\"}")}, 3,
               "net.json");
}

// Kernels are counted where a machine is named; a model that goes by counts is of that machine.
TEST_F(CalibrateLayersTest, ModelsByCountsAreOfOneMachine) {
  const std::string model = folder_.path() / "model.json";
  const Ran fitted = run_wattgrind(
      layer_arguments(dense_readings("a.csv", 20, 0),
                      {"--model", "counts", "--machine", "zen3", "--write-model", model}));
  ASSERT_EQ(fitted.status, 0) << fitted.error;
  const std::vector<std::string> estimate = {"estimate", "dffr:layers=1,width=100", "--model",
                                             model, "--quiet"};
  std::vector<std::string> same = estimate, other = estimate;
  same.insert(same.end(), {"--machine", "zen3"});
  other.insert(other.end(), {"--machine", "zen2"});
  EXPECT_EQ(run_wattgrind(same).error, "");
  EXPECT_THAT(run_wattgrind(other).error, HasSubstr("the models are of zen3, and this is zen2"));
}

}  // namespace
}  // namespace wattgrind
