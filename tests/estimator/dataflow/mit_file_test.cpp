#include "estimator/dataflow/mit_file.h"

#include <gmock/gmock.h>

#include "estimator/formats/builtin_files.h"
#include "estimator/network/network_file.h"
#include "tests/error_text.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

// AlexNet's second convolution: two groups, 16 images, half of the input map zero.
const std::string kConv2 = "2,27,27,96,16,559872,16,5,5,48,256,0,8,27,27,256,16,0,16,1,1,2,2,2,2";

TEST(MitFile, ReadsAConvolution) {
  const DataflowTasks tasks = read_mit_file(kConv2 + "\n\n", "dir/net.mit.csv");
  EXPECT_EQ(tasks.network, "net.mit.csv");
  ASSERT_EQ(tasks.layers.size(), 1u);
  const DataflowTask& task = tasks.layers.front();
  EXPECT_EQ(task.name, "layer2");
  EXPECT_EQ(to_string(*task.problem), "G2 N16 M128 C48 E27 F27 R5 S5");
  EXPECT_EQ(task.problem->macs(), 3'583'180'800u);
  EXPECT_EQ(*task.zeros.ifmap, 0.5);
  EXPECT_EQ(*task.bits, (std::array<double, 3>{16, 8, 16}));
}

TEST(MitFile, WhatIsWrittenIsRead) {
  const Network network = read_network(builtin_text("networks", "alexnet").value(), "alexnet");
  const DataflowTasks tasks = tasks_of(network, 4);
  const std::string text = write_mit_file(tasks, test_accelerator(1, 1, 1, 1));
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "1,227,227,3,4,0,16,11,11,3,96,0,16,55,55,96,4,0,16,4,4,0,0,0,0");
  const DataflowTasks again = read_mit_file(text, "alexnet.mit.csv");
  ASSERT_EQ(again.layers.size(), 8u);
  size_t next = 0;
  for (const DataflowTask& task : tasks.layers) {
    if (!task.problem || task.problem->pooling) continue;
    EXPECT_EQ(*again.layers[next++].problem, *task.problem) << task.name;
  }
  EXPECT_EQ(write_mit_file(again, test_accelerator(1, 1, 1, 1)), text);
}

TEST(MitFile, ErrorsNameTheLineAndTheColumn) {
  const auto message = [](const std::string& text) {
    return error_text([&] { read_mit_file(text, "a.mit.csv"); });
  };
  EXPECT_EQ(message(kConv2 + ",1"), "a.mit.csv:1: found 26 numbers, wanted 25");
  EXPECT_EQ(message(kConv2 + "\n1,2,3"), "a.mit.csv:2: found 3 numbers, wanted 25");
  EXPECT_EQ(message("\n"), "a.mit.csv: found no layer, wanted 25 numbers a line");
  std::string wrong = kConv2;
  wrong.replace(0, 1, "x");
  EXPECT_EQ(
      message(wrong),
      "a.mit.csv:1: column 1 (index): found \"x\", wanted a whole number from 0 to 1000000000");
  EXPECT_EQ(message("2,27,27,96,16,1119745,16,5,5,48,256,0,8,27,27,256,16,0,16,1,1,2,2,2,2"),
            "a.mit.csv:1: found 1119745 zero values among 1119744, wanted at most all");
  EXPECT_EQ(message("2,27,27,96,16,0,16,5,5,48,256,0,8,26,27,256,16,0,16,1,1,2,2,2,2"),
            "a.mit.csv:1: found an output 26 high, wanted 27: the padded input has 31, the filter "
            "5, stride 1");
}

}  // namespace
}  // namespace wattgrind
