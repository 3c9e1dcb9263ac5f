#include "estimator/network/network_blocks.h"

#include <gtest/gtest.h>

#include <vector>

#include "estimator/network/network_file.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

constexpr std::string_view kResidual = R"("residual": [
    {"kind": "conv2d", "name": "conv", "filters": "$filters", "kernel": [3, 3], "padding": [1, 1]},
    {"kind": "relu"},
    {"kind": "relu"},
    {"kind": "binary", "name": "sum", "function": "add", "inputs": ["conv", "input"]}])";

std::string with_blocks(std::string_view blocks, std::string_view layers) {
  return fmt::format(
      R"({{"schema": "wattgrind/network/1", "name": "net", "input": [3, 8, 8],
          "blocks": {{{}}}, "layers": [{}]}})",
      blocks, layers);
}

Network read(std::string_view layers) {
  return read_network(with_blocks(kResidual, layers), "net.json");
}

std::string error_of(std::string_view layers) {
  return error_text([&] { read(layers); });
}

std::vector<std::string> names(const Network& network) {
  std::vector<std::string> result;
  for (const Layer& layer : network.layers) result.push_back(layer.name);
  return result;
}

TEST(NetworkBlocks, LayersAreCalledAfterTheUseAndReadWhatItReads) {
  const Network network = read(R"({"use": "residual", "name": "a", "filters": 3},
                                  {"use": "residual", "name": "b", "filters": 3},
                                  {"kind": "relu", "name": "last"},
                                  {"kind": "relu", "name": "side", "inputs": ["a"]})");
  EXPECT_EQ(names(network),
            (std::vector<std::string>{"a.conv", "a.relu", "a.relu_2", "a.sum", "b.conv", "b.relu",
                                      "b.relu_2", "b.sum", "last", "side"}));
  EXPECT_EQ(network.layers[0].inputs, std::vector<int>{kNetworkInput});
  EXPECT_EQ(network.layers[3].inputs, (std::vector<int>{0, kNetworkInput}));
  EXPECT_EQ(network.layers[7].inputs, (std::vector<int>{4, 3}));
  EXPECT_EQ(network.layers[8].inputs, std::vector<int>{7});
  EXPECT_EQ(network.layers[9].inputs, std::vector<int>{3});
}

TEST(NetworkBlocks, AreWrittenLayerByLayer) {
  const Network network = read(R"({"use": "residual", "name": "a", "filters": 3})");
  const std::string text = write_network(network);
  EXPECT_EQ(text.find("residual"), std::string::npos);
  EXPECT_EQ(write_network(read_network(text, "again")), text);
}

TEST(NetworkBlocks, OutputsMayBeUses) {
  const Network network = read_network(
      with_blocks(kResidual, R"({"use": "residual", "name": "a", "filters": 3}], "outputs": ["a")"),
      "net.json");
  EXPECT_EQ(network.outputs, std::vector<int>{3});
}

TEST(NetworkBlocks, Mistakes) {
  EXPECT_EQ(error_of(R"({"use": "dense", "name": "a"})"),
            "net.json: layers[0].use: found \"dense\", wanted one of the file's blocks");
  EXPECT_EQ(error_of(R"({"use": "residual", "name": "a"})"),
            "net.json: layers[0]: the key \"filters\" is missing, which its block wants");
  EXPECT_EQ(error_of(R"({"use": "residual", "name": "a", "filters": 3, "stride": 2})"),
            "net.json: layers[0]: unknown key \"stride\", which its block does not take");
  EXPECT_EQ(error_of(R"({"use": "residual", "name": "a", "filters": "many"})"),
            "net.json with the layers of its blocks: layers[0].filters: found \"many\", wanted an "
            "integer from 1 to 2147483647");
  EXPECT_EQ(error_of(R"({"kind": "relu"}, {"use": "residual", "name": "a", "filters": 3})"),
            "net.json: layers[1]: it reads the layer before, which has no name: give that one, or "
            "\"inputs\"");
  EXPECT_EQ(error_of(R"({"use": "residual", "filters": 3})").substr(0, 30),
            "net.json: layers[0].name: miss");
  EXPECT_EQ(error_of(R"({"filters": 3})").substr(0, 47),
            "net.json: layers[0].kind: missing, wanted one o");
}

TEST(NetworkBlocks, UseNoBlocks) {
  EXPECT_EQ(error_text([] {
              read_network(with_blocks(R"("a": [{"use": "a", "name": "b"}])",
                                       R"({"use": "a", "name": "c"})"),
                           "net.json");
            }),
            "net.json: layers[0]: its block uses a block, which none may");
}

TEST(NetworkBlocks, ManyLayersAreRefusedBeforeTheyAreMade) {
  std::string block = "\"a\": [{\"kind\": \"relu\"}", uses;
  for (int i = 1; i < 300; ++i) {
    block += ", {\"kind\": \"relu\"}";
    uses += fmt::format("{}{{\"use\": \"a\", \"name\": \"u{}\"}}", i == 1 ? "" : ", ", i);
  }
  EXPECT_EQ(error_text([&] { read_network(with_blocks(block + "]", uses), "net.json"); }),
            "net.json: layers[218]: more than 65536 layers with those of blocks");
}

}  // namespace
}  // namespace wattgrind
