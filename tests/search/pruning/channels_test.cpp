#include "search/pruning/channels.h"

#include <gtest/gtest.h>

#include <numeric>

#include "estimator/base/random.h"
#include "estimator/catalog/network_source.h"
#include "search/data/digits.h"
#include "search/training/trainer.h"

namespace wattgrind {
namespace {

TrainedNetwork drawn(const std::string& network) {
  TrainedNetwork result{find_network(network), {}};
  result.parameters = initial_parameters(result.network, Initializer::kHeUniform, 5);
  Random random(9);
  for (LayerParameters& parameters : result.parameters) {
    for (float& bias : parameters.bias) bias = static_cast<float>(random.uniform() - 0.3);
    for (size_t i = 0; i < parameters.statistics.size(); ++i) {
      parameters.statistics[i] = static_cast<float>(0.5 + random.uniform());
    }
  }
  return result;
}

DataSet few_digits() {
  DataSelection selection;
  selection.train = 40;
  selection.validation = 1;
  selection.test = 200;
  return draw_digits(selection);
}

std::vector<size_t> all_but(size_t count, size_t gone) {
  std::vector<size_t> kept;
  for (size_t i = 0; i < count; ++i) {
    if (i != gone) kept.push_back(i);
  }
  return kept;
}

std::vector<std::string> names_of(const std::vector<PrunableLayer>& layers,
                                  const Network& network) {
  std::vector<std::string> names;
  for (const PrunableLayer& layer : layers) names.push_back(network.layers[layer.layer].name);
  return names;
}

TEST(PrunableLayers, AreThoseWhoseReadersCanDoWithLess) {
  const Network lenet = find_network("lenet5");
  EXPECT_EQ(names_of(prunable_layers(lenet), lenet),
            (std::vector<std::string>{"conv1", "conv2", "fc3", "fc4"}))
      << "the classes stay";
  // Channels that are added to others cannot go by themselves.
  const Network resnet = find_network("resnet8");
  for (const PrunableLayer& layer : prunable_layers(resnet)) {
    for (const size_t reader : layer.readers) EXPECT_GT(reader, layer.layer);
  }
  EXPECT_EQ(prunable_layers(resnet).size(), 3u) << "the first convolution of each block";
}

TEST(KeepChannels, MakesThePartsOfTheNetworkFit) {
  const TrainedNetwork whole = drawn("lenet5");
  const std::vector<PrunableLayer> layers = prunable_layers(whole.network);
  const TrainedNetwork less = keep_channels(whole, layers[1], std::vector<size_t>{0, 3, 15});
  EXPECT_EQ(less.network.parameters(),
            6u * 26 + 3u * (6 * 25 + 1) + 120u * (3 * 25 + 1) + 84u * 121 + 10u * 85);
  uint64_t values = 0;
  for (const LayerParameters& parameters : less.parameters) {
    values += parameters.weights.size() + parameters.bias.size();
  }
  EXPECT_EQ(values, less.network.parameters());
}

// The oracle is the whole network: with the channel's readers' weights at zero it says what the
// smaller one must say, on every image.
TEST(KeepChannels, ComputesWhatTheMaskedNetworkComputes) {
  const DataSet data = few_digits();
  for (const char* name :
       {"lenet5", "residual:blocks=2,filters=4", "separable:blocks=2,filters=4"}) {
    const TrainedNetwork whole = drawn(name);
    EXPECT_FALSE(prunable_layers(whole.network).empty()) << name;
    for (const PrunableLayer& layer : prunable_layers(whole.network)) {
      const auto channels = static_cast<size_t>(layer.channels);
      const std::vector<size_t> kept = all_but(channels, channels / 2);
      const TrainedNetwork less = keep_channels(whole, layer, kept);
      Trainer masked(whole.network, data.train, data.classes, {});
      masked.set_parameters(mask_channels(whole, layer, kept));
      Trainer smaller(less.network, data.train, data.classes, {});
      smaller.set_parameters(less.parameters);
      EXPECT_EQ(masked.accuracy(data.test), smaller.accuracy(data.test))
          << name << " " << layer.layer;
    }
  }
}

TEST(ChannelStrengths, DoNotChangeWhenAChannelIsMadeLargerAndReadSmaller) {
  TrainedNetwork network = drawn("dffr:layers=2,width=6,classes=10");
  const PrunableLayer layer = prunable_layers(network.network)[0];
  const std::vector<double> before = channel_strengths(network, layer);
  LayerParameters& made = network.parameters[layer.layer];
  LayerParameters& read = network.parameters[layer.readers[0]];
  const size_t inputs = made.weights.size() / 6;
  for (size_t i = 0; i < inputs; ++i) made.weights[2 * inputs + i] *= 4;
  made.bias[2] *= 4;
  for (size_t unit = 0; unit < 6; ++unit) read.weights[unit * 6 + 2] /= 4;
  const std::vector<double> after = channel_strengths(network, layer);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(after[i], before[i], 1e-5 * before[i]);
  for (size_t unit = 0; unit < 6; ++unit) read.weights[unit * 6 + 2] = 0;
  EXPECT_EQ(channel_strengths(network, layer)[2], 0) << "nobody reads it";
}

}  // namespace
}  // namespace wattgrind
