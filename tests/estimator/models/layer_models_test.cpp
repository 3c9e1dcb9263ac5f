#include "estimator/models/layer_models.h"

#include <gmock/gmock.h>

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/models/layer_models_file.h"
#include "estimator/models/polynomial.h"
#include "estimator/models/reading_oddities.h"

namespace wattgrind {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A dense layer, as layer_point() describes it.
LayerPoint dense_point(double batch, double inputs, double units) {
  LayerPoint point{"dense", {batch, inputs, units}, {}, std::nullopt};
  point.amounts = {batch * inputs * units, batch * inputs, batch * units, inputs * units + units};
  return point;
}

LayerPoint tanh_point(double batch, double elements) {
  const double all = batch * elements;
  return {"tanh", {batch, elements}, {all, all, all, 0}, std::nullopt};
}

double drawn(Random& random, double least, double most) {
  return std::round(least * std::pow(most / least, random.uniform()));
}

// Dense layers that take 2 ns an operation, 30 ns a value and 1 ms a call, at 75 W.
std::vector<LayerReading> dense_readings(size_t count) {
  Random random(11);
  std::vector<LayerReading> readings;
  for (size_t i = 0; i < count; ++i) {
    LayerReading reading;
    reading.point =
        dense_point(drawn(random, 1, 200), drawn(random, 10, 4000), drawn(random, 10, 4000));
    const LayerAmounts& amounts = reading.point.amounts;
    reading.time_s = 1e-3 + 2e-9 * amounts.operations +
                     3e-8 * (amounts.input_elements + amounts.output_elements);
    reading.energy_j = 75 * *reading.time_s;
    reading.workload = "dense " + std::to_string(i);
    readings.push_back(reading);
  }
  return readings;
}

LayerModels fitted(const std::vector<LayerReading>& readings,
                   const std::vector<std::string>& forms) {
  LayerFitOptions options;
  for (const std::string& form : forms) options.forms.push_back(find_predictor_form(form));
  return fit_layer_models(readings, options);
}

TEST(LayerModels, EveryFormPredictsLayersThatItHasNotSeen) {
  const std::vector<LayerReading> readings = dense_readings(80);
  const LayerPoint unseen = dense_point(37, 777, 1111);
  const double seconds = 1e-3 + 2e-9 * 37 * 777 * 1111 + 3e-8 * 37 * (777 + 1111);
  for (const auto& [form, percent] : {std::pair("polynomial", 2.0), std::pair("hybrid", 2.0),
                                      std::pair("steps", 60.0), std::pair("paleo", 60.0)}) {
    const LayerModels models = fitted(readings, {form});
    ASSERT_THAT(models.kinds, SizeIs(1)) << form;
    ASSERT_TRUE(models.kinds[0].time && models.kinds[0].energy) << form;
    const PredictedLayer prediction = predict(models.kinds[0], unseen);
    EXPECT_NEAR(prediction.time_s->value, seconds, percent / 100 * seconds) << form;
    EXPECT_LT(models.kinds[0].time->left_out.mape_percent, percent) << form;
    EXPECT_NEAR(*prediction.power_w(), 75, 12) << form;
    EXPECT_LE(prediction.time_s->low, prediction.time_s->value);
    EXPECT_GE(prediction.time_s->high, prediction.time_s->value);
  }
}

TEST(LayerModels, TheFormThatDoesBestIsTaken) {
  const LayerModels models = fitted(dense_readings(60), {"paleo", "steps", "hybrid"});
  const QuantityModel& time = *models.kinds[0].time;
  EXPECT_EQ(time.predictor->form(), "hybrid");
  ASSERT_THAT(time.scores, SizeIs(3));
  EXPECT_EQ(time.scores[0].form, "hybrid");
  EXPECT_LE(time.scores[0].left_out.mape_percent, time.scores[1].left_out.mape_percent);
  EXPECT_GT(time.in_proportion->mape_percent, time.left_out.mape_percent);
  EXPECT_THAT(time.left_out_predictions, SizeIs(60));
  EXPECT_THAT(time.left_out_predictions, Each(Gt(0)));
}

TEST(LayerModels, ALayerOutsideOfWhatWasSeenIsTold) {
  const LayerModels models = fitted(dense_readings(40), {"hybrid"});
  const PredictedLayer prediction = predict(models.kinds[0], dense_point(10, 100, 50000));
  ASSERT_THAT(prediction.outside, SizeIs(1));
  EXPECT_THAT(prediction.outside[0], HasSubstr("units 50000, seen "));
  EXPECT_THAT(predict(models.kinds[0], dense_point(10, 100, 100)).outside, IsEmpty());
}

TEST(LayerModels, TooFewReadingsForAFormAreNoModel) {
  const LayerModels models = fitted(dense_readings(8), {"hybrid"});
  EXPECT_FALSE(models.kinds[0].time);
  EXPECT_TRUE(fitted(dense_readings(8), {"hybrid", "paleo"}).kinds[0].time);
}

// Prices that are known make the counts of kernels into times; the fit gives them back.
TEST(LayerModels, CountsFindThePricesThatMadeTheReadings) {
  Random random(3);
  std::vector<LayerReading> readings = dense_readings(40);
  for (LayerReading& reading : readings) {
    KernelWork work;
    work.port_cycles = drawn(random, 1e3, 1e7);
    work.counts.levels.resize(2);
    work.counts.levels[1].accesses = static_cast<uint64_t>(drawn(random, 1e2, 1e5));
    work.counts.levels[1].hits = work.counts.levels[1].accesses;
    work.counts.dram.reads = static_cast<uint64_t>(drawn(random, 1, 1e4));
    reading.time_s = 1e-7 + 3e-10 * work.port_cycles +
                     4e-9 * static_cast<double>(work.counts.levels[1].accesses) +
                     6e-8 * static_cast<double>(work.counts.dram.reads);
    reading.energy_j = std::nullopt;
    reading.point.counted = work;
  }
  const LayerModels models = fitted(readings, {"counts"});
  EXPECT_LT(models.kinds[0].time->left_out.mape_percent, 1e-6);
  EXPECT_FALSE(models.kinds[0].energy);
  EXPECT_THROW(predict(models.kinds[0], dense_point(1, 10, 10)), Error);
}

// Readings from cold caches take as much longer as lines of memory take, which are counted.
std::vector<LayerReading> warm_and_cold_readings() {
  std::vector<LayerReading> readings;
  for (LayerReading reading : dense_readings(40)) {
    for (const bool cold : {false, true}) {
      KernelWork work;
      work.port_cycles = reading.point.amounts.operations / 16;
      work.counts.levels.resize(2);
      work.counts.dram.reads =
          cold ? static_cast<uint64_t>(reading.point.amounts.parameters / 16) : 0;
      reading.cold = cold;
      reading.relative_error = cold ? 0.04 : 0.02;
      reading.point.counted = work;
      reading.time_s =
          1e-6 + 3e-10 * work.port_cycles + 2e-8 * static_cast<double>(work.counts.dram.reads);
      reading.energy_j = std::nullopt;
      readings.push_back(reading);
    }
  }
  return readings;
}

TEST(LayerModels, OnlyCountsTellColdCachesFromWarmOnes) {
  const LayerModels models = fitted(warm_and_cold_readings(), {"polynomial", "counts"});
  const QuantityModel& time = *models.kinds[0].time;
  ASSERT_THAT(time.scores, SizeIs(2));
  EXPECT_EQ(time.scores[0].form, "counts");
  EXPECT_LT(time.scores[0].cold->mape_percent, 1e-6);
  // The polynomial knows warm caches alone, and so what is warm it tells well.
  EXPECT_LT(time.scores[1].left_out.mape_percent, 2);
  EXPECT_GT(time.scores[1].cold->mape_percent, 10);
  EXPECT_NEAR(*models.kinds[0].repeatability_percent, 3, 1e-9);
  EXPECT_THAT(time.left_out_predictions, SizeIs(80));
}

TEST(LayerModels, ColdReadingsThatAreNotCountedTakeNoPart) {
  std::vector<LayerReading> readings = warm_and_cold_readings();
  for (LayerReading& reading : readings) reading.point.counted.reset();
  const LayerModels models = fitted(readings, {"polynomial"});
  EXPECT_FALSE(models.kinds[0].time->scores[0].cold);
  EXPECT_THAT(models.kinds[0].time->left_out_predictions, SizeIs(40));
}

// Every network's layers take a time of their own, that no other network tells.
TEST(LayerModels, NetworksAreLeftOutWhole) {
  std::vector<LayerReading> readings = dense_readings(60);
  const auto models_of = [&](double factor) {
    for (size_t i = 0; i < readings.size(); ++i) {
      readings[i].network = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "";
      readings[i].time_s = 1e-9 * readings[i].point.amounts.operations * (i % 3 == 0 ? factor : 1);
    }
    return fitted(readings, {"paleo", "hybrid"});
  };
  for (const FormScore& score : models_of(1).kinds[0].time->scores) {
    EXPECT_LT(score.by_network->mape_percent, score.form == "hybrid" ? 1 : 40) << score.form;
  }
  // Of two networks the first is 30 % slower than all else; by tenths, its own layers tell that.
  const LayerModels slower = models_of(1.3);
  const QuantityModel& time = *slower.kinds[0].time;
  const auto& hybrid = time.scores[0].form == "hybrid" ? time.scores[0] : time.scores[1];
  EXPECT_GT(hybrid.by_network->mape_percent, 10);
}

TEST(LayerModels, OneNetworkAloneIsNotLeftOut) {
  std::vector<LayerReading> readings = dense_readings(40);
  for (LayerReading& reading : readings) reading.network = "a";
  EXPECT_FALSE(fitted(readings, {"paleo"}).kinds[0].time->scores[0].by_network);
}

// NeuralPower's form (its code, predict_runtime_power.py): products of sizes of up to the third
// degree and the special terms of a convolution. Data made by coefficients give them back.
TEST(LayerModels, APolynomialOfNeuralPowersTermsGivesItselfBack) {
  Random random(5);
  std::vector<LayerReading> readings;
  for (int i = 0; i < 400; ++i) {
    const double batch = drawn(random, 1, 64), channels = drawn(random, 3, 512);
    const double filters = drawn(random, 16, 512), size = drawn(random, 7, 112);
    const double kernel = 1 + 2 * static_cast<double>(random.below(3));
    LayerReading reading;
    reading.workload = "conv " + std::to_string(i);
    reading.point = {"conv2d", {batch, channels, size, kernel, 1, 0, filters, size}, {}, {}};
    const double pixels = batch * size * size;
    reading.point.amounts = {pixels * filters * channels * kernel * kernel, pixels * channels,
                             pixels * filters, channels * filters * kernel * kernel};
    const LayerAmounts& amounts = reading.point.amounts;
    reading.time_s = 0.105e-3 + 2e-6 * batch + 3e-8 * kernel * kernel * batch +
                     4e-13 * amounts.operations + 5e-11 * amounts.input_elements +
                     7e-11 * amounts.output_elements;
    readings.push_back(reading);
  }
  const LayerModels models = fitted(readings, {"polynomial"});
  EXPECT_LT(models.kinds[0].time->left_out.rmspe_percent, 0.5);
  const nlohmann::json json = models.kinds[0].time->predictor->to_json();
  const nlohmann::json& time = json.at("factors").at(0);
  EXPECT_NEAR(time.at("special").at("operations"), 4e-13, 4e-15);
  EXPECT_NEAR(time.at("special").at("input_elements"), 5e-11, 2e-12);
  EXPECT_NEAR(time.at("special").at("output_elements"), 7e-11, 2e-12);
  EXPECT_EQ(time.at("degree"), 3);
}

TEST(LayerModels, ModelsAreReadAsTheyWereWritten) {
  std::vector<LayerReading> readings = dense_readings(70);
  for (size_t i = 0; i < readings.size(); ++i) {
    readings[i].network = i % 2 == 0 ? "a" : "b";
    readings[i].relative_error = 0.01;
  }
  for (const char* form : {"polynomial", "hybrid", "steps", "paleo"}) {
    LayerModels models = fitted(readings, {form});
    models.readings = "readings.csv";
    models.machine = "skylake";
    models.date = "2026-01-02 03:04:05 UTC";
    const std::string text = write_layer_models(models);
    const LayerModels read = read_layer_models(text, "model.json");
    EXPECT_EQ(write_layer_models(read), text) << form;
    EXPECT_EQ(read.machine, "skylake");
    const LayerPoint point = dense_point(5, 600, 70);
    const PredictedLayer wanted = predict(models.kinds[0], point);
    const PredictedLayer found = predict(read.kinds[0], point);
    EXPECT_NEAR(found.time_s->value, wanted.time_s->value, 1e-9 * wanted.time_s->value) << form;
    EXPECT_NEAR(found.energy_j->high, wanted.energy_j->high, 1e-9 * wanted.energy_j->high) << form;
  }
}

void expect_refused(const std::string& text, const std::string& message) {
  try {
    read_layer_models(text, "m.json");
    ADD_FAILURE() << "took " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(LayerModels, OtherFilesAreRefused) {
  expect_refused(R"({"schema": "wattgrind/network/1", "name": "n", "layers": []})", "schema");
  expect_refused(R"({"schema": "wattgrind/layer-models/2"})", "wattgrind/layer-models/1");
  const std::string text = write_layer_models(fitted(dense_readings(70), {"steps"}));
  std::string astray = text;
  astray.replace(astray.find("\"left\": 1"), 9, "\"left\": 0");
  expect_refused(astray, "nodes[0].left: found 0");
  std::string unknown = text;
  unknown.replace(unknown.find("\"steps\",\n"), 7, "\"magic\"");
  expect_refused(unknown, "m.json");
}

// The polynomial of NeuralPower gives back the coefficients that made its data.
TEST(Polynomial, FindsTheCoefficientsThatMadeTheTimes) {
  Random random(7);
  std::vector<LayerPoint> layers;
  for (int i = 0; i < 90; ++i) {
    layers.push_back(
        dense_point(drawn(random, 1, 64), drawn(random, 8, 512), drawn(random, 8, 512)));
  }
  std::vector<const LayerPoint*> points;
  std::vector<double> times;
  std::vector<Fold> folds(10);
  for (size_t i = 0; i < layers.size(); ++i) {
    points.push_back(&layers[i]);
    const double batch = layers[i].sizes[0], inputs = layers[i].sizes[1];
    times.push_back(2e-3 + 1e-5 * batch + 4e-8 * batch * inputs + 2e-9 * inputs * inputs);
    folds[i % 10].push_back(i);
  }
  const auto found = fit_polynomial(points, times, folds, PolynomialOf::kTime);
  ASSERT_TRUE(found);
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_NEAR(found->predict(layers[i]), times[i], 1e-3 * times[i]);
  }
  EXPECT_NEAR(found->constant, 2e-3, 1e-5);
}

TEST(Polynomial, ProductsAreAllOfTheirDegree) {
  EXPECT_THAT(products_up_to(2, 2),
              testing::UnorderedElementsAre(ElementsAre(0, 1), ElementsAre(0, 2), ElementsAre(1, 0),
                                            ElementsAre(1, 1), ElementsAre(2, 0)));
  // C(7 + 3, 3) - 1
  EXPECT_THAT(products_up_to(7, 3), SizeIs(119));
}

// Of 60 readings, a polynomial of 8 sizes and degree 3 would have 168 terms.
TEST(Polynomial, TooFewReadingsGetALowerDegree) {
  const auto power = fitted(dense_readings(12), {"polynomial"});
  ASSERT_TRUE(power.kinds[0].time);
  EXPECT_THAT(write_layer_models(power), testing::Not(HasSubstr("\"degree\": 3")));
}

TEST(ReadingOddities, JumpsModesAndOutliersAreFound) {
  Random random(5);
  std::vector<LayerReading> readings;
  for (int i = 0; i < 200; ++i) {
    LayerReading reading;
    reading.point = tanh_point(drawn(random, 1, 512), drawn(random, 1e4, 1e6));
    const double elements = reading.point.amounts.operations;
    reading.time_s = elements * (elements < 1e7 ? 1e-9 : 1.6e-9);
    reading.energy_j = 75 * *reading.time_s;
    reading.workload = std::to_string(i);
    readings.push_back(reading);
  }
  readings[17].energy_j = 205 * *readings[17].time_s;
  const std::vector<PowerOutlier> outliers = power_outliers(readings);
  ASSERT_THAT(outliers, SizeIs(1));
  EXPECT_EQ(outliers[0].reading, 17u);
  EXPECT_NEAR(outliers[0].power_w, 205, 1e-6);
  EXPECT_NEAR(outliers[0].median_w, 75, 1e-6);
  const std::vector<Jump> jumps = find_jumps(readings, "tanh", LayerQuantity::kTime);
  ASSERT_THAT(jumps, SizeIs(1));
  EXPECT_NEAR(jumps[0].from, 1e7, 2e6);
  EXPECT_NEAR(jumps[0].factor, 1.6, 0.01);
  for (LayerReading& reading : readings) {
    const double rate = random.uniform() < 0.4 ? 5e-10 : 2e-9;
    reading.time_s = rate * reading.point.amounts.operations;
  }
  const LayerModels models = fitted(readings, {"steps"});
  const auto modes = open_modes(readings, models.kinds[0], LayerQuantity::kTime);
  ASSERT_TRUE(modes);
  ASSERT_THAT(modes->an_operation, SizeIs(2));
  EXPECT_NEAR(modes->an_operation[0].value, 5e-10, 1e-15);
  EXPECT_NEAR(modes->an_operation[1].value, 2e-9, 1e-15);
  EXPECT_LT(*models.kinds[0].time->nearest_mode_mape_percent, 5);
}

}  // namespace
}  // namespace wattgrind
