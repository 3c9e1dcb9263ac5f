// wattgrind estimate, by simulation: what comes out, and what is refused.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

json estimate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "estimate");
  arguments.insert(arguments.end(), {"--format", "json"});
  const Ran ran = run_wattgrind(arguments);
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, IsEmpty());
  return json::parse(ran.out);
}

void expect_refused(std::vector<std::string> arguments, int status, const std::string& message) {
  arguments.insert(arguments.begin(), "estimate");
  const Ran ran = run_wattgrind(arguments);
  EXPECT_EQ(ran.status, status) << ran.error;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.error, StartsWith("wattgrind: "));
  EXPECT_THAT(ran.error, HasSubstr(message));
  EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
}

template <typename Number>
Number sum_over_layers(const json& result, const json::json_pointer& key) {
  Number sum = 0;
  for (const json& layer : result["layers"]) sum += layer.at(key).get<Number>();
  return sum;
}

// No kernel of LeNet-5 spills in these instruction sets: the compiled code makes the references of
// the nests.
TEST(Estimate, TracesWhatItSimulates) {
  for (const char* machine : {"xeon_x5650", "skylake_i7_6700", "skylake_server"}) {
    const Ran trace = run_wattgrind({"estimate", "lenet5", "--machine", machine, "--counts",
                                     "trace", "--steady", "--batch", "2", "--format", "json"});
    if (trace.status == static_cast<int>(ErrorKind::kMissing)) {
      GTEST_SKIP() << "skipped: " << trace.error;
    }
    ASSERT_EQ(trace.status, 0) << trace.error;
    const json simulated = estimate({"lenet5", "--machine", machine, "--steady", "--batch", "2"});
    EXPECT_EQ(json::parse(trace.out)["layers"], simulated["layers"]) << machine;
  }
}

TEST(Estimate, TraceNeedsTheMachinesInstructions) {
  expect_refused({"lenet5", "--machine", "jetson_tx1_a57", "--counts", "trace"}, 3,
                 "--counts trace: machine jetson_tx1_a57: a trace runs x86 code, found isa neon; "
                 "simulate instead");
  expect_refused({"lenet5", "--machine", "jetson_tx1_a57", "--verify"}, 3,
                 "--verify: machine jetson_tx1_a57: cachegrind here runs x86-64 code");
}

TEST(Estimate, RowsAddUpToTheTotalExactly) {
  const json result = estimate({"alexnet", "--machine", "xeon_x5650_powerml"});
  for (const char* key : {"/macs", "/parameters", "/data_refs/reads", "/data_refs/writes",
                          "/levels/0/misses", "/levels/1/hits", "/levels/2/accesses"}) {
    const json::json_pointer pointer(key);
    EXPECT_EQ(sum_over_layers<uint64_t>(result, pointer), result["total"].at(pointer)) << key;
  }
  for (const char* key : {"/cost_cycles", "/energy_pj/compute", "/energy_pj/levels/L1",
                          "/energy_pj/levels/DRAM", "/energy_pj/total"}) {
    const json::json_pointer pointer(key);
    EXPECT_EQ(sum_over_layers<double>(result, pointer), result["total"].at(pointer)) << key;
  }
  EXPECT_EQ(result["total"]["macs"], 724406816);  // Krizhevsky et al.'s AlexNet as BVLC gives it
}

// The parts of each energy add up to it, those of rows to the total's, and each holds the last.
TEST(Estimate, EnergiesHoldOneAnother) {
  const json result = estimate({"lenet5", "--machine", "skylake_server"});
  for (const char* key : {"/energy_pj/instructions", "/energy_pj/activity", "/energy_pj/running",
                          "/energy_pj/machine", "/energy_pj/total", "/instructions/total",
                          "/instructions/vector_multiply_add"}) {
    const json::json_pointer pointer(key);
    EXPECT_EQ(sum_over_layers<double>(result, pointer), result["total"].at(pointer)) << key;
  }
  const json energy = result["total"]["energy_pj"];
  double events = energy["compute"];
  for (const json& level : energy["levels"]) events += level.get<double>();
  EXPECT_EQ(events + energy["instructions"].get<double>(), energy["activity"]);
  EXPECT_EQ(energy["activity"].get<double>() + energy["awake"].get<double>(), energy["running"]);
  EXPECT_LT(energy["running"], energy["machine"]);
  EXPECT_LT(energy["machine"], energy["wall"]);
  EXPECT_EQ(energy["total"], energy["running"]);
  EXPECT_LT(energy["interval"]["low"], energy["total"]);
}

// Watts of the profile over the time that is told, in picojoules.
TEST(Estimate, WhatIsAwakeAndIdleIsPowerTimesTime) {
  const json all = estimate({"lenet5", "--machine", "xeon_gold_5120", "--energy", "machine"});
  const Power power = *find_machine("xeon_gold_5120").power;
  const double time_s = all["total"]["time_s"]["value"];
  const json energy = all["total"]["energy_pj"];
  EXPECT_NEAR(energy["awake"].get<double>(),
              1e12 * time_s * (power.core_w->value + power.uncore_w->value), 1e3);
  const double idle_pj = energy["machine"].get<double>() - energy["running"].get<double>();
  EXPECT_NEAR(idle_pj, 1e12 * time_s * 2 * power.package_idle_w->value, 1e3);
  EXPECT_EQ(energy["total"], energy["machine"]);
  const json share =
      estimate({"lenet5", "--machine", "xeon_gold_5120", "--energy", "machine", "--idle", "share"});
  const json shared = share["total"]["energy_pj"];
  EXPECT_NEAR(shared["machine"].get<double>() - shared["running"].get<double>(), idle_pj / (2 * 14),
              1e3);
  const json none = estimate({"lenet5", "--machine", "xeon_gold_5120", "--idle", "none"});
  EXPECT_EQ(none["total"]["energy_pj"]["machine"], none["total"]["energy_pj"]["running"]);
}

// A profile without figures of power gives the energy of events, and says what it lacks.
TEST(Estimate, SaysWhichFiguresAreAbsent) {
  const TemporaryFolder folder;
  json machine = json::parse(run_wattgrind({"machines", "zen3", "--format", "json"}).out);
  machine.erase("power");
  machine["levels"][1].erase("bytes_per_cycle");
  const std::string path = folder.path() / "bare.json";
  std::ofstream(path) << machine;
  const json bare = estimate({"lenet5", "--machine", path});
  EXPECT_EQ(bare["absent"], json({"levels[1].bytes_per_cycle", "power.core_w", "power.uncore_w",
                                  "power.package_idle_w"}));
  EXPECT_FALSE(bare["total"].contains("time_s"));
  EXPECT_EQ(bare["energy"], "activity");
  const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", path});
  EXPECT_THAT(ran.out, HasSubstr("The profile lacks levels[1].bytes_per_cycle, power.core_w"));
  EXPECT_FALSE(estimate({"lenet5", "--machine", "zen3"}).contains("absent"));
}

TEST(Estimate, TensorsAddUpToTheirLayer) {
  const json result = estimate({"lenet5", "--machine", "skylake_server", "--energy", "events"});
  for (const json& layer : result["layers"]) {
    if (!layer.contains("tensors")) continue;
    double energy = layer["energy_pj"]["compute"];
    uint64_t reads = 0;
    for (const json& tensor : layer["tensors"]) {
      energy += tensor["energy_pj"]["total"].get<double>();
      reads += tensor["data_refs"]["reads"].get<uint64_t>();
    }
    EXPECT_EQ(energy, layer["energy_pj"]["total"]) << layer["name"];
    EXPECT_EQ(reads, layer["data_refs"]["reads"]) << layer["name"];
  }
}

TEST(Estimate, CountsScaleWithTheBatch) {
  const json one = estimate({"lenet5", "--machine", "zen3"});
  const json eight = estimate({"lenet5", "--machine", "zen3", "--batch", "8"});
  EXPECT_EQ(eight["network"]["macs"], 8 * one["network"]["macs"].get<uint64_t>());
  EXPECT_EQ(eight["network"]["parameters"], one["network"]["parameters"]);
}

TEST(Estimate, ASteadyPassOfASmallNetworkStaysInTheLastLevel) {
  const json steady = estimate({"dffr:layers=2,width=8", "--machine", "xeon_x5650", "--steady"});
  EXPECT_EQ(steady["total"]["levels"][3]["accesses"], 0);
  EXPECT_EQ(steady["counts"]["pass"], "second");
}

TEST(Estimate, AccessesChargeMoreThanHits) {
  const json hits = estimate({"lenet5", "--machine", "xeon_x5650_powerml"});
  const json accesses =
      estimate({"lenet5", "--machine", "xeon_x5650_powerml", "--accounting", "accesses"});
  // The authors' code charges L1 for misses too, and the last level for its own.
  const json& levels = hits["total"]["levels"];
  EXPECT_EQ(
      accesses["total"]["cost_cycles"].get<double>() - hits["total"]["cost_cycles"].get<double>(),
      4 * levels[0]["misses"].get<double>() + 41 * levels[1]["misses"].get<double>());
}

TEST(Estimate, MacUnitsAreAColumnOfTheirOwn) {
  const json result = estimate({"lenet5", "--machine", "zen3", "--units", "mac"});
  EXPECT_FALSE(result["total"].contains("energy_pj"));
  EXPECT_GE(result["total"]["energy_mac"]["compute"].get<double>(), 416520);
  EXPECT_EQ(estimate({"lenet5", "--machine", "zen3", "--prices", "eyeriss"})["prices"], "eyeriss");
}

TEST(Estimate, LayersAndMetricsAreChosen) {
  const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--layers", "conv1,fc3",
                                 "--metrics", "macs,reads", "--format", "csv"});
  EXPECT_THAT(ran.out, StartsWith("layer,macs,reads\nconv1+relu1+pool1,117600,"));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3);
}

TEST(Estimate, NeonIsSimulatedHere) {
  const json result = estimate({"lenet5", "--machine", "jetson_tx1_a57"});
  EXPECT_EQ(result["machine"]["isa"], "neon");
  EXPECT_GT(result["total"]["energy_pj"]["total"].get<double>(), 0);
}

TEST(Estimate, DoesNotDependOnFolderOrEnvironment) {
  const Ran first = run_wattgrind({"estimate", "lenet5", "--machine", "zen3"});
  const Ran second = run_wattgrind({"estimate", "lenet5", "--machine", "zen3"});
  EXPECT_EQ(first.out, second.out);
}

// What stands above and below the table is our own, line by line.
TEST(Estimate, ANameWithALineFeedStaysInItsLine) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "net.json").string();
  std::ofstream(file) << R"({"schema": "wattgrind/network/1", "name": "two\nlines\u001b[31m",
      "input": [1, 4, 4], "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 2}]})";
  const Ran estimated = run_wattgrind({"estimate", file, "--machine", "zen3"});
  EXPECT_THAT(estimated.out, StartsWith("two\\nlines\\x1b[31m, batch 1, inference on "));
  const Ran shown = run_wattgrind({"networks", file});
  EXPECT_THAT(shown.out, StartsWith("two\\nlines\\x1b[31m: input 1x4x4, one image, "));
}

TEST(Estimate, RefusesWrongArguments) {
  expect_refused({}, 2, "network is required");
  expect_refused({"lenet5", "--batch", "0"}, 2, "--batch");
  expect_refused({"lenet5", "--batch", "-1"}, 2, "--batch");
  expect_refused({"lenet5", "--counts", "guess"}, 2, "--counts");
  expect_refused({"lenet5", "--machine", "zen3", "--layers", "conv9"}, 2,
                 "--layers: lenet5 has no layer conv9");
  expect_refused({"lenet5", "--machine", "zen3", "--metrics", "joy"}, 2, "joy");
  expect_refused({"lenet5", "--machine", "zen3", "--prices", "eyeriss", "--units", "pj"}, 2,
                 "--units mac");
}

TEST(Estimate, RefusesWrongInputs) {
  expect_refused({"lenet6"}, 3, "lenet5");
  expect_refused({"lenet5", "--machine", "pentium"}, 3, "pentium");
  expect_refused({"lenet5", "--machine", "zen3", "--batch", "100000000"}, 3, "smaller batch");
  expect_refused({"lenet5", "--machine", "jetson_tx1_a57", "--counts", "cachegrind"}, 3,
                 "simulate");
}

TEST(Estimate, LeavesNoPartialFile) {
  const TemporaryFolder folder;
  expect_refused({"lenet5", "--machine", "zen3", "-o", "/dev/full"}, 1,
                 "found a device, wanted a file");
  expect_refused({"lenet5", "--machine", "pentium", "-o", (folder.path() / "result").string()}, 3,
                 "pentium");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  expect_refused({"lenet5", "--machine", "zen3", "--keep", "/proc/kept"}, 1, "/proc/kept");
}

TEST(EstimateAlgorithms, AreChosenOrAskedFor) {
  const auto algorithms = [](std::vector<std::string> options) {
    options.insert(options.begin(), {"vgg16", "--machine", "skylake_server", "--show", "plan"});
    std::map<std::string, std::string> found;
    const json plan = estimate(options);
    for (const json& kernel : plan["kernels"]) {
      if (kernel.contains("algorithm")) {
        found[kernel["layer"]] =
            kernel["algorithm"].get<std::string>() + " " + kernel.value("why", std::string());
      }
    }
    return found;
  };
  EXPECT_THAT(algorithms({})["conv3_2+relu3_2"], testing::MatchesRegex("winograd4 by time: .* ms"));
  EXPECT_THAT(algorithms({"--choose", "energy"})["conv3_2+relu3_2"],
              testing::MatchesRegex("winograd. by energy: .* mJ"));
  auto asked = algorithms({"--algorithm", "winograd2,conv3_2=im2col"});
  EXPECT_EQ(asked["conv3_2+relu3_2"], "im2col asked for");
  EXPECT_EQ(asked["conv3_3+relu3_3+pool3"], "winograd2 asked for");
  asked = algorithms({"--algorithm", "auto,conv3_2=im2col"});
  EXPECT_EQ(asked["conv3_2+relu3_2"], "im2col asked for");
  EXPECT_THAT(asked["conv3_3+relu3_3+pool3"], HasSubstr("by time"));
  EXPECT_EQ(algorithms({"--plan", "layers"})["conv3_2"], "direct ");
}

TEST(EstimateAlgorithms, WinogradTakesFewerOperationsAndLessTime) {
  const auto of = [](const std::string& algorithm) {
    return estimate({"vgg16", "--machine", "skylake_server", "--algorithm", algorithm, "--layers",
                     "conv3_2"})["layers"][0];
  };
  const json direct = of("direct"), winograd2 = of("winograd2"), winograd4 = of("winograd4");
  EXPECT_EQ(direct["macs"], uint64_t{56} * 56 * 256 * 256 * 9);
  EXPECT_FALSE(direct.contains("executed_macs"));
  EXPECT_EQ(winograd2["macs"], direct["macs"]) << "of the network as written";
  EXPECT_EQ(winograd2["executed_macs"], uint64_t{28} * 28 * 16 * 256 * 256);
  // Transforms multiply, too.
  EXPECT_GT(winograd4["executed_macs"], uint64_t{14} * 14 * 36 * 256 * 256);
  EXPECT_LT(winograd4["executed_macs"], uint64_t{14} * 14 * 36 * 256 * 256 * 11 / 10);
  EXPECT_LT(winograd4["time_s"], direct["time_s"]);
  EXPECT_EQ(winograd2["other_operations"], direct["other_operations"]);
  EXPECT_GT(winograd2["transform_operations"], 0);
}

TEST(EstimateAlgorithms, AreRefusedWhereTheyDoNotFit) {
  const auto refused = [](std::vector<std::string> options, const std::string& message) {
    options.insert(options.begin(), {"lenet5", "--machine", "zen3"});
    expect_refused(options, 2, message);
  };
  refused({"--algorithm", "gemm"}, "--algorithm: \"gemm\" is no algorithm");
  refused({"--algorithm", "conv9=direct"}, "--algorithm: network lenet5 has no layer \"conv9\"");
  refused({"--algorithm", "conv1=winograd4"},
          "--algorithm: layer \"conv1\": winograd4 does not apply to it: take direct");
  refused({"--algorithm", "pool1=direct"}, "--algorithm: layer \"pool1\" is ");
  refused({"--algorithm", "relu1=direct"}, "computed by the kernel of \"conv1\"");
  refused({"--algorithm", "winograd2"}, "winograd2 applies to no layer of network lenet5");
  refused({"--algorithm", "fft", "--choose", "energy"}, "--choose wants --algorithm auto");
  refused({"--algorithm", "fft", "--phase", "training"},
          "--algorithm and --choose are of inference");
}

TEST(EstimateTraining, AStepHasPassesByLayer) {
  const json step = estimate({"lenet5", "--machine", "xeon_x5650", "--phase", "training", "--batch",
                              "4", "--optimizer", "sgd"});
  EXPECT_EQ(step["network"]["phase"], "training");
  EXPECT_EQ(step["training"], json({{"optimizer", "sgd"}}));
  EXPECT_EQ(step["layers"][0]["name"], "input");
  for (const json& layer : step["layers"]) {
    uint64_t reads = 0;
    double cycles = 0;
    const json passes_of_layer = layer.value("passes", json::object());
    for (const auto& [name, pass] : passes_of_layer.items()) {
      reads += pass["data_refs"]["reads"].get<uint64_t>();
      cycles += pass["cost_cycles"].get<double>();
    }
    EXPECT_EQ(reads, layer["data_refs"]["reads"]) << layer["name"];
    EXPECT_EQ(cycles, layer["cost_cycles"]) << layer["name"];
  }
  const json& passes = step["total"]["passes"];
  EXPECT_EQ(passes["forward"]["macs"], 4 * 416'520);
  EXPECT_GT(passes["backward"]["macs"], passes["forward"]["macs"]);
  EXPECT_EQ(passes["update"]["macs"], 0);
  EXPECT_DOUBLE_EQ(step["per_image"]["cost_cycles"].get<double>(),
                   step["total"]["cost_cycles"].get<double>() / 4);
}

TEST(EstimateTraining, AWholeTrainingIsItsStepsAsOftenAsTheyCome) {
  const json whole =
      estimate({"dffr:layers=2,width=8", "--machine", "xeon_x5650_powerml", "--phase", "training",
                "--batch", "32", "--images", "100", "--epochs", "5"});
  EXPECT_EQ(whole["training"]["steps"], 20);
  double cycles = 0;
  uint64_t steps = 0;
  for (const json& kind : whole["training"]["kinds"]) {
    cycles += kind["times"].get<double>() * kind["cost_cycles"].get<double>();
    steps += kind["times"].get<uint64_t>();
  }
  EXPECT_EQ(steps, 20);
  EXPECT_DOUBLE_EQ(cycles, whole["total"]["cost_cycles"].get<double>());
  EXPECT_DOUBLE_EQ(whole["per_image"]["cost_cycles"].get<double>(), cycles / 500);
}

TEST(EstimateTraining, TensorsOfTrainingAreToldApart) {
  const Ran ran = run_wattgrind({"estimate", "dffr:layers=1,width=8", "--machine", "xeon_x5650",
                                 "--phase", "training", "--by", "tensor", "--format", "csv"});
  EXPECT_THAT(ran.out, HasSubstr("gradient_uj"));
  EXPECT_THAT(ran.out, HasSubstr("state_uj"));
}

TEST(EstimateTraining, TheSecondStepReadsNewImagesOnly) {
  const std::vector<std::string> arguments = {
      "dffr:layers=1,width=4", "--machine", "xeon_x5650", "--phase", "training", "--batch", "8"};
  const json first = estimate(arguments);
  std::vector<std::string> steady_arguments = arguments;
  steady_arguments.push_back("--steady");
  const json steady = estimate(steady_arguments);
  const uint64_t lines = steady["total"]["levels"].back()["accesses"];
  EXPECT_LT(lines, first["total"]["levels"].back()["accesses"]);
  EXPECT_NEAR(static_cast<double>(lines), 8 * 28 * 28 * 4 / 64.0, 8) << "the images and labels";
}

TEST(Estimate, ABatchIsAnIntegerOfAtLeastOne) {
  for (const char* batch : {"0", "-1", "1.5", "many", "99999999999999999999"}) {
    expect_refused({"lenet5", "--batch", batch}, 2,
                   std::string("--batch: found ") + batch + ", wanted an integer of at least 1");
  }
}

// AlexNet's first fully connected layer reads 37.7 million weights of 4 bytes once for as many
// multiply-accumulates: half an operation a byte, which memory bounds.
TEST(Estimate, ARooflineTellsWhatBoundsALayer) {
  const TemporaryFolder folder;
  const std::string plot = folder.path() / "roof.svg";
  const Ran ran = run_wattgrind({"estimate", "alexnet", "--machine", "skylake_i7_6700", "--plan",
                                 "layers", "--roofline", "--plot", plot, "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json report = json::parse(ran.out);
  EXPECT_EQ(report.at("schema"), "wattgrind/roofline/1");
  bool found = false;
  for (const json& layer : report.at("layers")) {
    EXPECT_LE(layer.at("attainable_operations_per_s"), report.at("peak_operations_per_s"));
    if (layer.at("name") != "fc6") continue;
    found = true;
    EXPECT_EQ(layer.at("bound"), "DRAM");
    EXPECT_NEAR(layer.at("operations_a_byte").at("DRAM"), 0.5, 0.02);
  }
  EXPECT_TRUE(found) << ran.out;
  EXPECT_THAT(read_file(plot), HasSubstr("operations for each byte of DRAM"));
  expect_refused({"lenet5", "--plot", plot}, 2, "add --roofline");
  expect_refused({"lenet5", "--roofline", "--by", "tensor"}, 2, "--roofline is of an inference");
}

TEST(EstimateTraining, WhatMakesNoSenseIsRefused) {
  expect_refused({"lenet5", "--images", "10"}, 2, "add --phase training");
  expect_refused({"lenet5", "--phase", "training", "--epochs", "2"}, 2, "--epochs wants --images");
  expect_refused({"lenet5", "--phase", "training", "--images", "8", "--steady"}, 2,
                 "--steady is of one step");
  expect_refused({"lenet5", "--phase", "training", "--images", "0"}, 2, "--images");
  expect_refused({"lenet5", "--phase", "training", "--optimizer", "lion"}, 2, "--optimizer");
  expect_refused({"lenet5", "--phase", "learning"}, 2, "--phase");
  expect_refused(
      {"lenet5", "--phase", "training", "--images", "4611686018427387904", "--epochs", "8"}, 3,
      "longer than 64 bits hold");
}

}  // namespace
}  // namespace wattgrind
