// A network quantized on the command line: its accuracy, its files, what it costs.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Quantize8 : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  static json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Ran ran = run_wattgrind(arguments);
    EXPECT_EQ(ran.status, 0) << ran.error;
    return ran.status == 0 ? json::parse(ran.out) : json();
  }

  const std::string network_ = "cnn:layers=1,filters=6,filter_size=5,classes=10";
  const TemporaryFolder folder_;
};

TEST_F(Quantize8, AccuracyStaysWithinHalfAPercent) {
  json_of({"train", network_, "--epochs", "2", "--weights", path("w.safetensors")});
  for (const std::string bits : {"7", "8"}) {
    const json report = json_of({"run", network_, "--weights", path("w.safetensors"), "--data",
                                 "digits", "--quantize", "--weight-bits", bits, "--write-network",
                                 path("q.json"), "--write-weights", path("q.safetensors")});
    const double wanted = report["accuracy"], found = report["int8"]["accuracy"];
    EXPECT_GT(wanted, 0.8);
    EXPECT_LE(std::abs(wanted - found), 0.005) << bits;
    // What was written computes the same.
    const json again =
        json_of({"run", path("q.json"), "--weights", path("q.safetensors"), "--data", "digits"});
    EXPECT_EQ(again["accuracy"], report["int8"]["accuracy"]);
  }
}

TEST_F(Quantize8, CostsAreOnBytes) {
  const std::vector<std::string> estimate = {"estimate", "lenet5", "--machine", "skylake_i7_6700"};
  std::vector<std::string> quantized = estimate;
  quantized.insert(quantized.end(), {"--quantize", "--weight-bits", "7"});
  const json single = json_of(estimate)["total"], bytes = json_of(quantized)["total"];
  EXPECT_EQ(bytes["int8_macs"], single["macs"]);
  EXPECT_FALSE(single.contains("int8_macs"));
  // An int8 product and a 32-bit sum cost less than a tenth of single precision's.
  EXPECT_LT(bytes["energy_pj"]["compute"].get<double>(),
            single["energy_pj"]["compute"].get<double>() / 10);
}

TEST_F(Quantize8, WhatIsWrongIsOneLine) {
  const Ran no_data = run_wattgrind({"run", "lenet5", "--quantize"});
  EXPECT_EQ(no_data.status, 2);
  EXPECT_THAT(no_data.error, HasSubstr("layer conv1 has no scale"));
  const Ran training = run_wattgrind({"estimate", "lenet5", "--quantize", "--phase", "training"});
  EXPECT_EQ(training.status, 2);
  EXPECT_THAT(training.error, HasSubstr("--quantize is of inference"));
  const Ran bits = run_wattgrind({"estimate", "lenet5", "--quantize", "--weight-bits", "4"});
  EXPECT_EQ(bits.status, 2);
}

}  // namespace
}  // namespace wattgrind
