// The form "paleo" (Qi, Sparks and Talwalkar 2017): time is operations at the platform's rate and
// values at its bandwidth, one after the other, and energy that time at the platform's mean power.
// Nothing is fitted to the kind.
#include "estimator/models/layer_predictor.h"

namespace wattgrind {
namespace {

class PaleoPredictor : public LayerPredictor {
 public:
  PaleoPredictor(double operations_per_s, double elements_per_s, double power_w)
      : operations_per_s_(operations_per_s), elements_per_s_(elements_per_s), power_w_(power_w) {}

  std::string_view form() const override { return kPaleoForm.name; }
  double predict(const LayerPoint& point) const override {
    const LayerAmounts& amounts = point.amounts;
    const double moved = amounts.input_elements + amounts.output_elements + amounts.parameters;
    return (amounts.operations / operations_per_s_ + moved / elements_per_s_) * power_w_;
  }
  nlohmann::ordered_json to_json() const override {
    return {{"operations_per_s", operations_per_s_},
            {"elements_per_s", elements_per_s_},
            {"power_w", power_w_}};
  }

 private:
  double operations_per_s_, elements_per_s_;
  double power_w_;  // 1 in a predictor of time
};

LayerPredictorPtr fit_paleo(const FitRequest& request) {
  const PlatformRates& rates = request.platform;
  const double power_w = request.quantity == LayerQuantity::kTime ? 1 : rates.power_w;
  if (rates.operations_per_s <= 0 || power_w <= 0) return nullptr;
  return std::make_unique<PaleoPredictor>(rates.operations_per_s, rates.elements_per_s, power_w);
}

LayerPredictorPtr read_paleo(const nlohmann::json& json, std::string_view, std::string_view) {
  return std::make_unique<PaleoPredictor>(json.at("operations_per_s"), json.at("elements_per_s"),
                                          json.at("power_w"));
}

}  // namespace

const PredictorForm kPaleoForm = {"paleo", false, fit_paleo, read_paleo};

}  // namespace wattgrind
