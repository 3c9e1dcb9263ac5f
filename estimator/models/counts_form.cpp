// The form "counts": what was counted of a layer's kernel, times prices that are not negative.
#include "estimator/base/error.h"
#include "estimator/fit/linear_fit.h"
#include "estimator/models/layer_predictor.h"

namespace wattgrind {
namespace {

class CountsPredictor : public LayerPredictor {
 public:
  CountsPredictor(std::vector<std::string> names, std::vector<double> prices)
      : names_(std::move(names)), prices_(std::move(prices)) {}

  std::string_view form() const override { return kCountsForm.name; }
  bool needs_counts() const override { return true; }
  double predict(const LayerPoint& point) const override {
    require_counts(*this, point);
    const std::vector<double> values = work_values(*point.counted);
    if (values.size() != prices_.size()) {
      fail(
          ErrorKind::kInput,
          "the model prices {} counts, and a machine with {} cache levels has {}: take the machine "
          "that it was fitted on",
          prices_.size(), point.counted->counts.levels.size(), values.size());
    }
    return std::max(priced(values, prices_), 1e-30);
  }
  nlohmann::ordered_json to_json() const override {
    nlohmann::ordered_json prices = nlohmann::ordered_json::object();
    for (size_t i = 0; i < names_.size(); ++i) prices[names_[i]] = prices_[i];
    return {{"prices", std::move(prices)}};
  }

 private:
  std::vector<std::string> names_;
  std::vector<double> prices_;
};

LayerPredictorPtr fit_counts(const FitRequest& request) {
  std::vector<std::vector<double>> rows;
  std::vector<double> targets;
  if (!all_counted(request)) return nullptr;
  for (const LayerReading* reading : request.readings) {
    rows.push_back(work_values(*reading->point.counted));
    targets.push_back(*reading->of(request.quantity));
  }
  if (rows.empty() || rows.size() < rows.front().size()) return nullptr;
  const size_t levels = request.readings.front()->point.counted->counts.levels.size();
  return std::make_unique<CountsPredictor>(work_names(levels), relative_prices(rows, targets));
}

LayerPredictorPtr read_counts(const nlohmann::json& json, std::string_view,
                              std::string_view where) {
  const nlohmann::json& prices = json.at("prices");
  // Four prices are of no cache level, and one is of DRAM, which stands for the first level's.
  if (prices.size() < 5) {
    fail(ErrorKind::kInput, "{}: prices: found {}, wanted at least 5", where, prices.size());
  }
  std::vector<std::string> names = work_names(prices.size() - 4);
  std::vector<double> values;
  for (const std::string& name : names) {
    const auto price = prices.find(name);
    if (price == prices.end() || !price->is_number()) {
      fail(ErrorKind::kInput, "{}: prices: no number '{}'", where, name);
    }
    values.push_back(*price);
  }
  return std::make_unique<CountsPredictor>(std::move(names), std::move(values));
}

}  // namespace

const PredictorForm kCountsForm = {"counts", true, fit_counts, read_counts};

}  // namespace wattgrind
