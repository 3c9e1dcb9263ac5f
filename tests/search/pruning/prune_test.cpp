#include "search/pruning/prune.h"

#include <gtest/gtest.h>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "search/data/digits.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

DataSet some_digits() {
  DataSelection selection;
  selection.classes = {0, 1, 2, 3};
  selection.train = 400;
  selection.validation = 200;
  selection.test = 10;
  return draw_digits(selection);
}

TrainedNetwork trained(const Network& network, const DataSet& data, int epochs) {
  Trainer trainer(network, data.train, data.classes, {});
  for (int i = 0; i < epochs; ++i) trainer.train_epoch();
  return {network, trainer.parameters()};
}

// A dense network of the machine needs at least its products (3.695 pJ each there).
TEST(InferenceEnergy, IsAtLeastThatOfTheArithmetic) {
  const Network network = find_network("dffr:layers=1,width=20,classes=4");
  const InferenceEnergy energy = inference_energy(network, find_machine("xeon_x5650"));
  EXPECT_GT(energy.total_pj, 3.695 * static_cast<double>(network.macs()));
  double sum = 0;
  for (const double layer_pj : energy.layers_pj) sum += layer_pj;
  EXPECT_NEAR(sum, energy.total_pj, 1e-3 * energy.total_pj);
}

TEST(Prune, MeetsTheBudgetByEveryOrder) {
  const DataSet data = some_digits();
  const Machine machine = find_machine("xeon_x5650");
  const TrainedNetwork whole = trained(find_network("dffr:layers=2,width=32,classes=4"), data, 4);
  for (const PruningOrder order :
       {PruningOrder::kEnergy, PruningOrder::kMagnitude, PruningOrder::kUniform}) {
    PruningOptions options;
    options.budget = 0.4;
    options.step = 0.3;
    options.order = order;
    options.final_epochs = 2;
    const PruningResult result = prune(whole, data, machine, options);
    const PruningStep& first = result.steps.front();
    const PruningStep& last = result.steps.back();
    EXPECT_LE(last.energy_pj, 0.4 * first.energy_pj);
    EXPECT_EQ(inference_energy(result.network.network, machine).total_pj, last.energy_pj);
    EXPECT_EQ(result.network.network.parameters(), last.parameters);
    Trainer judge(result.network.network, data.train, data.classes, {});
    judge.set_parameters(result.network.parameters);
    EXPECT_EQ(judge.accuracy(data.validation), last.accuracy);
    EXPECT_GT(last.accuracy, first.accuracy - 0.25) << "far better than guessing";
    for (size_t i = 1; i < result.steps.size(); ++i) {
      EXPECT_LT(result.steps[i].energy_pj, result.steps[i - 1].energy_pj);
    }
  }
}

// Units that do nothing cost no accuracy: they go first.
TEST(Prune, TakesWhatCostsNothingFirst) {
  const DataSet data = some_digits();
  const Machine machine = find_machine("xeon_x5650");
  TrainedNetwork whole = trained(find_network("dffr:layers=1,width=64,classes=4"), data, 4);
  const PrunableLayer layer = prunable_layers(whole.network)[0];
  std::vector<float>& read = whole.parameters[layer.readers[0]].weights;
  for (size_t i = 0; i < read.size(); ++i) {
    if (i % 64 >= 24) read[i] = 0;
  }
  PruningOptions options;
  options.budget = 0.6;
  options.step = 0.4;
  options.tune_epochs = options.final_epochs = 0;
  const PruningResult result = prune(whole, data, machine, options);
  EXPECT_GE(result.steps.back().channels[0], 24);
  EXPECT_LT(result.steps.back().channels[0], 64);
  EXPECT_EQ(result.steps.back().accuracy, result.steps.front().accuracy);
}

TEST(Prune, SaysWhatCannotBe) {
  const DataSet data = some_digits();
  const Machine machine = find_machine("xeon_x5650");
  PruningOptions options;
  options.tune_epochs = options.final_epochs = 0;
  options.budget = 1e-6;
  options.step = 0.5;
  const TrainedNetwork small = trained(find_network("dffr:layers=1,width=3,classes=4"), data, 1);
  EXPECT_NE(
      error_text([&] { prune(small, data, machine, options); }).find("no channel more can go"),
      std::string::npos);
}

}  // namespace
}  // namespace wattgrind
