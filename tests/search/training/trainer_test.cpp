#include "search/training/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "estimator/network/short_form.h"
#include "kernels/run/function_cache.h"
#include "search/data/digits.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

DataSet digits(uint64_t train, uint64_t test) {
  DataSelection selection;
  selection.train = train;
  selection.validation = 0;
  selection.test = test;
  return draw_digits(selection);
}

TEST(Trainer, LearnsDrawnDigits) {
  const DataSet data = digits(2000, 500);
  Trainer trainer(read_short_form("dffr:layers=2,width=32"), data.train, 10, {});
  const double before = trainer.accuracy(data.test);
  std::vector<EpochResult> epochs;
  for (int i = 0; i < 6; ++i) epochs.push_back(trainer.train_epoch());
  EXPECT_LT(before, 0.3);
  EXPECT_GT(trainer.accuracy(data.test), 0.6);
  EXPECT_LT(epochs.back().loss, 0.7 * epochs.front().loss);
  EXPECT_GT(epochs.back().accuracy, 0.7);
  EXPECT_EQ(judge(epochs, 10), Learning::kFell);
}

TEST(Trainer, LearnsWithEveryOptimizer) {
  const DataSet data = digits(500, 100);
  for (const Optimizer& optimizer : {Optimizer(Sgd{.learning_rate = 0.1}),
                                     Optimizer(Sgd{.learning_rate = 0.05, .momentum = 0.9}),
                                     Optimizer(Adam{}), Optimizer(RmsProp{})}) {
    TrainingOptions options;
    options.optimizer = optimizer;
    Trainer trainer(read_short_form("cnn:layers=1,filters=4,filter_size=5"), data.train, 10,
                    options);
    const double first = trainer.train_epoch().loss;
    trainer.train_epoch();
    EXPECT_LT(trainer.train_epoch().loss, 0.9 * first) << optimizer_name(optimizer);
  }
}

TEST(Trainer, LearnsThroughBranchesAndNormalization) {
  const DataSet data = digits(3000, 300);
  for (const char* form : {"residual:blocks=2,filters=8", "separable:blocks=3,filters=8"}) {
    SCOPED_TRACE(form);
    TrainingOptions options;
    options.optimizer = Adam{.learning_rate = 0.01};
    Trainer trainer(read_short_form(form), data.train, 10, options);
    const double first = trainer.train_epoch().loss;
    for (int i = 0; i < 4; ++i) trainer.train_epoch();
    EXPECT_LT(trainer.train_epoch().loss, 0.7 * first);
    EXPECT_GT(trainer.accuracy(data.test), 0.6);  // chance is 0.1
  }
}

TEST(Trainer, OneSeedGivesTheSameBits) {
  const DataSet data = digits(100, 20);
  const auto trained = [&](uint64_t seed) {
    TrainingOptions options;
    options.batch = 32;  // the last step has 4 images
    options.seed = seed;
    Trainer trainer(read_short_form("cnn:layers=1,filters=3,filter_size=3"), data.train, 10,
                    options);
    trainer.train_epoch();
    trainer.train_epoch();
    return trainer.parameters();
  };
  const auto first = trained(7);
  EXPECT_EQ(first, trained(7));
  EXPECT_NE(first, trained(8));
}

// Dropout draws masks and batch normalisation moves statistics: judging between epochs must leave
// both as they are.
TEST(Trainer, GoesOnAfterBeingJudgedAsIfItWasNot) {
  const DataSet data = digits(130, 50);
  for (const char* form : {"residual:blocks=1,filters=4", "dffr:layers=2,width=12"}) {
    const Network network = read_short_form(form);
    Trainer at_one_go(network, data.train, 10, {}), judged(network, data.train, 10, {});
    for (int epoch = 0; epoch < 3; ++epoch) {
      const EpochResult epochs[] = {at_one_go.train_epoch(), judged.train_epoch()};
      EXPECT_EQ(epochs[0].loss, epochs[1].loss) << form;
      judged.accuracy(data.test);
    }
    EXPECT_EQ(at_one_go.parameters(), judged.parameters()) << form;
  }
  NetworkSpec spec{"dropping", {{"input", {1, 28, 28}}}, {}, {}};
  for (const Operation& operation :
       {Operation(Flatten{}), Operation(Dense{16}), Operation(Dropout{0.5}), Operation(Dense{10}),
        Operation(Softmax{})}) {
    spec.layers.push_back({"", operation, false, {}});
  }
  const Network network = build_network(spec, "test");
  Trainer at_one_go(network, data.train, 10, {}), judged(network, data.train, 10, {});
  for (int epoch = 0; epoch < 3; ++epoch) {
    at_one_go.train_epoch();
    judged.train_epoch();
    judged.accuracy(data.test);
  }
  EXPECT_EQ(at_one_go.parameters(), judged.parameters());
}

TEST(Trainer, ABatchLargerThanTheDataIsOneShortBatch) {
  const DataSet data = digits(30, 20);
  TrainingOptions large, exact;
  large.batch = 1000;
  exact.batch = 30;
  const Network network = read_short_form("dffr:layers=1,width=5");
  Trainer a(network, data.train, 10, large), b(network, data.train, 10, exact);
  a.train_epoch();
  b.train_epoch();
  EXPECT_EQ(a.parameters(), b.parameters());
}

TEST(Trainer, ImagesOfSeveralChannels) {
  // The class is the channel that is bright: as order matters, channels must not be mixed up.
  LabelledImages images;
  images.shape = {3, 4, 5};
  for (size_t n = 0; n < 300; ++n) {
    images.labels.push_back(static_cast<uint8_t>(n % 3));
    for (size_t i = 0; i < 60; ++i) images.pixels.push_back(i / 20 == n % 3 ? 1.0f : 0.0f);
  }
  const Network network = build_network(
      "net", images.shape,
      {{.operation = GlobalAvgPool2d{}}, {.operation = Dense{3}}, {.operation = Softmax{}}}, "net");
  TrainingOptions options;
  options.optimizer = Sgd{.learning_rate = 1};
  Trainer trainer(network, images, 3, options);
  for (int i = 0; i < 5; ++i) trainer.train_epoch();
  EXPECT_EQ(trainer.accuracy(images), 1);
  // The weight from a class's own channel is the largest.
  const auto weights = trainer.parameters()[1].weights;
  for (size_t unit = 0; unit < 3; ++unit) {
    for (size_t channel = 0; channel < 3; ++channel) {
      if (channel != unit) {
        EXPECT_GT(weights[3 * unit + unit], weights[3 * unit + channel]);
      }
    }
  }
}

// Networks that have kernels in common, made, trained and judged in threads at the same time, give
// the bits they give alone. Nothing is kept at first: the threads compile at the same time, too.
TEST(Trainer, SeveralThreadsAtOnce) {
  const DataSet data = digits(100, 50);
  const std::vector<std::string> networks = {"dffr:layers=2,width=8", "dffr:layers=3,width=8",
                                             "cnn:layers=1,filters=2,filter_size=3",
                                             "cnn:layers=2,filters=2,filter_size=3"};
  struct Trained {
    std::vector<LayerParameters> parameters;
    double accuracy = 0;
    bool operator==(const Trained&) const = default;
  };
  const auto train = [&](const std::string& network) {
    TrainingOptions options;
    options.batch = 16;
    Trainer trainer(read_short_form(network), data.train, 10, options);
    trainer.train_epoch();
    return Trained{trainer.parameters(), trainer.accuracy(data.test)};
  };
  forget_compiled_functions();
  std::vector<Trained> found(networks.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < networks.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 3; ++round) found[i] = train(networks[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < networks.size(); ++i) {
    forget_compiled_functions();
    EXPECT_TRUE(found[i] == train(networks[i])) << networks[i];
  }
}

TEST(Trainer, ParametersGoInAndOut) {
  const DataSet data = digits(64, 64);
  for (const char* form : {"cnn:layers=2,filters=3,filter_size=3", "residual:blocks=2,filters=3"}) {
    SCOPED_TRACE(form);
    const Network network = read_short_form(form);
    TrainingOptions other;
    other.seed = 9;
    Trainer a(network, data.train, 10, {}), b(network, data.train, 10, other);
    EXPECT_EQ(a.parameters(), initial_parameters(network, Initializer::kGlorotUniform, 1));
    EXPECT_NE(a.parameters(), b.parameters());
    a.train_epoch();
    b.set_parameters(a.parameters());
    EXPECT_EQ(a.parameters(), b.parameters());
    EXPECT_EQ(a.accuracy(data.test), b.accuracy(data.test));
  }
}

TEST(Trainer, TellsADivergedLoss) {
  const DataSet data = digits(200, 20);
  TrainingOptions options;
  options.optimizer = Sgd{.learning_rate = 1e30};
  Trainer trainer(read_short_form("dffr:layers=1,width=20"), data.train, 10, options);
  std::vector<EpochResult> epochs;
  for (int i = 0; i < 3 && (epochs.empty() || std::isfinite(epochs.back().loss)); ++i) {
    epochs.push_back(trainer.train_epoch());
  }
  EXPECT_NE(judge(epochs, 10), Learning::kFell);
}

TEST(Trainer, JudgesTheLastEpoch) {
  EXPECT_EQ(judge({{9, 0.1}, {2.0, 0.3}}, 10), Learning::kFell);
  EXPECT_EQ(judge({{2.0, 0.3}, {2.31, 0.1}}, 10), Learning::kDidNotFall);
  EXPECT_EQ(judge({{2.0, 0.3}, {NAN, 0}}, 10), Learning::kNotANumber);
}

TEST(Trainer, RefusesDataThatDoesNotFit) {
  const DataSet data = digits(20, 20);
  const auto refused = [&](const char* network) {
    return error_text([&] { Trainer(read_short_form(network), data.train, 10, {}); });
  };
  EXPECT_EQ(refused("dffr:layers=1,width=5,input=1x8x8"),
            "dffr:layers=1,width=5,input=1x8x8: takes images of 1x8x8, found 1x28x28 in the data");
  EXPECT_EQ(refused("dffr:layers=1,width=5,classes=2"),
            "dffr:layers=1,width=5,classes=2: tells 2 classes apart, found 10 in the data");
}

}  // namespace
}  // namespace wattgrind
