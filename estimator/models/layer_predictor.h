// A layer predictor tells one quantity of layers of one kind, its time in seconds or its energy in
// joules, from a LayerPoint. There are five forms of it, one file each; they are fitted to readings
// and saved as JSON.
//
//   polynomial  NeuralPower's: products of powers of the sizes, chosen by the Lasso
//   counts      prices of what was counted of the kernel
//   paleo       analytic: operations at the platform's rate, values at its bandwidth
//   hybrid      prices of what the layer computes and moves, and of what was counted where that is
//               known, times a correction by a Gaussian process over the sizes
//   steps       boxes of sizes, each with the values that came of it and their modes
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/fit/step_fit.h"
#include "estimator/models/layer_point.h"

namespace wattgrind {

enum class LayerQuantity { kTime, kEnergy };
std::string_view name(LayerQuantity quantity);  // "time", "energy"
std::string_view unit(LayerQuantity quantity);  // "s", "J"

// What one reading says of one run of a layer with its batch.
struct LayerReading {
  std::string workload;  // with its batch, as messages name it
  LayerPoint point;
  std::optional<double> time_s;
  std::optional<double> energy_j;
  std::string network = {};  // that it is a part of; empty: none
  size_t line = 0;           // in the file it came from
  // Whether the caches held nothing of the layer when it began. Only counts tell such readings from
  // others: forms that go without are fitted to the others alone.
  bool cold = false;
  std::optional<double> relative_error = {};  // of the mean, as whoever measured it says

  std::optional<double> of(LayerQuantity quantity) const {
    return quantity == LayerQuantity::kTime ? time_s : energy_j;
  }
};

class LayerPredictor {
 public:
  virtual ~LayerPredictor() = default;

  virtual std::string_view form() const = 0;
  // Positive and finite.
  virtual double predict(const LayerPoint& point) const = 0;
  // Whether points must have been counted (LayerPoint::counted), or else must not have been.
  virtual bool needs_counts() const { return false; }
  // Where readings of layers alike fell into groups: each group's value here, and its share of the
  // readings. Empty where one value is told.
  virtual std::vector<Mode> modes(const LayerPoint&) const { return {}; }
  // What `read` of the form makes the same predictor from, beside its "form".
  virtual nlohmann::ordered_json to_json() const = 0;
};
using LayerPredictorPtr = std::unique_ptr<const LayerPredictor>;

// The rates that `paleo` goes by: the best that any reading reached or, of values, that any reading
// from cold caches did, where there are such readings.
struct PlatformRates {
  double operations_per_s = 0;
  double elements_per_s = 0;
  double power_w = 0;  // energy over time of all readings together; 0: not known
};
PlatformRates platform_rates(std::span<const LayerReading> readings);

// All of these readings have the quantity and are of one kind.
struct FitRequest {
  std::vector<const LayerReading*> readings;
  LayerQuantity quantity = LayerQuantity::kTime;
  PlatformRates platform;
};

struct PredictorForm {
  std::string_view name;
  bool reads_counts = false;  // of points that have them
  // Absent where there are too few readings for the form, or they lack what it takes.
  LayerPredictorPtr (*fit)(const FitRequest& request);
  // The JSON has been checked by the schema. Throws Error(kInput) for what no schema can tell,
  // begun by `where`.
  LayerPredictorPtr (*read)(const nlohmann::json& json, std::string_view kind,
                            std::string_view where);
};

extern const PredictorForm kPolynomialForm;
extern const PredictorForm kCountsForm;
extern const PredictorForm kPaleoForm;
extern const PredictorForm kHybridForm;
extern const PredictorForm kStepsForm;

std::span<const PredictorForm* const> predictor_forms();
// Null where no form has the name.
const PredictorForm* find_predictor_form(std::string_view name);

bool all_counted(const FitRequest& request);
// Throws Error(kUsage) for a point without the counts that the predictor needs.
void require_counts(const LayerPredictor& predictor, const LayerPoint& point);

// The folds by which the forms choose among their own: readings of one workload stay together.
std::vector<Fold> reading_folds(std::span<const LayerReading* const> readings);

}  // namespace wattgrind
