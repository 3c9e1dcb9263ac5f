// `wattgrind train` as a user runs it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

json train(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"train", "dffr:layers=1,width=16", "--format", "json"});
  const Ran ran = run_wattgrind(std::move(arguments));
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, IsEmpty());
  return json::parse(ran.out);
}

TEST(Train, ReportsEveryEpoch) {
  const json report = train({"--epochs", "2", "--batch", "100", "--optimizer", "rmsprop"});
  EXPECT_EQ(report["schema"], "wattgrind/train/1");
  EXPECT_EQ(report["data"]["set"], "digits (drawn, seed 1)");
  EXPECT_EQ(report["optimizer"], "rmsprop");
  EXPECT_EQ(report["learning"], "loss-fell");
  ASSERT_EQ(report["epochs"].size(), 2);
  EXPECT_LT(report["epochs"][1]["loss"], report["epochs"][0]["loss"]);
  EXPECT_GT(report["test_accuracy"], 0.5);
  EXPECT_EQ(report["test_accuracy"], report["epochs"][1]["test_accuracy"]);
}

TEST(Train, SavesAndLoadsWeights) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "w.safetensors").string();
  const json trained = train({"--epochs", "1", "--weights", file});
  EXPECT_FALSE(trained.contains("weights_from"));
  const json tested = train({"--epochs", "0", "--weights", file});
  EXPECT_EQ(tested["weights_from"], "w.safetensors");
  EXPECT_EQ(tested["test_accuracy"], trained["test_accuracy"]);
  const json continued = train({"--epochs", "1", "--weights", file});
  EXPECT_LT(continued["epochs"][0]["loss"], trained["epochs"][0]["loss"]);
}

TEST(Train, ADivergedLossIsReported) {
  const Ran ran = run_wattgrind({"train", "dffr:layers=1,width=16", "--optimizer", "sgd",
                                 "--learning-rate", "1e30", "--epochs", "3"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("The loss"));
}

TEST(Train, Errors) {
  const auto expect_error = [](const std::vector<std::string>& arguments, int status,
                               const char* message) {
    const Ran ran = run_wattgrind(arguments);
    EXPECT_EQ(ran.status, status) << ran.error;
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.error, HasSubstr(message));
  };
  expect_error({"train", "lenet5", "--data", "cifar"}, 2, "--data");
  expect_error({"train", "lenet5", "--batch", "0"}, 2, "--batch");
  expect_error({"train", "lenet5", "--batch", "1000000"}, 3, "wanted at least a batch");
  expect_error({"train", "dffr:layers=1,width=4,input=1x8x8"}, 3, "takes images of 1x8x8");
  expect_error({"train", "lenet5", "--data", "mnist", "--path", "/nonexistent"}, 3, "nonexistent");
  expect_error({"train", "lenet5", "--epochs", "0", "--weights", "/nonexistent"}, 3, "nonexistent");
  expect_error({"train", "lenet5", "--epochs", "-1"}, 2, "wanted an integer of at least 0");
  expect_error({"train", "lenet5", "--seed", "-1"}, 2, "wanted an integer of at least 0");
  expect_error({"train", "lenet5", "--initializer", "xavier"}, 2, "xavier not in {");
}

}  // namespace
}  // namespace wattgrind
