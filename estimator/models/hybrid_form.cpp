// The form "hybrid": prices of what a layer computes and moves, times a correction by a Gaussian
// process over the logarithms of its sizes, which is 1 far from all readings.
#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/fit/gaussian_regression.h"
#include "estimator/fit/linear_fit.h"
#include "estimator/models/layer_features.h"
#include "estimator/models/layer_predictor.h"

namespace wattgrind {
namespace {

using Eigen::Index;
using nlohmann::ordered_json;

constexpr size_t kFewestReadings = 12;

Eigen::RowVectorXd row_of(const std::vector<double>& values) {
  return Eigen::RowVectorXd::Map(values.data(), static_cast<Index>(values.size()));
}

template <typename Vector>
ordered_json list(const Vector& values) {
  ordered_json json = ordered_json::array();
  for (Index i = 0; i < values.size(); ++i) json.push_back(values(i));
  return json;
}

struct HybridParts {
  bool counted = false;
  std::vector<std::string> priced, logarithms;  // names
  std::vector<double> prices;
  GaussianRegression correction;
};

class HybridPredictor : public LayerPredictor {
 public:
  explicit HybridPredictor(HybridParts parts) : parts_(std::move(parts)) {}

  std::string_view form() const override { return kHybridForm.name; }
  bool needs_counts() const override { return parts_.counted; }

  double predict(const LayerPoint& point) const override {
    require_counts(*this, point);
    const std::vector<double> values = priced_values(point, parts_.counted);
    const std::vector<double> sizes = logarithms(point, parts_.counted);
    if (values.size() != parts_.prices.size() || sizes.size() != parts_.logarithms.size()) {
      fail(ErrorKind::kInput, "the model of {} goes by other sizes or counts: fit it again",
           point.kind);
    }
    const double sum = std::max(priced(values, parts_.prices), 1e-30);
    return sum * std::exp(parts_.correction.predict(row_of(sizes)));
  }

  ordered_json to_json() const override {
    ordered_json prices = ordered_json::array();
    for (size_t i = 0; i < parts_.prices.size(); ++i) {
      prices.push_back({{"of", parts_.priced[i]}, {"price", parts_.prices[i]}});
    }
    const GaussianRegression& correction = parts_.correction;
    ordered_json points = ordered_json::array();
    for (Index i = 0; i < correction.points.rows(); ++i) {
      points.push_back(list(Eigen::RowVectorXd(correction.points.row(i))));
    }
    return {{"counted", parts_.counted},
            {"prices", std::move(prices)},
            {"correction",
             {{"logarithms_of", parts_.logarithms},
              {"centre", list(correction.centre)},
              {"scale", list(correction.scale)},
              {"lengths", list(correction.lengths)},
              {"variance", correction.variance},
              {"noise", correction.noise},
              {"weights", list(correction.weights)},
              {"points", std::move(points)}}}};
  }

 private:
  HybridParts parts_;
};

LayerPredictorPtr fit_hybrid(const FitRequest& request) {
  if (request.readings.size() < kFewestReadings) return nullptr;
  HybridParts parts;
  parts.counted = all_counted(request);
  std::vector<std::vector<double>> rows;
  std::vector<double> targets;
  for (const LayerReading* reading : request.readings) {
    rows.push_back(priced_values(reading->point, parts.counted));
    targets.push_back(*reading->of(request.quantity));
  }
  const LayerPoint& first = request.readings.front()->point;
  parts.priced = priced_names(first, parts.counted);
  parts.logarithms = logarithm_names(first, parts.counted);
  parts.prices = relative_prices(rows, targets);
  Eigen::MatrixXd points(static_cast<Index>(rows.size()),
                         static_cast<Index>(parts.logarithms.size()));
  Eigen::VectorXd left(points.rows());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<Index>(i);
    points.row(row) = row_of(logarithms(request.readings[i]->point, parts.counted));
    left(row) = std::log(targets[i] / std::max(priced(rows[i], parts.prices), 1e-30));
  }
  parts.correction = fit_gaussian_regression(points, left);
  return std::make_unique<HybridPredictor>(std::move(parts));
}

Eigen::RowVectorXd read_row(const nlohmann::json& json, size_t size, std::string_view where) {
  if (json.size() != size) {
    fail(ErrorKind::kInput, "{}: found {} numbers, wanted {}", where, json.size(), size);
  }
  const std::vector<double> values = json;
  return row_of(values);
}

LayerPredictorPtr read_hybrid(const nlohmann::json& json, std::string_view,
                              std::string_view where) {
  HybridParts parts;
  parts.counted = json.at("counted");
  for (const nlohmann::json& price : json.at("prices")) {
    parts.priced.push_back(price.at("of"));
    parts.prices.push_back(price.at("price"));
  }
  const nlohmann::json& correction = json.at("correction");
  parts.logarithms = correction.at("logarithms_of").get<std::vector<std::string>>();
  const size_t dimensions = parts.logarithms.size();
  const auto row = [&](const char* key) {
    return read_row(correction.at(key), dimensions, fmt::format("{}.{}", where, key));
  };
  parts.correction.centre = row("centre");
  parts.correction.scale = row("scale");
  parts.correction.lengths = row("lengths");
  parts.correction.variance = correction.at("variance");
  parts.correction.noise = correction.at("noise");
  const nlohmann::json& points = correction.at("points");
  parts.correction.points.resize(static_cast<Index>(points.size()), static_cast<Index>(dimensions));
  for (size_t i = 0; i < points.size(); ++i) {
    parts.correction.points.row(static_cast<Index>(i)) =
        read_row(points.at(i), dimensions, fmt::format("{}.points[{}]", where, i));
  }
  parts.correction.weights =
      read_row(correction.at("weights"), points.size(), fmt::format("{}.weights", where))
          .transpose();
  return std::make_unique<HybridPredictor>(std::move(parts));
}

}  // namespace

const PredictorForm kHybridForm = {"hybrid", true, fit_hybrid, read_hybrid};

}  // namespace wattgrind
