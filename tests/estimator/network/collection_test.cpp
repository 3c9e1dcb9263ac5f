// The built-in networks against figures that others have published.
#include <gtest/gtest.h>

#include <optional>
#include <ostream>

#include "estimator/formats/builtin_files.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/network_file.h"

namespace wattgrind {
namespace {

struct Published {
  std::string_view name;
  uint64_t macs;
  uint64_t parameters;
  // Where a source counts them as parameters, as Keras does.
  uint64_t statistics = 0;
};

// Multiply-accumulates in units of ten thousand. All figures but those of transformers equal a
// count of PyTorch's modules, convolutions and linear layers by hooks: torchvision's own for
// SqueezeNet (1.1), ResNets, MobileNetV2 and DenseNet-121, modules written from the papers for the
// others. Beside that, multiply-accumulates: an independent count of ONNX files for SqueezeNet,
// ResNet-18 and -50, ResNet-8 and DS-CNN; Caffe's model zoo for AlexNet (724.41 million); GoogLeNet
// of Caffe's zoo 3.166 GFLOP in the Open Model Zoo, half of it here; ShuffleNet 137 in its paper's
// table 2; MLPerf Tiny 12.5, 2.66, 7.49 and 0.26. Parameters: torchvision's documentation; Caffe's
// bvlc_googlenet; timm's vit_tiny_patch16_224, as torchvision's VisionTransformer of its sizes has
// them; BERT-Tiny as transformers counts google/bert_uncased_L-2_H-128_A-2; Paleo's table for
// OverFeat and CIFAR10-6conv (paleo_test.cpp); Keras's summaries of MLPerf Tiny's reference models,
// statistics of batches among them.
class Collection : public testing::TestWithParam<Published> {};

uint64_t statistics(const Network& network) {
  uint64_t values = 0;
  for (const Layer& layer : network.layers) {
    values += parameter_values(layer, ParameterRole::kStatistics);
  }
  return values;
}

TEST_P(Collection, CountsAreThePublishedOnes) {
  const Published& published = GetParam();
  const Network network =
      read_network(builtin_text("networks", published.name).value(), published.name);
  EXPECT_EQ((network.macs() + 5'000) / 10'000, published.macs);
  const uint64_t more = published.statistics == 0 ? 0 : statistics(network);
  EXPECT_EQ(more, published.statistics);
  EXPECT_EQ(network.parameters() + more, published.parameters);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Collection,
    testing::Values(
        Published{"alexnet", 72'441, 60'965'224}, Published{"squeezenet", 34'915, 1'235'496},
        Published{"googlenet", 158'267, 6'998'552}, Published{"resnet18", 181'407, 11'689'512},
        Published{"resnet50", 408'918, 25'557'032}, Published{"mobilenet_v1", 56'874, 4'231'976},
        Published{"mobilenet_v2", 30'077, 3'504'872}, Published{"densenet121", 283'416, 7'978'856},
        Published{"shufflenet", 13'746, 1'865'728}, Published{"cifar10_6conv", 64'213, 39'191'690},
        Published{"overfeat", 264'701, 145'704'424}, Published{"zfnet", 116'803, 62'357'608},
        Published{"resnet8", 1'250, 78'666, 480}, Published{"ds_cnn", 266, 24'908, 1'152},
        Published{"mobilenet_v1_025", 749, 221'794, 5'472},
        Published{"deep_autoencoder", 26, 269'992, 2'064}, Published{"bert_tiny", 5'874, 4'385'920},
        Published{"vit_tiny", 125'368, 5'717'416}),
    [](const auto& network) { return std::string(network.param.name); });

// Attention and the rest of a transformer, from its sizes: T tokens of C features, L layers.
uint64_t transformer_macs(uint64_t tokens, uint64_t features, uint64_t layers) {
  const uint64_t projections = 4 * tokens * features * features;
  const uint64_t attention = 2 * tokens * tokens * features;
  const uint64_t perceptron = 2 * tokens * features * 4 * features;
  return layers * (projections + attention + perceptron);
}

TEST(CollectionOfTransformers, MultiplyAccumulatesFollowFromTheirSizes) {
  const auto macs = [](std::string_view name) {
    return read_network(builtin_text("networks", name).value(), name).macs();
  };
  EXPECT_EQ(macs("bert_tiny"), transformer_macs(128, 128, 2) + 128 * 128);
  EXPECT_EQ(macs("vit_tiny"),
            196 * 16 * 16 * 3 * 192 + transformer_macs(197, 192, 12) + 192 * 1000);
}

}  // namespace
}  // namespace wattgrind
