#include "estimator/imports/paleo.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "estimator/formats/csv.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/network_file.h"
#include "estimator/system/file_text.h"
#include "tests/error_text.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

constexpr std::string_view kData =
    R"("data": {"type": "Input", "parents": [], "tensor": [128, 8, 10, 3]})";

Network read(std::string_view layers) {
  const std::string text = fmt::format(R"({{"name": "net", "layers": {{{}, {}}}}})", kData, layers);
  return read_paleo(parse_ordered_json(text, "net.json"), "net.json");
}

std::string error_of(std::string_view layers) {
  return error_text([&] { read(layers); });
}

std::string conv(std::string_view name, std::string_view parent, std::string_view more = "") {
  return fmt::format(
      R"("{}": {{"type": "Convolution", "parents": ["{}"], "filter": [3, 3, -1, 4],
          "padding": "SAME", "strides": [1, 2, 2, 1]{}}})",
      name, parent, more);
}

TEST(Paleo, ConvolutionsHaveBiasesAndARelu) {
  const Network network =
      read(conv("a", "data") + ", " + conv("b", "a", R"(, "activation_fn": null)") + ", " +
           conv("c", "b", R"(, "normalizer_fn": "batch_norm")"));
  ASSERT_EQ(network.layers.size(), 6u);
  EXPECT_EQ(network.layers[0].name, "a");
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{4, 4, 5}));
  EXPECT_EQ(network.layers[0].parameters, 3u * 3 * 3 * 4 + 4);
  EXPECT_EQ(network.layers[1].name, "a.relu");
  EXPECT_EQ(network.layers[2].name, "b");
  EXPECT_EQ(network.layers[3].name, "c");
  EXPECT_EQ(network.layers[4].name, "c.norm");
  EXPECT_EQ(network.layers[3].parameters, 3u * 3 * 4 * 4);
  EXPECT_EQ(network.layers[5].name, "c.relu");
}

TEST(Paleo, SamePaddingHasItsSurplusAtTheEnd) {
  const Network network = read(conv("a", "data"));
  const auto& window = std::get<Conv2d>(network.layers[0].operation).window;
  EXPECT_EQ(window.pad_top, 0);
  EXPECT_EQ(window.pad_bottom, 1);
}

TEST(Paleo, LayersMayStandInAnyOrder) {
  const Network network = read(conv("b", "a") + ", " + conv("a", "data"));
  EXPECT_EQ(network.layers[0].name, "a");
  EXPECT_EQ(network.layers[2].name, "b");
}

TEST(Paleo, BlocksHaveLayersOfTheirOwnAndAnEndpoint) {
  constexpr std::string_view kOne =
      R"("one": {"type": "Convolution", "parents": [], "filter": [1, 1, 3, 2], "padding": "VALID",
                 "strides": [1, 1, 1, 1], "activation_fn": null})";
  constexpr std::string_view kTwo =
      R"("two": {"type": "AvgPool", "parents": [], "ksize": [1, 3, 3, 1], "padding": "SAME",
                 "strides": [1, 1, 1, 1]})";
  constexpr std::string_view kConcat =
      R"("concat": {"type": "Concatenate", "parents": ["one", "two"], "dim": 3})";
  const Network network = read(fmt::format(
      R"("mixed": {{"type": "Block", "parents": ["data"], "endpoint": "concat",
                    "layers": {{{}, {}, {}}}}},
         "sum": {{"type": "Elementwise", "parents": ["mixed", "mixed/concat"]}})",
      kOne, kTwo, kConcat));
  ASSERT_EQ(network.layers.size(), 4u);
  EXPECT_EQ(network.layers[0].name, "mixed/one");
  EXPECT_EQ(network.layers[1].inputs, std::vector<int>{kNetworkInput});
  EXPECT_EQ(network.layers[2].output_shape, (FeatureShape{5, 8, 10}));
  EXPECT_EQ(network.layers[3].inputs, (std::vector<int>{2, 2}));
}

TEST(Paleo, UnsupportedLayersAreAllNamed) {
  EXPECT_EQ(error_of(R"("a": {"type": "LSTM", "parents": ["data"]},
                        "b": {"type": "ModelParallel", "parents": ["a"]})"),
            "net.json: 2 of 3 layers are not supported: \"LSTM\" \"a\", \"ModelParallel\" \"b\"");
}

TEST(Paleo, Mistakes) {
  EXPECT_EQ(error_of(conv("a", "b") + ", " + conv("b", "a")),
            "net.json: layers: \"a\": its parents stand in a circle");
  EXPECT_EQ(error_of(conv("a", "nobody")),
            "net.json: layers: \"a\": parents: found \"nobody\", wanted the name of a layer");
  EXPECT_EQ(error_of(R"("a": {"type": "Convolution", "parents": ["data"], "filter": [3, 3, 4, 4],
                        "padding": "SAME", "strides": [1, 1, 1, 1]})"),
            "net.json: layers: \"a\": filter: found 4 channels, wanted 3, which reach it");
  EXPECT_EQ(error_of(R"("a": {"type": "InnerProduct", "parents": ["data"]})"),
            "net.json: layers: \"a\": the key \"num_outputs\" is missing");
  EXPECT_EQ(error_of(R"("a": {"type": "InnerProduct", "parents": [], "num_outputs": 3})"),
            "net.json: layers: \"a\": found 0 parents, wanted 1");
  EXPECT_EQ(error_of(R"("a": {"type": "Pooling", "parents": ["data"], "ksize": [1, 9, 9, 1],
                        "padding": "VALID", "strides": [1, 1, 1, 1]})")
                .substr(0, 42),
            "net.json: layers: \"a\": layers[0].kernel: f");
  EXPECT_EQ(error_of(R"("a": {"type": "Softmax", "parents": ["data"], "num_classes": 10})"),
            "net.json: layers: \"a\": num_classes: found 10, wanted 3, which reach it");
}

Network read_data(const std::string& name) {
  const auto path = shared_folder() / "data/paleo_networks" / name;
  return read_paleo(parse_ordered_json(read_file(path), name), name);
}

// What a layer of the file has made, its activation left out.
const Layer& layer_named(const Network& network, std::string_view name) {
  for (const Layer& layer : network.layers) {
    if (layer.name == name) return layer;
  }
  throw std::out_of_range(std::string(name));
}

// "[128, 54, 54, 64]": images, rows, columns, channels; "[128, 1000]" of a vector.
FeatureShape shape_of(const std::string& text) {
  const nlohmann::json sizes = nlohmann::json::parse(text);
  if (sizes.size() == 2) return {sizes[1], 1, 1};
  return {sizes[3], sizes[1], sizes[2]};
}

// Paleo's own table of five networks: parameters and shapes, layer by layer.
TEST(PaleoNetworks, ParametersAndShapesOfEveryLayerArePaleos) {
  const auto path = shared_folder() / "reference/oracles/paleo_layers_titanx.csv";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no data";
  const CsvTable table = parse_csv(read_file(path), path.string());
  std::map<std::string, Network> networks;
  size_t compared = 0;
  for (const CsvRow& row : table.rows) {
    const std::string& name = row.fields[table.column("network")];
    const std::string& layer = row.fields[table.column("layer")];
    if (name.ends_with("_backward") || layer == "data") continue;
    if (!networks.contains(name)) networks.emplace(name, read_data(name + ".json"));
    const Layer& read = layer_named(networks.at(name), layer);
    EXPECT_EQ(read.parameters, table.number(row, table.column("params"))) << name << " " << layer;
    EXPECT_EQ(read.output_shape, shape_of(row.fields[table.column("output")]))
        << name << " " << layer;
    ++compared;
  }
  EXPECT_EQ(compared, 84u);
}

TEST(PaleoNetworks, AllAreRead) {
  const auto folder = shared_folder() / "data/paleo_networks";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no data";
  size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Network network = read_data(file.path().filename().string());
    const std::string text = write_network(network);
    EXPECT_EQ(write_network(read_network(text, "again")), text) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 10u);
}

// The published counts of VGG-16, and of ResNet-50's layers as He et al. have them, 25.56 million
// parameters less the scales of batch normalisation, which Paleo's file leaves out.
TEST(PaleoNetworks, WholeNetworksHavePublishedCounts) {
  if (!std::filesystem::exists(shared_folder() / "data/paleo_networks")) {
    GTEST_SKIP() << "no data";
  }
  const Network vgg16 = read_data("vgg16.json");
  EXPECT_EQ(vgg16.macs(), 15'470'264'320u);
  EXPECT_EQ(vgg16.parameters(), 138'357'544u);
  EXPECT_EQ(read_data("resnet50.json").parameters(), 25'557'032u - 26'560u);
}

}  // namespace
}  // namespace wattgrind
