#include "estimator/network/short_form.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

std::vector<std::string> kinds(const Network& network) {
  std::vector<std::string> kinds;
  for (const Layer& layer : network.layers) kinds.emplace_back(kind_name(layer.operation));
  return kinds;
}

std::string error_of(std::string_view text) {
  return error_text([&] { read_short_form(text); });
}

TEST(ShortForm, DffrIsPowermlsDenseRectangle) {
  const Network network = read_short_form("dffr:layers=2,width=12");
  EXPECT_EQ(network.name, "dffr:layers=2,width=12");
  EXPECT_EQ(kinds(network), (std::vector<std::string>{"flatten", "dense", "relu", "dense", "relu",
                                                      "dense", "softmax"}));
  EXPECT_EQ(network.input(), (FeatureShape{1, 28, 28}));
  EXPECT_EQ(network.macs(), 784u * 12 + 12 * 12 + 12 * 10);
  EXPECT_EQ(network.parameters(), 785u * 12 + 13 * 12 + 13 * 10);
}

TEST(ShortForm, CnnIsPowermlsConvolutionalNetwork) {
  const Network network = read_short_form("cnn:layers=2,filters=4,filter_size=3,classes=2");
  EXPECT_EQ(kinds(network), (std::vector<std::string>{"conv2d", "relu", "conv2d", "relu", "flatten",
                                                      "dense", "relu", "dense", "softmax"}));
  EXPECT_EQ(network.layers[2].output_shape, (FeatureShape{4, 28, 28}));
  EXPECT_EQ(network.macs(), 784u * 9 * 4 + 784u * 9 * 16 + 784u * 4 * 128 + 128 * 2);
  EXPECT_EQ(network.parameters(), 40u + 148 + (784 * 4 + 1) * 128 + 129 * 2);
}

TEST(ShortForm, EvenFilterSizesKeepTheSize) {
  const Network network = cnn(1, 2, 10);
  EXPECT_EQ(network.layers[0].output_shape, (FeatureShape{2, 28, 28}));
}

TEST(ShortForm, TriangleDoublesFromSixteen) {
  const Network network = read_short_form("dffr_triangle:layers=3");
  EXPECT_EQ(network.parameters(), 785u * 16 + 17 * 32 + 33 * 64 + 65 * 10);
  EXPECT_EQ(dffr_triangle(7).layers[13].output_shape, (FeatureShape{1024, 1, 1}));
}

TEST(ShortForm, SizesMayDifferByLayer) {
  const Network network = read_short_form("dffr:layers=3,width=24-12-6");
  EXPECT_EQ(network.parameters(), 785u * 24 + 25 * 12 + 13 * 6 + 7 * 10);
  EXPECT_EQ(network.name, dffr({24, 12, 6}).name);
  EXPECT_EQ(dffr({12, 12}).name, dffr(2, 12).name);
  const Network convolutions = cnn({{4, 3}, {8, 5}}, {{3, 32, 32}, 5});
  EXPECT_EQ(convolutions.name, "cnn:layers=2,filters=4-8,filter_size=3-5,classes=5,input=3x32x32");
  EXPECT_EQ(convolutions.layers[2].parameters, 8u * 4 * 25 + 8);
}

TEST(ShortForm, PoolingFollowsEachConvolutionWhileTheMapIsLargeEnough) {
  const Network network = read_short_form("cnn:layers=5,filters=2,filter_size=3,pooling=max");
  // 28, 14, 7, 3, 1: four halvings, and none of a 1x1 map.
  EXPECT_EQ(network.layers[15].output_shape, (FeatureShape{128, 1, 1}));
  EXPECT_EQ(network.layers[15].parameters, (2u * 1 * 1 + 1) * 128);
  EXPECT_EQ(kind_name(network.layers[11].operation), "maxpool2d");
  EXPECT_EQ(kind_name(network.layers[12].operation), "conv2d");
  const Network mixed =
      read_short_form("cnn:layers=2,filters=2,filter_size=3,pooling=none-average");
  EXPECT_EQ(kinds(mixed)[4], "avgpool2d");
  EXPECT_EQ(mixed.name, "cnn:layers=2,filters=2,filter_size=3,pooling=none-average");
  EXPECT_EQ(read_short_form("cnn:layers=1,filters=2,filter_size=3,pooling=none").name,
            "cnn:layers=1,filters=2,filter_size=3");
}

// The names of what the layer of that name reads.
std::string inputs_of(const Network& network, std::string_view name) {
  for (const Layer& layer : network.layers) {
    if (layer.name != name) continue;
    std::string text;
    for (const int source : layer.inputs) {
      text += (text.empty() ? "" : " ") + (is_network_input(source)
                                               ? network.inputs[input_number(source)].name
                                               : network.layers[static_cast<size_t>(source)].name);
    }
    return text;
  }
  return "no such layer";
}

TEST(ShortForm, ResidualBlocksAddWhatTheyRead) {
  const Network network = read_short_form("residual:blocks=2,filters=8");
  EXPECT_EQ(network.name, "residual:blocks=2,filters=8");
  EXPECT_EQ(inputs_of(network, "block1/add"), "block1/norm2 stem/relu");
  EXPECT_EQ(inputs_of(network, "block2/add"), "block2/norm2 block2/shortcut");
  EXPECT_EQ(inputs_of(network, "block2/conv1"), "block1/relu2");
  EXPECT_EQ(inputs_of(network, "block2/shortcut"), "block1/relu2");
  EXPECT_EQ(kinds(network),
            (std::vector<std::string>{
                "conv2d", "batch_norm",      "relu",  // stem
                "conv2d", "batch_norm",      "relu",  "conv2d", "batch_norm", "binary",
                "relu",  // block 1
                "conv2d", "batch_norm",      "relu",  "conv2d", "batch_norm", "conv2d",
                "binary",  // block 2
                "relu",   "globalavgpool2d", "dense", "softmax"}));
  // Maps of 28 x 28 = 784 and, from block 2 on, 14 x 14 = 196 pixels.
  const uint64_t stem = 784 * 9 * 8, block1 = 2 * 784 * 9 * 8 * 8;
  const uint64_t block2 = 196 * 9 * 8 * 16 + 196 * 9 * 16 * 16 + 196 * 8 * 16;
  EXPECT_EQ(network.macs(), stem + block1 + block2 + 16 * 10);
  // Weights, then a scale and a shift for each channel of five normalisations.
  EXPECT_EQ(network.parameters(), 9u * 8 + 2 * 9 * 8 * 8 + 9 * 8 * 16 + 9 * 16 * 16 + 8 * 16 +
                                      2 * (3 * 8 + 2 * 16) + 17 * 10);
}

TEST(ShortForm, SeparableBlocksHalveTheMapEverySecondTime) {
  const Network network = read_short_form("separable:blocks=3,filters=8,classes=4");
  EXPECT_EQ(network.name, "separable:blocks=3,filters=8,classes=4");
  EXPECT_EQ(network.layers[3].name, "block1/depthwise");
  EXPECT_EQ(network.layers[8].output_shape, (FeatureShape{8, 28, 28}));
  EXPECT_EQ(network.layers[9].output_shape, (FeatureShape{8, 14, 14}));
  EXPECT_EQ(network.layers[14].output_shape, (FeatureShape{16, 14, 14}));
  EXPECT_EQ(network.layers[20].output_shape, (FeatureShape{16, 14, 14}));
  const uint64_t stem = 784 * 9 * 8, block1 = 784 * 9 * 8 + 784 * 8 * 8;
  const uint64_t block2 = 196 * 9 * 8 + 196 * 8 * 16, block3 = 196 * 9 * 16 + 196 * 16 * 16;
  EXPECT_EQ(network.macs(), stem + block1 + block2 + block3 + 16 * 4);
  EXPECT_EQ(network.parameters(), 9u * 8 + (9 * 8 + 8 * 8) + (9 * 8 + 8 * 16) + (9 * 16 + 16 * 16) +
                                      2 * (4 * 8 + 3 * 16) + 17 * 4);
}

TEST(ShortForm, OddMapsAreHalvedUpwards) {
  // 7, 4, 2, 1, 1: the way beside fits at every block.
  const Network network = residual(5, 2, {{3, 7, 5}, 10});
  const size_t last = network.layers.size() - 4;
  EXPECT_EQ(network.layers[last].name, "block5/relu2");
  EXPECT_EQ(network.layers[last].output_shape, (FeatureShape{32, 1, 1}));
}

TEST(ShortForm, TheNameReadsBackAsTheSameNetwork) {
  const Task task{{3, 8, 9}, 4};
  for (const Network& network :
       {dffr(3, 12, task), dffr({3, 1, 2}, task), dffr_triangle(2, task), cnn(1, 5, 10, task),
        cnn({{1, 4}, {2, 3}}, task), cnn({{1, 4, Pooling::kMax}, {2, 3}}, task),
        cnn({{1, 4, Pooling::kAverage}, {2, 3, Pooling::kAverage}}, task), residual(2, 3, task),
        separable(4, 3, task)}) {
    const Network again = read_short_form(network.name);
    EXPECT_EQ(again.name, network.name);
    EXPECT_EQ(again.macs(), network.macs());
    EXPECT_EQ(again.parameters(), network.parameters());
  }
}

TEST(ShortForm, RefusesPoolingThatIsNone) {
  EXPECT_EQ(error_of("cnn:layers=2,filters=2,filter_size=3,pooling=avg"),
            "cnn:layers=2,filters=2,filter_size=3,pooling=avg: pooling: found \"avg\", wanted max, "
            "average or none, or one for each layer");
  EXPECT_EQ(error_of("cnn:layers=3,filters=2,filter_size=3,pooling=max-max"),
            "cnn:layers=3,filters=2,filter_size=3,pooling=max-max: pooling: found 2, wanted one, "
            "or 3, one a layer");
}

TEST(ShortForm, RefusesWhatIsNoShortForm) {
  EXPECT_EQ(error_of("dfr:layers=1"), "\"dfr:layers=1\": unknown topology; did you mean dffr?");
  EXPECT_EQ(error_of("dffr:layers=1,widht=3"),
            "dffr:layers=1,widht=3: unknown key \"widht\"; did you mean width?");
  EXPECT_EQ(error_of("dffr:layers"), "dffr:layers: found \"layers\", wanted KEY=VALUE");
  EXPECT_EQ(error_of("dffr:layers=1,"), "dffr:layers=1,: found \"\", wanted KEY=VALUE");
  EXPECT_EQ(error_of("dffr:layers=1,layers=2"), "dffr:layers=1,layers=2: layers: occurs twice");
  EXPECT_EQ(error_of("dffr:"), "dffr:: layers: missing: add layers=NUMBER");
  EXPECT_EQ(error_of("dffr:layers=two,width=3"),
            "dffr:layers=two,width=3: layers: found \"two\", wanted an integer");
  EXPECT_EQ(error_of("dffr:layers=1,width=3x"),
            "dffr:layers=1,width=3x: width: found \"3x\", wanted an integer, or one for each "
            "layer (24-12-6)");
  EXPECT_EQ(error_of("dffr:layers=3,width=24-12"),
            "dffr:layers=3,width=24-12: width: found 2 sizes, wanted one, or 3, one a layer");
  EXPECT_EQ(error_of("dffr:layers=1,width=3,input=28x28"),
            "dffr:layers=1,width=3,input=28x28: input: found \"28x28\", wanted "
            "CHANNELSxHEIGHTxWIDTH");
  error_of("dffr:layers=1,width=\n");
}

TEST(ShortForm, RefusesSizesThatCannotBe) {
  EXPECT_EQ(error_of("dffr:layers=0,width=3"),
            "dffr:layers=0,width=3: layers: found 0, wanted 1 to 1000");
  EXPECT_EQ(error_of("dffr:layers=1000000000,width=3"),
            "dffr:layers=1000000000,width=3: layers: found 1000000000, wanted 1 to 1000");
  EXPECT_EQ(error_of("dffr:layers=1,width=-3"),
            "dffr:layers=1,width=-3: width: found -3, wanted 1 to 2147483647");
  EXPECT_EQ(error_of("dffr:layers=1,width=99999999999999999999"),
            "dffr:layers=1,width=99999999999999999999: width: found \"99999999999999999999\", "
            "wanted an integer, or one for each layer (24-12-6)");
  EXPECT_NE(error_of("dffr:layers=2,width=2000000000").find("do not fit in memory"),
            std::string::npos);
  EXPECT_EQ(error_of("cnn:layers=1,filters=0,filter_size=3"),
            "cnn:layers=1,filters=0,filter_size=3: filters: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of("dffr:layers=1,width=1,classes=0"),
            "dffr:layers=1,width=1,classes=0: classes: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of("dffr:layers=1,width=1,input=1x0x5"),
            "dffr:layers=1,width=1,input=1x0x5: input: found a size of 0, wanted 1 to "
            "2147483647");
  EXPECT_EQ(error_of("dffr_triangle:layers=8"),
            "dffr_triangle:layers=8: layers: found 8, wanted 1 to 7");
  EXPECT_EQ(error_of("residual:blocks=17,filters=1"),
            "residual:blocks=17,filters=1: blocks: found 17, wanted 1 to 16");
  EXPECT_EQ(error_of("separable:blocks=0,filters=1"),
            "separable:blocks=0,filters=1: blocks: found 0, wanted 1 to 16");
  EXPECT_EQ(error_of("residual:blocks=1,filters=0"),
            "residual:blocks=1,filters=0: filters: found 0, wanted 1 to 2147483647");
  EXPECT_NE(error_of("residual:blocks=16,filters=2147483647").find("residual:blocks=16"),
            std::string::npos);
}

}  // namespace
}  // namespace wattgrind
