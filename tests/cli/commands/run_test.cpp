// wattgrind run: outputs by hand, and what it says of those that differ.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "estimator/formats/npy.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

class RunCommand : public testing::Test {
 protected:
  RunCommand() {
    std::ofstream(path("net.json")) << R"({"schema": "wattgrind/network/1", "name": "net",
        "input": [1, 2, 2], "layers": [{"kind": "relu"},
        {"kind": "reduce", "function": "sum", "axes": ["height", "width"]}]})";
    save("x.npy", {{2, 1, 2, 2}, {1, -2, 3, 0.5F, -1, -1, 4, 4}});
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void save(const std::string& name, const NpyArray& array) const {
    std::ofstream(path(name), std::ios::binary) << write_npy(array);
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"run", path("net.json"), "--input", path("x.npy")});
    return run_wattgrind(arguments);
  }

  const TemporaryFolder folder_;
};

// Fields of a protobuf message: a number, and bytes of less than 128.
std::string number(int field, int value) {
  return {static_cast<char>(field << 3), static_cast<char>(value)};
}
std::string bytes(int field, const std::string& value) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(value.size())} + value;
}

// An ONNX model that adds a weight to each of two values.
std::string sum_model(float weight) {
  std::string raw(sizeof weight, 0);
  std::memcpy(raw.data(), &weight, sizeof weight);
  const std::string shape = bytes(1, number(1, 1)) + bytes(1, number(1, 2));
  const std::string type = bytes(1, number(1, 1) + bytes(2, shape));
  const std::string graph =
      bytes(1, bytes(1, "x") + bytes(1, "w") + bytes(2, "y") + bytes(4, "Add")) +
      bytes(5, number(1, 2) + number(2, 1) + bytes(8, "w") + bytes(9, raw + raw)) +
      bytes(11, bytes(1, "x") + bytes(2, type)) + bytes(12, bytes(1, "y"));
  return number(1, 8) + bytes(7, graph) + bytes(8, number(2, 13));
}

TEST_F(RunCommand, ComputesOutputsAndMaps) {
  const Ran ran = run({"--output", path("out"), "--keep", path("maps"), "--top", "1"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const NpyArray sums = read_npy(read_file(path("out/reduce_1.npy")), "out");
  EXPECT_EQ(sums, (NpyArray{{2, 1}, {4.5F, 8}}));
  const NpyArray map = read_npy(read_file(path("maps/relu_1.npy")), "map");
  EXPECT_EQ(map, (NpyArray{{2, 1, 2, 2}, {1, 0, 3, 0.5F, 0, 0, 4, 4}}));
  EXPECT_THAT(ran.out, HasSubstr("image 1: class 0 8.000000\n"));
}

TEST_F(RunCommand, ChecksOutputsAgainstFiles) {
  save("right.npy", {{2, 1}, {4.5F, 8}});
  save("wrong.npy", {{2, 1}, {4.5F, 9}});
  EXPECT_EQ(run({"--check", path("right.npy")}).status, 0);
  const Ran wrong = run({"--check", "reduce_1=" + path("wrong.npy"), "--format", "json"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.error, HasSubstr("output \"reduce_1\" differs from wrong.npy\n"));
  EXPECT_EQ(nlohmann::json::parse(wrong.out).at("checks").at(0).at("outside"), 1);
  EXPECT_EQ(run({"--check", path("wrong.npy"), "--tolerance", "0.2"}).status, 0);
}

TEST_F(RunCommand, RefusesWhatDoesNotFit) {
  save("small.npy", {{1, 1, 2, 1}, {1, 2}});
  const Ran small = run_wattgrind({"run", path("net.json"), "--input", path("small.npy")});
  EXPECT_EQ(small.status, 3);
  EXPECT_THAT(small.error, HasSubstr("found the shape [1, 1, 2, 1], wanted [1, 1, 2, 2]"));
  EXPECT_EQ(run({"--check", "random:1"}).status, 2);
  EXPECT_EQ(run({"--batch", "3"}).status, 2);
  const Ran absent = run_wattgrind({"run", "lenet5"});
  EXPECT_EQ(absent.status, 3);
  EXPECT_THAT(absent.error, HasSubstr("its weights are absent"));
}

TEST_F(RunCommand, RefusesWeightsThatAreNoNumbers) {
  std::ofstream(path("sum.onnx"), std::ios::binary) << sum_model(2);
  EXPECT_EQ(run_wattgrind({"run", path("sum.onnx")}).status, 0);
  std::ofstream(path("nan.onnx"), std::ios::binary)
      << sum_model(std::numeric_limits<float>::quiet_NaN());
  const Ran ran = run_wattgrind({"run", path("nan.onnx")});
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.error, "wattgrind: " + path("nan.onnx") +
                           ": layer y: found weights that are no numbers (NaN)\n");
}

}  // namespace
}  // namespace wattgrind
