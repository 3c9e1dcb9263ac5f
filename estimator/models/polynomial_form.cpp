// The form "polynomial": a time, and as an energy the product of a time and a power.
#include "estimator/models/layer_predictor.h"
#include "estimator/models/polynomial.h"

namespace wattgrind {
namespace {

class PolynomialPredictor : public LayerPredictor {
 public:
  // `power` is absent from a predictor of time.
  PolynomialPredictor(std::string kind, Polynomial time, std::optional<Polynomial> power)
      : kind_(std::move(kind)), time_(std::move(time)), power_(std::move(power)) {}

  std::string_view form() const override { return kPolynomialForm.name; }
  double predict(const LayerPoint& point) const override {
    return time_.predict(point) * (power_ ? power_->predict(point) : 1);
  }
  nlohmann::ordered_json to_json() const override {
    nlohmann::ordered_json factors = nlohmann::ordered_json::array();
    factors.push_back(polynomial_json(time_, kind_));
    if (power_) factors.push_back(polynomial_json(*power_, kind_));
    return {{"factors", std::move(factors)}};
  }

 private:
  std::string kind_;
  Polynomial time_;
  std::optional<Polynomial> power_;
};

LayerPredictorPtr fit_polynomial_form(const FitRequest& request) {
  std::vector<const LayerReading*> timed;
  for (const LayerReading* reading : request.readings) {
    if (reading->time_s) timed.push_back(reading);
  }
  if (timed.empty()) return nullptr;
  std::vector<const LayerPoint*> points;
  std::vector<double> times, powers;
  for (const LayerReading* reading : timed) {
    points.push_back(&reading->point);
    times.push_back(*reading->time_s);
    powers.push_back(reading->energy_j.value_or(0) / *reading->time_s);
  }
  const std::vector<Fold> folds = reading_folds(timed);
  const std::string& kind = points.front()->kind;
  auto time = fit_polynomial(points, times, folds, PolynomialOf::kTime);
  if (!time) return nullptr;
  if (request.quantity == LayerQuantity::kTime) {
    return std::make_unique<PolynomialPredictor>(kind, std::move(*time), std::nullopt);
  }
  auto power = fit_polynomial(points, powers, folds, PolynomialOf::kPower);
  if (!power) return nullptr;
  return std::make_unique<PolynomialPredictor>(kind, std::move(*time), std::move(*power));
}

LayerPredictorPtr read_polynomial_form(const nlohmann::json& json, std::string_view kind,
                                       std::string_view where) {
  const nlohmann::json& factors = json.at("factors");
  std::optional<Polynomial> power;
  if (factors.size() > 1) power = read_polynomial(factors.at(1), kind, where);
  return std::make_unique<PolynomialPredictor>(
      std::string(kind), read_polynomial(factors.at(0), kind, where), std::move(power));
}

}  // namespace

const PredictorForm kPolynomialForm = {"polynomial", false, fit_polynomial_form,
                                       read_polynomial_form};

}  // namespace wattgrind
