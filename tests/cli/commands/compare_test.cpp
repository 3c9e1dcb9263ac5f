// wattgrind compare, with the program itself.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/cli/run_wattgrind.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json compared(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"compare"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"--format", "json"});
  const Ran ran = run_wattgrind(arguments);
  EXPECT_EQ(ran.status, 0) << ran.error;
  return json::parse(ran.out);
}

// What estimate tells of the same network is what compare sets side by side.
TEST(Compare, FiguresAreThoseOfEstimates) {
  const json report = compared({"lenet5", "dffr:layers=1,width=8", "--machine", "zen3"});
  const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--format", "json"});
  const json total = json::parse(ran.out).at("total");
  const json& first = report.at("cases").at(0);
  EXPECT_EQ(first.at("case"), "lenet5");
  EXPECT_EQ(first.at("macs"), total.at("macs"));
  EXPECT_EQ(first.at("latency_cycles"), total.at("cost_cycles"));
  const double energy_uj = 1e-6 * total.at("energy_pj").at("total").get<double>();
  EXPECT_NEAR(first.at("energy_uj"), energy_uj, 1e-9 * energy_uj);
  EXPECT_EQ(report.at("cases").size(), 2u);
}

TEST(Compare, CasesAreAllCombinations) {
  const json report = compared({"dffr:layers=1,width=8", "--machine", "zen3,xeon_x5650", "--plan",
                                "fused,layers", "--batch", "1,2"});
  ASSERT_EQ(report.at("cases").size(), 8u);
  EXPECT_EQ(report.at("cases").at(7).at("case"), "xeon_x5650, layers, batch 2");
  EXPECT_EQ(report.at("cases").at(7).at("images"), 2);
}

TEST(Compare, TheRatioIsErrorToTheAlphaTimesEnergy) {
  const json report = compared({"dffr:layers=1,width=8", "lenet5", "--machine", "zen3",
                                "--accuracy", "lenet5=0.9", "--alpha", "1,3"});
  const json& lenet5 = report.at("cases").at(1);
  const double energy = lenet5.at("image_energy_uj");
  EXPECT_NEAR(lenet5.at("epr_alpha1_uj"), 0.1 * energy, 1e-9 * energy);
  EXPECT_NEAR(lenet5.at("epr_alpha3_uj"), 0.001 * energy, 1e-9 * energy);
  EXPECT_TRUE(report.at("cases").at(0).at("epr_alpha1_uj").is_null());
}

// What dataflow tells of the same network is what stands beside the machine.
TEST(Compare, AcceleratorsStandBesideMachines) {
  const json report =
      compared({"lenet5", "--machine", "zen3", "--accelerator", "eyeriss_chip,eyeriss_isca16",
                "--batch", "2", "--accuracy", "lenet5=0.9"});
  const Ran ran = run_wattgrind(
      {"dataflow", "lenet5", "--accelerator", "eyeriss_chip", "--batch", "2", "--format", "json"});
  const json total = json::parse(ran.out).at("total");
  ASSERT_EQ(report.at("cases").size(), 3u);
  const json& machine = report.at("cases").at(0);
  const json& chip = report.at("cases").at(1);
  EXPECT_EQ(machine.at("case"), "zen3");
  EXPECT_EQ(chip.at("case"), "eyeriss_chip");
  EXPECT_EQ(chip.at("images"), 2);
  EXPECT_EQ(chip.at("macs"), machine.at("macs"));
  EXPECT_EQ(chip.at("parameters"), machine.at("parameters"));
  EXPECT_EQ(chip.at("array_cycles"), total.at("cycles"));
  EXPECT_EQ(chip.at("dram_bytes"), total.at("dram_bytes"));
  const double energy_uj = 1e-6 * total.at("energy").at("total").get<double>();
  EXPECT_NEAR(chip.at("energy_uj"), energy_uj, 1e-9 * energy_uj);
  EXPECT_NEAR(chip.at("time_us"), 1e6 * total.at("time_s").get<double>(), 1e-6);
  EXPECT_NEAR(chip.at("epr_alpha1_uj"), 0.1 * energy_uj / 2, 1e-9 * energy_uj);
  EXPECT_TRUE(chip.at("latency_cycles").is_null());
  EXPECT_TRUE(chip.at("memory_kib").is_null());
  EXPECT_TRUE(machine.at("array_cycles").is_null());
  // ISCA'16's profile has energies of no unit that a machine's could stand beside, and no clock.
  const json& paper = report.at("cases").at(2);
  EXPECT_TRUE(paper.at("energy_uj").is_null());
  EXPECT_TRUE(paper.at("time_us").is_null());
  EXPECT_GT(paper.at("array_cycles").get<double>(), 0);
}

TEST(Compare, WhatAnAcceleratorDoesNotMapIsNamed) {
  const json report = compared({"lenet5", "--accelerator", "eyeriss_chip"});
  ASSERT_EQ(report.at("cases").size(), 1u);  // no host beside it
  std::vector<std::string> names;
  for (const json& layer : report.at("cases").at(0).at("not_mapped")) {
    names.push_back(layer.at("name"));
  }
  EXPECT_THAT(names, testing::ElementsAre("relu1", "relu2", "flatten", "relu3", "relu4", "prob"));
  const Ran ran = run_wattgrind({"compare", "lenet5", "--accelerator", "eyeriss_chip,tpu_like"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out,
              HasSubstr("eyeriss_chip: not mapped, and in no figure: flatten (1), relu (4), "
                        "softmax (1)\n"));
  EXPECT_THAT(ran.out, HasSubstr("tpu_like: not mapped"));
}

// A machine's row of "conv1+relu1+pool1" stands beside the convolution and the pooling of an
// accelerator, which does not map the function.
TEST(Compare, FusedLayersStandBesideTheirParts) {
  const json report = compared({"lenet5", "--machine", "zen3", "--accelerator", "eyeriss_chip"});
  const Ran ran =
      run_wattgrind({"dataflow", "lenet5", "--accelerator", "eyeriss_chip", "--format", "json"});
  const json mapped = json::parse(ran.out).at("layers");
  double sum_uj = 0;
  for (const json& layer : mapped) {
    if (layer.at("name") == "conv1" || layer.at("name") == "pool1") {
      sum_uj += 1e-6 * layer.at("energy").at("total").get<double>();
    }
  }
  const json& layers = report.at("layers_in_common");
  ASSERT_EQ(layers.size(), 5u);
  EXPECT_EQ(layers.at(0).at("name"), "conv1+relu1+pool1");
  EXPECT_NEAR(layers.at(0).at("energy_uj").at(1), sum_uj, 1e-9 * sum_uj);
}

TEST(Compare, AcceleratorsThatCannotAreNamed) {
  const Ran typo = run_wattgrind({"compare", "lenet5", "--accelerator", "eyeris_chip"});
  EXPECT_EQ(typo.status, 3);
  EXPECT_THAT(typo.error, HasSubstr("did you mean eyeriss_chip"));
}

TEST(Compare, WrongAccuraciesAreNamed) {
  const Ran typo = run_wattgrind({"compare", "lenet5", "--accuracy", "lenet=0.9"});
  EXPECT_EQ(typo.status, 2);
  EXPECT_THAT(typo.error, HasSubstr("lenet is not compared; did you mean lenet5?"));
  const Ran percent = run_wattgrind({"compare", "lenet5", "--accuracy", "lenet5=57"});
  EXPECT_EQ(percent.status, 2);
  EXPECT_THAT(percent.error, HasSubstr("from 0 to 1"));
}

}  // namespace
}  // namespace wattgrind
