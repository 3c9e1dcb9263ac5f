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
