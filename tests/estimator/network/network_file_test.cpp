#include "estimator/network/network_file.h"

#include <gtest/gtest.h>

#include "estimator/formats/builtin_files.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

Network read_builtin(std::string_view name) {
  return read_network(builtin_text("networks", name).value(), name);
}

const Layer& layer_named(const Network& network, std::string_view name) {
  for (const Layer& layer : network.layers) {
    if (layer.name == name) return layer;
  }
  throw std::out_of_range(std::string(name));
}

std::string with_layers(std::string_view layers) {
  return fmt::format(
      "{{\"schema\": \"wattgrind/network/1\", \"name\": \"net\", \"input\": [3, 8, 8], "
      "\"layers\": [{}]}}",
      layers);
}

std::string error_of(std::string_view text) {
  return error_text([&] { read_network(text, "net.json"); });
}

std::string layer_error(std::string_view layer) {
  return error_of(with_layers(fmt::format("{{\"kind\": \"relu\"}}, {}", layer)));
}

TEST(NetworkFile, KeepsInputsOutputsAndBiases) {
  const Network network = build_network({"net",
                                         {{"image", {3, 8, 8}}, {"mask", {1, 4, 4}}},
                                         {{"a", Conv2d{4, {}, 1, false}, false, {}},
                                          {"b", Relu{}, false, {"a"}},
                                          {"c", Relu{}, false, {"mask"}}},
                                         {"c", "a"}},
                                        "net.json");
  const std::string text = write_network(network);
  const Network again = read_network(text, "net.json");
  EXPECT_EQ(write_network(again), text);
  EXPECT_EQ(again.inputs, network.inputs);
  EXPECT_EQ(again.outputs, network.outputs);
  EXPECT_EQ(again.layers[0].parameters, 3u * 4);
  EXPECT_EQ(error_of("{\"schema\": \"wattgrind/network/1\", \"name\": \"net\", \"layers\": "
                     "[{\"kind\": \"relu\"}]}"),
            "net.json: found neither, wanted one of the keys \"input\" and \"inputs\"");
}

// MACs and parameters as published: LeCun et al. 1998 with a fully connected second convolution;
// Eyeriss (Chen et al. 2016) and BVLC's bvlc_alexnet; Simonyan & Zisserman 2014 (138 M, 144 M);
// Lin et al. 2013 (7.6 M).
TEST(BuiltinNetworks, CountsArePublishedOnes) {
  const Network lenet = read_builtin("lenet5");
  EXPECT_EQ(lenet.macs(), 416'520u);
  EXPECT_EQ(lenet.parameters(), 61'706u);
  const Network alexnet = read_builtin("alexnet");
  EXPECT_EQ(alexnet.macs(), 724'406'816u);
  EXPECT_EQ(alexnet.parameters(), 60'965'224u);
  const Network vgg16 = read_builtin("vgg16");
  EXPECT_EQ(vgg16.macs(), 15'470'264'320u);
  EXPECT_EQ(vgg16.parameters(), 138'357'544u);
  const Network vgg19 = read_builtin("vgg19");
  EXPECT_EQ(vgg19.macs(), 19'632'062'464u);
  EXPECT_EQ(vgg19.parameters(), 143'667'240u);
  EXPECT_EQ(read_builtin("nin").parameters(), 7'595'176u);
}

TEST(BuiltinNetworks, LayersOfAlexnet) {
  const Network alexnet = read_builtin("alexnet");
  EXPECT_EQ(layer_named(alexnet, "conv1").output_shape, (FeatureShape{96, 55, 55}));
  EXPECT_EQ(layer_named(alexnet, "pool5").output_shape, (FeatureShape{256, 6, 6}));
  EXPECT_EQ(layer_named(alexnet, "conv3").macs, 149'520'384u);
  EXPECT_EQ(layer_named(alexnet, "conv4").macs, 112'140'288u);
  EXPECT_EQ(layer_named(alexnet, "fc6").macs, 37'748'736u);
  EXPECT_EQ(std::get<Lrn>(layer_named(alexnet, "norm1").operation).beta, 0.75);
}

TEST(BuiltinNetworks, NameIsTheFilesName) {
  for (const std::string_view name : builtin_names("networks")) {
    EXPECT_EQ(read_builtin(name).name, name);
  }
}

TEST(NetworkFile, WritingAndReadingGivesTheSameNetwork) {
  for (const std::string_view name : builtin_names("networks")) {
    const Network network = read_builtin(name);
    const std::string text = write_network(network);
    const Network again = read_network(text, "again");
    EXPECT_EQ(write_network(again), text);
    EXPECT_EQ(again.macs(), network.macs());
    EXPECT_EQ(again.parameters(), network.parameters());
    ASSERT_EQ(again.layers.size(), network.layers.size());
    for (size_t i = 0; i < network.layers.size(); ++i) {
      EXPECT_EQ(again.layers[i].name, network.layers[i].name);
      EXPECT_EQ(again.layers[i].output_shape, network.layers[i].output_shape);
    }
  }
}

TEST(NetworkFile, WritesEveryKindAndTheInputs) {
  const std::string text = with_layers(R"(
    {"kind": "conv2d", "name": "c", "filters": 6, "kernel": [2, 3], "stride": [1, 2],
     "padding": [1, 2, 3, 4], "groups": 3},
    {"kind": "relu", "inputs": ["input"]},
    {"kind": "lrn", "size": 3, "alpha": 0.25, "beta": 0.5, "k": 2, "inputs": ["c"]},
    {"kind": "maxpool2d", "kernel": [2, 2], "padding": "same"},
    {"kind": "avgpool2d", "kernel": [3, 2], "stride": [1, 1]},
    {"kind": "globalavgpool2d"}, {"kind": "dropout", "rate": 0.25}, {"kind": "flatten"},
    {"kind": "dense", "units": 2}, {"kind": "clip", "low": -1, "high": 1.5},
    {"kind": "activation", "function": "elu", "alpha": 0.5},
    {"kind": "activation", "function": "hard_sigmoid"},
    {"kind": "activation", "function": "gelu"},
    {"kind": "batch_norm", "epsilon": 0.5},
    {"kind": "normalization", "axes": ["width", "channels"], "affine": [2, 1, 1]},
    {"kind": "normalization", "axes": ["height"], "epsilon": 0.25},
    {"kind": "binary", "function": "divide", "scalar": 2.5, "reversed": true},
    {"kind": "binary", "function": "prelu", "constant": [2, 1, 1]},
    {"kind": "softmax"})");
  const Network network = read_network(text, "net.json");
  const std::string written = write_network(network);
  EXPECT_EQ(write_network(read_network(written, "again")), written);
  EXPECT_NE(
      written.find(
          R"("filters": 6, "kernel": [2, 3], "stride": [1, 2], "padding": [1, 2, 3, 4], "groups": 3)"),
      std::string::npos)
      << written;
  EXPECT_NE(written.find(R"({"kind": "relu", "name": "relu_1", "inputs": ["input"]})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("inputs": ["c"], "size": 3, "alpha": 0.25, "beta": 0.5, "k": 2.0})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("rate": 0.25)"), std::string::npos);
  EXPECT_NE(written.find(R"("low": -1.0, "high": 1.5)"), std::string::npos);
  EXPECT_NE(written.find(R"("function": "elu", "alpha": 0.5})"), std::string::npos);
  EXPECT_NE(written.find(R"("function": "hard_sigmoid", "alpha": 0.2, "beta": 0.5})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("function": "gelu"})"), std::string::npos);
  EXPECT_NE(written.find(R"("epsilon": 0.5, "momentum": 0.9})"), std::string::npos);
  EXPECT_NE(
      written.find(R"("axes": ["channels", "width"], "affine": [2, 1, 1], "epsilon": 1e-05})"),
      std::string::npos)
      << written;
  EXPECT_NE(written.find(R"("axes": ["height"], "epsilon": 0.25})"), std::string::npos);
  EXPECT_NE(written.find(R"("function": "divide", "scalar": 2.5, "reversed": true})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("function": "prelu", "constant": [2, 1, 1]})"), std::string::npos);
}

TEST(NetworkFile, DilationIsOneByDefault) {
  const std::string dilated = R"({"kind": "conv2d", "filters": 6, "kernel": [2, 3], )"
                              R"("dilation": [3, 2]})";
  const Network network = read_network(with_layers(dilated), "net.json");
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{6, 5, 4}));
  const std::string written = write_network(network);
  EXPECT_NE(written.find(R"("dilation": [3, 2])"), std::string::npos) << written;
  EXPECT_EQ(write_network(read_network(written, "again")), written);
  EXPECT_EQ(
      layer_error(R"({"kind": "conv2d", "filters": 6, "kernel": [2, 3], "dilation": [0, 2]})"),
      "net.json: layers[1].dilation[0]: found 0, wanted an integer from 1 to 2147483647");
}

TEST(NetworkFile, PoolingStrideDefaultsToTheKernel) {
  const Network network =
      read_network(with_layers(R"({"kind": "maxpool2d", "kernel": [2, 4]})"), "net.json");
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{3, 4, 2}));
}

TEST(NetworkFile, MalformedJson) {
  EXPECT_EQ(error_of("{\n\"schema\": }").substr(0, 14), "net.json:2:11:");
  EXPECT_EQ(error_of("[]"), "net.json: found [], wanted an object");
  EXPECT_EQ(error_of(R"({"schema": "wattgrind/network/1", "name": "n", "input": [1, 1, 1]})"),
            "net.json: layers: missing, wanted an array of 1 to 20000");
}

TEST(NetworkFile, OtherSchemaVersions) {
  EXPECT_EQ(error_of(R"({"schema": "wattgrind/network/9"})"),
            "net.json: schema: found \"wattgrind/network/9\", wanted \"wattgrind/network/1\"");
}

TEST(NetworkFile, UnknownKeys) {
  EXPECT_EQ(layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "strid": [1, 1]})"),
            "net.json: layers[1]: unknown key \"strid\"; did you mean stride?");
  EXPECT_EQ(layer_error(R"({"kind": "relu", "units": 3})"),
            "net.json: layers[1]: unknown key \"units\"; known: inputs, int8, kind, name");
}

TEST(NetworkFile, UnknownKinds) {
  EXPECT_EQ(layer_error(R"({"kind": "conv3d"})").substr(0, 82),
            "net.json: layers[1].kind: found \"conv3d\", wanted one of conv2d, dense, relu, maxpo");
  EXPECT_EQ(layer_error(R"({"units": 3})").substr(0, 42),
            "net.json: layers[1].kind: missing, wanted ");
}

TEST(NetworkFile, WrongTypesAndSizes) {
  EXPECT_EQ(layer_error(R"({"kind": "dense", "units": "120"})"),
            "net.json: layers[1].units: found \"120\", wanted an integer from 1 to 2147483647");
  EXPECT_EQ(layer_error(R"({"kind": "dense", "units": 1.5})").substr(0, 36),
            "net.json: layers[1].units: found 1.5");
  EXPECT_EQ(layer_error(R"({"kind": "dense", "units": 18446744073709551615})").substr(0, 39),
            "net.json: layers[1].units: found 184467");
  EXPECT_EQ(layer_error(R"({"kind": "dense", "units": -99999999999999999999})").substr(0, 34),
            "net.json: layers[1].units: found -");
  EXPECT_EQ(layer_error(R"({"kind": "dense"})"),
            "net.json: layers[1].units: missing, wanted an integer from 1 to 2147483647");
  EXPECT_EQ(layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3]})"),
            "net.json: layers[1].kernel: found [3], wanted an array of 2");
  EXPECT_EQ(layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 0]})").substr(0, 39),
            "net.json: layers[1].kernel[1]: found 0,");
  EXPECT_EQ(
      layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "padding": [1, 1, 1]})"),
      "net.json: layers[1].padding: found [1, 1, 1], wanted an array of 2 or an array of 4");
  EXPECT_EQ(
      layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "padding": "valid"})"),
      "net.json: layers[1].padding: found \"valid\", wanted \"same\"");
  EXPECT_EQ(layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [3, 3], "padding": 1})"),
            "net.json: layers[1].padding: found 1, wanted \"same\" or an array of 2 or an array "
            "of 4");
  EXPECT_EQ(layer_error("7"), "net.json: layers[1]: found 7, wanted an object");
}

TEST(NetworkFile, ActivationsTakeTheParametersTheyHave) {
  EXPECT_EQ(layer_error(R"({"kind": "activation", "function": "gelu", "alpha": 0.5})"),
            "net.json: layers[1].alpha: found 0.5, but gelu has no alpha: leave it out");
  EXPECT_EQ(layer_error(R"({"kind": "activation", "function": "elu", "alpha": 1e39})"),
            "net.json: layers[1].alpha: found 1e+39, wanted a finite number of single precision");
}

TEST(NetworkFile, TwoOperandsThatDoNotFit) {
  EXPECT_EQ(layer_error(R"({"kind": "binary", "function": "add"})"),
            "net.json: layers[1].inputs: found 1, wanted 2");
  EXPECT_EQ(layer_error(R"({"kind": "binary", "function": "add", "constant": [3, 7, 1]})"),
            "net.json: layers[1].constant: found 3x8x8 and 3x7x1, wanted each size to be the same "
            "or 1");
  EXPECT_EQ(layer_error(R"({"kind": "binary", "function": "add", "constant": [3, 1, 1],
                            "scalar": 1})"),
            "net.json: layers[1].scalar: found it beside a constant, wanted one of them");
  EXPECT_EQ(layer_error(R"({"kind": "binary", "function": "add", "scalar": 1e40})"),
            "net.json: layers[1].scalar: found 1e+40, wanted a finite number of single precision");
}

TEST(NetworkFile, ScalesThatDoNotFit) {
  EXPECT_EQ(layer_error(R"({"kind": "normalization", "axes": ["channels"], "affine": [3, 8, 2]})"),
            "net.json: layers[1].affine: found 3x8x2, wanted each size to be that of 3x8x8 or 1");
}

TEST(NetworkFile, WholeNumbersWrittenWithAFractionAreIntegers) {
  const Network network = read_network(
      with_layers(R"({"kind": "flatten"}, {"kind": "dense", "units": 1e1})"), "net.json");
  EXPECT_EQ(network.layers[1].output_shape, (FeatureShape{10, 1, 1}));
}

TEST(NetworkFile, ShapesThatDoNotFit) {
  EXPECT_EQ(layer_error(R"({"kind": "conv2d", "filters": 4, "kernel": [9, 9]})"),
            "net.json: layers[1].kernel: found 9x9, wanted at most the padded input, 8x8");
}

}  // namespace
}  // namespace wattgrind
