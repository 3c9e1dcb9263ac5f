#include "estimator/imports/ncnn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "estimator/network/network_file.h"
#include "estimator/system/file_text.h"
#include "tests/error_text.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

// A file of these layers behind an input of 8 channels, 6 rows and 10 columns.
std::string file_of(const std::vector<std::string>& layers,
                    std::string_view input = "0=10 1=6 2=8") {
  std::string text = fmt::format("Input data 0 1 data {}\n", input);
  size_t blobs = 1;
  for (const std::string& layer : layers) {
    text += layer + "\n";
    std::istringstream words(layer);
    std::string type, name;
    size_t inputs = 0, outputs = 0;
    words >> type >> name >> inputs >> outputs;
    blobs += outputs;
  }
  return fmt::format("7767517\n{} {}\n{}", layers.size() + 1, blobs, text);
}

Network read(const std::vector<std::string>& layers, std::string_view input = "0=10 1=6 2=8") {
  return read_ncnn(file_of(layers, input), "net", "net.param");
}

std::string error_of(const std::vector<std::string>& layers,
                     std::string_view input = "0=10 1=6 2=8") {
  return error_text([&] { read(layers, input); });
}

const Layer& last(const Network& network) { return network.layers.back(); }

TEST(Ncnn, ConvolutionsAndTheirActivations) {
  const Network network =
      read({"Convolution a 1 1 data a 0=4 1=3 11=5 2=1 3=2 4=1 14=2 5=1 6=480 9=2 -23310=1,0.1",
            "ConvolutionDepthWise b 1 1 a b 0=4 1=3 4=-233 7=4 9=3 -23310=2,0.0,6.0"});
  ASSERT_EQ(network.layers.size(), 4u);
  const auto& conv = std::get<Conv2d>(network.layers[0].operation);
  EXPECT_EQ(conv.window.kernel_height, 5);
  EXPECT_EQ(conv.window.pad_top, 2);
  EXPECT_EQ(conv.window.pad_right, 1);
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{4, 3, 5}));
  EXPECT_EQ(network.layers[0].parameters, 484u);
  EXPECT_EQ(network.layers[1].name, "a.leaky_relu");
  EXPECT_EQ(network.layers[2].output_shape, (FeatureShape{4, 3, 5}));
  EXPECT_FALSE(std::get<Conv2d>(network.layers[2].operation).bias);
  EXPECT_EQ(std::get<Clip>(network.layers[3].operation).high, 6);
}

// ncnn's pad_mode: 0 begins a last window wherever that is inside, 1 does not, 2 and 3 are "same".
TEST(Ncnn, PoolingsPadModes) {
  const auto shape = [](std::string_view mode) {
    return last(read({fmt::format("Pooling a 1 1 data a 0=0 1=3 2=2 {}", mode)})).output_shape;
  };
  EXPECT_EQ(shape("5=0"), (FeatureShape{8, 3, 5}));
  EXPECT_EQ(shape("5=1"), (FeatureShape{8, 2, 4}));
  EXPECT_EQ(shape("5=2"), (FeatureShape{8, 3, 5}));
  const auto window = [](std::string_view mode) {
    return std::get<MaxPool2d>(
               last(read({fmt::format("Pooling a 1 1 data a 1=3 2=2 {}", mode)})).operation)
        .window;
  };
  EXPECT_EQ(window("5=0").pad_bottom, 1);
  EXPECT_EQ(window("5=2").pad_bottom, 1);
  EXPECT_EQ(window("5=3").pad_top, 1);
  EXPECT_EQ(window("5=3").pad_bottom, 0);
}

TEST(Ncnn, GlobalAndAdaptivePooling) {
  EXPECT_EQ(last(read({"Pooling a 1 1 data a -23330=4,1,8,1,1 0=1 4=1"})).output_shape,
            (FeatureShape{8, 1, 1}));
  EXPECT_EQ(last(read({"Pooling a 1 1 data a -23330=4,3,5,3,8 0=1 7=1 8=5 18=3"})).output_shape,
            (FeatureShape{8, 3, 5}));
  EXPECT_EQ(error_of({"Pooling a 1 1 data a 0=1 7=1 8=4 18=3"}),
            "net.param:4: \"Pooling\" \"a\": found 4 outputs over 10, wanted windows of one size");
}

TEST(Ncnn, VectorsAndRowsAreMultipliedByWeights) {
  const Network network =
      read({"InnerProduct a 1 1 data a 0=12 1=1 2=5760 9=1", "Reshape b 1 1 a b 0=4 1=3",
            "InnerProduct c 1 1 b c -23330=4,2,5,3,1 0=5 2=20"});
  EXPECT_EQ(network.layers[0].name, "a.flat");
  EXPECT_EQ(network.layers[1].parameters, 5772u);
  EXPECT_EQ(last(network).output_shape, (FeatureShape{5, 1, 3}));
  EXPECT_EQ(error_of({"InnerProduct a 1 1 data a 0=12 2=5761"}),
            "net.param:4: \"InnerProduct\" \"a\": 2=5761: found so many weights, wanted 12 x 480");
}

// Attention over 3 tokens of 4 features in 2 heads: four projections of 4 x 4 and two products of
// 3 x 3 x 2 a head.
TEST(Ncnn, AttentionBecomesItsProducts) {
  const Network network = read({"MultiHeadAttention a 1 1 data a 0=4 1=2 2=16"}, "0=4 1=3");
  EXPECT_EQ(network.macs(), 4u * 3 * 4 * 4 + 2 * 2 * 3 * 3 * 2);
  EXPECT_EQ(network.parameters(), 4u * (4 * 4 + 4));
  EXPECT_EQ(last(network).name, "a");
  EXPECT_EQ(last(network).output_shape, (FeatureShape{4, 1, 3}));
  EXPECT_EQ(
      error_of({"MultiHeadAttention a 1 1 data a 0=4 1=3"}, "0=4 1=3"),
      "net.param:4: \"MultiHeadAttention\" \"a\": found 4 features in 3 heads, wanted as many "
      "in each");
}

TEST(Ncnn, ProductsOfTwoMaps) {
  EXPECT_EQ(last(read({"Split s 1 2 data a b", "MatMul m 2 1 a b c -23330=4,3,6,6,8 0=1"})).macs,
            0u);
  const Network network = read({"Split s 1 2 data a b", "MatMul m 2 1 a b c -23330=4,3,6,6,8 0=1"});
  EXPECT_EQ(network.macs(), 8u * 6 * 6 * 10);
  EXPECT_EQ(last(network).output_shape, (FeatureShape{8, 6, 6}));
}

TEST(Ncnn, ReshapesPermutesAndSlices) {
  const Network network = read({"Reshape a 1 1 data a -23330=4,2,60,8,1 0=-1 1=8",
                                "Permute b 1 1 a b -23330=4,2,8,60,1 0=1",
                                "Slice c 1 2 b c0 c1 -23330=8,2,8,20,1,2,8,40,1 -23300=2,20,-233"});
  EXPECT_EQ(network.layers.size(), 3u);  // the reshaped map is the same
  EXPECT_EQ(last(network).output_shape, (FeatureShape{8, 1, 40}));
  EXPECT_EQ(network.outputs.size(), 2u);
  EXPECT_EQ(last(read({"Permute a 1 1 data a -23330=4,3,8,10,6 0=3"})).output_shape,
            (FeatureShape{6, 10, 8}));
  EXPECT_EQ(last(read({"Crop a 1 1 data a -23330=4,3,10,6,3 2=5 3=10 4=6 5=3"})).output_shape,
            (FeatureShape{3, 6, 10}));
}

TEST(Ncnn, OperandsThatAreConstantsAndVectors) {
  const Network network = read({"MemoryData m 0 1 m 0=8", "BinaryOp a 2 1 m data a 0=1",
                                "Pooling p 1 1 a p 0=1 4=1", "BinaryOp b 2 1 a p b 0=2"});
  const auto& subtract = std::get<Binary>(network.layers[0].operation);
  EXPECT_EQ(subtract.constant, (FeatureShape{8, 1, 1}));
  EXPECT_TRUE(subtract.reversed);
  EXPECT_EQ(network.parameters(), 8u);
  EXPECT_EQ(last(network).output_shape, (FeatureShape{8, 6, 10}));
}

TEST(Ncnn, ConstantsAreJoinedToMaps) {
  const Network network =
      read({"MemoryData m 0 1 m 0=4 1=1", "Concat c 2 1 m data c 0=0"}, "0=4 1=3");
  EXPECT_EQ(network.parameters(), 4u);
  EXPECT_EQ(last(network).output_shape, (FeatureShape{4, 1, 4}));
}

TEST(Ncnn, NetworksFor8BitsAreTheSameInSinglePrecision) {
  const Network network = read({"Convolution a 1 1 data a 0=4 1=1 6=32 8=2"});
  EXPECT_EQ(network.parameters(), 32u);
  ASSERT_EQ(network.notes.size(), 1u);
  EXPECT_NE(network.notes[0].find("8 bits"), std::string::npos);
}

TEST(Ncnn, HeadsAreLeftOffAndNamed) {
  const Network network = read({"Split s 1 2 data a b", "ReLU r 1 1 a r", "PriorBox p 1 1 b p",
                                "Concat c 1 1 p c", "DetectionOutput d 2 1 r c d"});
  ASSERT_EQ(network.layers.size(), 1u);
  EXPECT_EQ(network.outputs, std::vector<int>{0});
  EXPECT_EQ(network.notes, std::vector<std::string>{
                               "left off, for it works on the network's results: \"PriorBox\" "
                               "\"p\", \"Concat\" \"c\", \"DetectionOutput\" \"d\""});
}

TEST(Ncnn, UnsupportedLayersAreAllNamed) {
  EXPECT_EQ(error_of({"LSTM a 1 1 data a 0=3", "ReLU b 1 1 a b", "Einsum c 1 1 b c -23400=2,ij,ji",
                      "Interp d 1 1 c d 0=3"}),
            "net.param: 3 of 5 layers are not supported: \"LSTM\" \"a\", \"Einsum\" \"c\", "
            "\"Interp\" \"d\" of type 3");
}

TEST(Ncnn, ShapesThatTheFileTellsAreChecked) {
  EXPECT_EQ(error_of({"Pooling a 1 1 data a -23330=4,3,5,3,8 1=3 2=2 5=1"}),
            "net.param:4: \"Pooling\" \"a\": the file says that its output has 3 dimensions, "
            "5x3x8; from its inputs follows 3 dimensions, 4x2x8");
  EXPECT_EQ(error_of({"ReLU a 1 1 data a -23330=3,3,10,6"}),
            "net.param:4: \"ReLU\" \"a\": -23330: found 3 values, wanted 4 for each output");
}

TEST(Ncnn, InputsWithoutASizeAreAskedFor) {
  const std::string text = file_of({"ReLU a 1 1 data a"}, "");
  EXPECT_EQ(error_text([&] { read_ncnn(text, "net", "net.param"); }, ErrorKind::kUsage),
            "is wanted for net.param: \"Input\" \"data\" leaves data.channels, .height and .width "
            "open");
  const Network network = read_ncnn(text, "net", "net.param",
                                    {{"data.channels", 3}, {"data.height", 4}, {"data.width", 5}});
  EXPECT_EQ(network.input(), (FeatureShape{3, 4, 5}));
}

TEST(Ncnn, HostileText) {
  const auto error = [](std::string_view text) {
    return error_text([&] { read_ncnn(text, "net", "net.param"); });
  };
  EXPECT_EQ(error(""), "net.param:0: wanted 7767517, which ncnn's text files begin with");
  EXPECT_EQ(error("7767517\n1\n"), "net.param:2: wanted the numbers of layers and of blobs");
  EXPECT_EQ(error("7767517\n2 1\nInput a 0 1 a 0=3\n"),
            "net.param: found 1 layers and 1 blobs, wanted 2 and 1 as its second line says: is it "
            "cut off?");
  EXPECT_EQ(error("7767517\n1 1\nInput a 0 60000 a\n").substr(0, 25), "net.param:3: wanted a lay");
  EXPECT_EQ(
      error("7767517\n1 1\nInput a 0 1 a 0=99999999999\n"),
      "net.param:3: \"Input\" \"a\": 0=: found \"99999999999\", wanted an integer of 32 bits");
  EXPECT_EQ(error("7767517\n1 1\nInput \x1b[2J 0 1 a 0=-3\n"),
            "net.param:3: \"Input\" \"\\u001b[2J\": 0=-3: found a negative size");
  EXPECT_EQ(error_of({"ReLU a 1 1 nobody a"}),
            "net.param:4: \"ReLU\" \"a\": it reads \"nobody\", which no layer before it writes");
  EXPECT_EQ(error_of({"ReLU a 1 1 data data"}), "net.param:4: the blob \"data\" is written twice");
  EXPECT_EQ(
      error_of({"MemoryData m 0 1 m 0=2147483647 1=2147483647 2=2147483647"}),
      "net.param:4: \"MemoryData\" \"m\": 3 dimensions, 2147483647x2147483647x2147483647 does "
      "not fit in memory");
  EXPECT_EQ(error_of({"Padding a 1 1 data a 0=2147483647 1=2147483647 2=2147483647"}).substr(0, 31),
            "net.param:4: \"Padding\" \"a\": lay");
}

std::string param_file(std::string_view name) {
  const auto path = shared_folder() / "data/ncnn_networks" / fmt::format("{}.param", name);
  return std::filesystem::exists(path) ? read_file(path) : std::string();
}

struct Published {
  std::string_view name;
  uint64_t macs, parameters;
};
class NcnnNetworks : public testing::TestWithParam<Published> {};

// Multiply-accumulates and parameters of the networks that ncnn's benchmark runs. AlexNet, VGG-16,
// MobileNet and GoogLeNet are those of Caffe's zoo and of the literature (724.41, 15470, 568.74 and
// 1583 million); ResNet-50 has Caffe's strides in the 1x1 convolutions (3.86 thousand million);
// YOLOv4-tiny 6.9 GFLOP of its authors, half of it here; the vision transformer is ViT-B/32 over
// 384x384 (timm: 88,297,192 parameters, 13.06 thousand million). The others have been read off
// their files' weight counts.
TEST_P(NcnnNetworks, AreReadAndHavePublishedCounts) {
  const std::string text = param_file(GetParam().name);
  if (text.empty()) GTEST_SKIP() << "no data";
  const std::map<std::string, int64_t> sizes = {{"in0.channels", 3},   {"in0.height", 352},
                                                {"in0.width", 352},    {"input.channels", 3},
                                                {"input.height", 384}, {"input.width", 384}};
  const Network network = read_ncnn(text, std::string(GetParam().name), "file", sizes);
  EXPECT_EQ(network.macs(), GetParam().macs);
  EXPECT_EQ(network.parameters(), GetParam().parameters);
  const std::string written = write_network(network);
  EXPECT_EQ(write_network(read_network(written, "again")), written);
}

INSTANTIATE_TEST_SUITE_P(Files, NcnnNetworks,
                         testing::Values(Published{"FastestDet", 121'491'744, 240'301},
                                         Published{"alexnet", 724'406'816, 60'965'224},
                                         Published{"blazeface", 29'368'320, 88'470},
                                         Published{"efficientnet_b0", 385'814'752, 5'267'540},
                                         Published{"efficientnetv2_b0", 718'086'176, 7'109'400},
                                         Published{"googlenet", 1'582'671'872, 6'998'552},
                                         Published{"googlenet_int8", 1'582'671'872, 6'998'552},
                                         Published{"mnasnet", 314'415'872, 4'364'352},
                                         Published{"mobilenet", 568'740'352, 4'221'032},
                                         Published{"mobilenet_int8", 568'740'352, 4'221'032},
                                         Published{"mobilenet_ssd", 1'148'479'168, 5'783'417},
                                         Published{"mobilenet_v2", 313'619'328, 3'488'872},
                                         Published{"mobilenet_v3", 245'564'768, 5'133'694},
                                         Published{"proxylessnasnet", 336'483'904, 4'064'560},
                                         Published{"regnety_400m", 401'842'848, 4'330'568},
                                         Published{"resnet18", 1'826'918'400, 11'688'872},
                                         Published{"resnet18_int8", 1'826'918'400, 11'688'872},
                                         Published{"resnet50", 3'857'973'248, 25'530'472},
                                         Published{"resnet50_int8", 3'857'973'248, 25'530'472},
                                         Published{"shufflenet", 127'061'304, 1'802'866},
                                         Published{"shufflenet_v2", 144'907'992, 2'270'514},
                                         Published{"squeezenet", 418'467'520, 1'235'496},
                                         Published{"squeezenet_int8", 418'467'520, 1'235'496},
                                         Published{"vgg16", 15'470'264'320, 138'357'544},
                                         Published{"vgg16_int8", 15'470'264'320, 138'357'544},
                                         Published{"vision_transformer", 13'043'564'544,
                                                   88'297'192},
                                         Published{"yolov4-tiny", 3'453'938'176, 6'053'502}),
                         [](const auto& network) {
                           std::string name(network.param.name);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace wattgrind
