#include "estimator/models/network_prediction.h"

#include <gmock/gmock.h>

#include "estimator/network/network_file.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A predictor in proportion to operations.
class Proportion : public LayerPredictor {
 public:
  explicit Proportion(double rate) : rate_(rate) {}
  std::string_view form() const override { return "proportion"; }
  double predict(const LayerPoint& point) const override {
    return rate_ * point.amounts.operations;
  }
  nlohmann::ordered_json to_json() const override { return {}; }

 private:
  double rate_;
};

QuantityModel quantity(double rate, double low, double high) {
  QuantityModel model;
  model.predictor = std::make_unique<Proportion>(rate);
  model.factor = {low, high};
  return model;
}

KindModel kind(const std::string& name, double time, double energy) {
  KindModel model;
  model.kind = name;
  model.time = quantity(time, 0.9, 1.2);
  model.energy = quantity(energy, 0.8, 1.1);
  return model;
}

Network network() {
  return read_network(R"({"schema": "wattgrind/network/1", "name": "n", "input": [1, 4, 4],
      "layers": [{"kind": "conv2d", "filters": 2, "kernel": [3, 3], "name": "c"},
                 {"kind": "lrn", "name": "l"}, {"kind": "flatten", "name": "f"},
                 {"kind": "dense", "units": 10, "name": "d"}]})",
                      "test");
}

// c has 2 * 2 * 2 * 9 = 72 multiply-accumulates, d 80.
TEST(NetworkPrediction, SumsTimesAndEnergiesOfLayers) {
  LayerModels models;
  models.kinds.push_back(kind("conv2d", 2, 100));
  models.kinds.push_back(kind("dense", 1, 80));
  const NetworkPrediction prediction = predict_network(network(), 10, models);
  EXPECT_NEAR(prediction.time_s->value, 10 * (2 * 72 + 80), 1e-9);
  EXPECT_NEAR(prediction.energy_j->value, 10 * (100 * 72 + 80 * 80), 1e-9);
  // Half-widths of 10 % below and 20 % above, whose squares add up.
  EXPECT_NEAR(prediction.time_s->low, 2240 - std::hypot(144, 80), 1e-9);
  EXPECT_NEAR(prediction.time_s->high, 2240 + std::hypot(288, 160), 1e-9);
  EXPECT_NEAR(*prediction.power_w(), 136000.0 / 2240, 1e-9);
  EXPECT_THAT(prediction.unknown_kinds, ElementsAre("lrn"));
  EXPECT_TRUE(prediction.layers[2].is_free);
  EXPECT_FALSE(prediction.layers[1].prediction);
}

TEST(NetworkPrediction, WithoutEnergyThereIsNone) {
  LayerModels models;
  models.kinds.push_back(kind("conv2d", 2, 100));
  models.kinds.push_back(kind("dense", 1, 80));
  models.kinds[1].energy.reset();
  const NetworkPrediction prediction = predict_network(network(), 1, models);
  EXPECT_TRUE(prediction.time_s);
  EXPECT_FALSE(prediction.energy_j);
  EXPECT_FALSE(prediction.power_w());
}

TEST(NetworkPrediction, BottlenecksComeLargestFirst) {
  LayerModels models;
  models.kinds.push_back(kind("conv2d", 2, 100));
  models.kinds.push_back(kind("dense", 1, 80));
  const NetworkPrediction prediction = predict_network(network(), 1, models);
  const auto of_time = bottlenecks(prediction, LayerQuantity::kTime, 0.6);
  ASSERT_THAT(of_time, SizeIs(1));
  EXPECT_EQ(of_time[0].layer, "c");
  EXPECT_NEAR(of_time[0].share, 144.0 / 224, 1e-12);
  EXPECT_THAT(bottlenecks(prediction, LayerQuantity::kEnergy, 0.8), SizeIs(2));
  EXPECT_THAT(bottlenecks(predict_network(network(), 1, {}), LayerQuantity::kTime, 0.8), IsEmpty());
}

}  // namespace
}  // namespace wattgrind
