// The accuracy that training reaches on all of MNIST, seed fixed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "estimator/network/short_form.h"
#include "search/data/mnist.h"
#include "search/training/trainer.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr int kEpochs = 5;

fs::path data_folder() {
  const fs::path& root = shared_folder();
  return fs::exists(root / "mnist") ? root / "mnist" : root / "data/mnist";
}

// The test accuracy after the epochs.
double trained(const Network& network, int64_t batch) {
  const DataSet data = load_mnist(data_folder(), {});
  TrainingOptions options;
  options.batch = batch;
  Trainer trainer(network, data.train, data.classes, options);
  for (int i = 0; i < kEpochs; ++i) trainer.train_epoch();
  return trainer.accuracy(data.test);
}

TEST(MnistTraining, DenseNetwork) {
  if (!fs::exists(data_folder())) GTEST_SKIP() << "skipped: no data";
  EXPECT_GE(trained(read_short_form("dffr:layers=2,width=128"), 32), 0.975);
}

TEST(MnistTraining, TwoConvolutions) {
  if (!fs::exists(data_folder())) GTEST_SKIP() << "skipped: no data";
  const Window2d halves{2, 2, 2, 2};
  const Network network = build_network("small_cnn", {1, 28, 28},
                                        {{.operation = Conv2d{16, {5, 5}, 1}, .pad_same = true},
                                         {.operation = Relu{}},
                                         {.operation = MaxPool2d{halves}},
                                         {.operation = Conv2d{32, {5, 5}, 1}, .pad_same = true},
                                         {.operation = Relu{}},
                                         {.operation = MaxPool2d{halves}},
                                         {.operation = Flatten{}},
                                         {.operation = Dense{128}},
                                         {.operation = Relu{}},
                                         {.operation = Dense{10}},
                                         {.operation = Softmax{}}},
                                        "small_cnn");
  EXPECT_GE(trained(network, 64), 0.988);
}

}  // namespace
}  // namespace wattgrind
