// wattgrind dataflow, as a user runs it.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/commands/measured_zeros.h"
#include "estimator/base/error.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/npy.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string write_text(const TemporaryFolder& folder, const std::string& name,
                       const std::string& text) {
  const std::string path = (folder.path() / name).string();
  std::ofstream(path) << text;
  return path;
}

TEST(DataflowCommand, TellsEveryLayerAndWhatIsNotMapped) {
  const Ran ran =
      run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_isca16", "--batch", "16"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  // The dense layer's published DRAM energy (nn_dataflow's run of ISCA'16's configuration).
  EXPECT_THAT(ran.out, HasSubstr("7,798,784,000"));
  EXPECT_THAT(ran.out, HasSubstr("not mapped, and in no figure: dropout (2), flatten (1), lrn (2), "
                                 "relu (7), softmax (1)"));
}

TEST(DataflowCommand, TensorsAddUpToTheTotal) {
  const Ran ran = run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_chip", "--by",
                                 "tensor", "--format", "csv"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(ran.out.substr(0, ran.out.find('\n')),
            "layer,ifmap_uj,weights_uj,ofmap_uj,compute_uj,idle_uj,total_uj");
  const Ran full =
      run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_chip", "--format", "json"});
  const json layers = json::parse(full.out).at("layers");
  size_t mapped = 0;
  for (const json& layer : layers) {
    if (!layer.at("mapped").get<bool>()) {
      EXPECT_FALSE(layer.contains("energy")) << layer.at("name");
      continue;
    }
    ++mapped;
    const json& energy = layer.at("energy");
    double sum = energy.at("compute").get<double>() + energy.at("idle").get<double>();
    for (const auto& [level, kinds] : energy.at("levels").items()) {
      for (const auto& [kind, value] : kinds.items()) sum += value.get<double>();
    }
    EXPECT_NEAR(sum, energy.at("total").get<double>(), 1e-6 * sum);
  }
  EXPECT_EQ(mapped, 11u);
}

TEST(DataflowCommand, MappingsAreLoopNests) {
  const Ran ran = run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_chip", "--batch",
                                 "4", "--layers", "conv2", "--show", "mapping"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("array: parallel-for R in 5"));
  EXPECT_THAT(ran.out, HasSubstr("array: parallel-for E in 27"));
}

TEST(DataflowCommand, MitFilesComeAndGo) {
  const TemporaryFolder folder;
  const Ran written =
      run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_chip", "--format", "mit"});
  ASSERT_EQ(written.status, 0) << written.error;
  const std::string path = write_text(folder, "alexnet.mit.csv", written.out);
  const Ran read =
      run_wattgrind({"dataflow", path, "--accelerator", "eyeriss_chip", "--format", "json"});
  ASSERT_EQ(read.status, 0) << read.error;
  const Ran own =
      run_wattgrind({"dataflow", "alexnet", "--accelerator", "eyeriss_chip", "--format", "json"});
  std::vector<double> from_file, from_network;
  const json read_layers = json::parse(read.out).at("layers");
  const json own_layers = json::parse(own.out).at("layers");
  for (const json& layer : read_layers) {
    from_file.push_back(layer.at("energy").at("levels").at("dram").at("weights").get<double>());
  }
  for (const json& layer : own_layers) {
    if (layer.at("kind") != "conv2d" && layer.at("kind") != "dense") continue;
    from_network.push_back(layer.at("energy").at("levels").at("dram").at("weights").get<double>());
  }
  EXPECT_EQ(from_file.size(), 8u);
  EXPECT_EQ(from_file, from_network);
}

TEST(DataflowCommand, MistakesAreOneLineAndExit3) {
  const TemporaryFolder folder;
  const auto error_with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "dataflow");
    const Ran ran = run_wattgrind(std::move(arguments));
    EXPECT_EQ(ran.status, 3) << ran.error;
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
    return ran.error;
  };
  EXPECT_THAT(error_with({"alexnet", "--accelerator", "eyeris_chip"}),
              HasSubstr("did you mean eyeriss_chip"));
  EXPECT_THAT(error_with({"alexnet", "--accelerator", "eyeriss_chip", "--dataflow", "sr"}),
              HasSubstr("unknown dataflow sr"));
  const std::string short_line = write_text(folder, "a.mit.csv", "1,2,3\n");
  EXPECT_THAT(error_with({short_line, "--accelerator", "eyeriss_chip"}),
              HasSubstr("found 3 numbers, wanted 25"));
  const std::string zeros = write_text(
      folder, "zeros.json",
      R"({"schema": "wattgrind/sparsity/1", "network": "alexnet", "layers": {"conv1": {"ifmap": 2}}})");
  EXPECT_THAT(error_with({"alexnet", "--accelerator", "eyeriss_chip", "--sparsity", zeros}),
              HasSubstr("layers.conv1.ifmap: found 2, wanted a part from 0 to 1"));
  const std::string none =
      write_text(folder, "none.json",
                 R"({"schema": "wattgrind/sparsity/1", "network": "alexnet", "layers": {}})");
  EXPECT_THAT(error_with({"vgg16", "--accelerator", "eyeriss_chip", "--sparsity", none}),
              HasSubstr("found \"alexnet\", wanted \"vgg16\""));
  EXPECT_THAT(error_with({"alexnet", "--accelerator", "eyeriss_isca16", "--units", "pj"}),
              HasSubstr("found no energies in picojoules"));
}

// Maps as `run --keep` leaves them: of relu1 three values in four are zero, of all others none.
TEST(DataflowCommand, ZerosAreMeasuredInMapsThatARunKept) {
  const TemporaryFolder folder;
  const Network network = builtin_network("lenet5");
  for (const Layer& layer : network.layers) {
    const FeatureShape& shape = layer.output_shape;
    NpyArray map{{1, shape.channels, shape.height, shape.width},
                 std::vector<float>(static_cast<size_t>(shape.elements()), 1)};
    if (layer.name == "relu1") {
      std::fill(map.values.begin(), map.values.end() - shape.elements() / 4, 0.0F);
    }
    write_text(folder, layer.name + ".npy", write_npy(map));
  }
  DataflowTasks tasks = tasks_of(network, 1);
  set_measured_zeros(network, folder.path(), tasks);
  for (const DataflowTask& task : tasks.layers) {
    if (!task.problem) continue;
    EXPECT_EQ(task.zeros.ofmap, task.name == "conv1" ? 0.75 : 0) << task.name;
    if (task.name == "conv1") {
      EXPECT_FALSE(task.zeros.ifmap);
    } else {
      EXPECT_EQ(task.zeros.ifmap, task.name == "pool1" ? 0.75 : 0) << task.name;
    }
  }
  std::filesystem::remove(folder.path() / "relu1.npy");
  EXPECT_THROW(set_measured_zeros(network, folder.path(), tasks), Error);
}

}  // namespace
}  // namespace wattgrind
