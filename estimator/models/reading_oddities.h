// What is odd about readings of layers: outliers, jumps and modes. None of it is left out or mended
// here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/fit/bootstrap.h"
#include "estimator/models/layer_models.h"

namespace wattgrind {

// A reading whose mean power, its energy over its time, is more than kOutlierFactor times the
// median of its kind, or less than the kOutlierFactor-th part of it.
inline constexpr double kOutlierFactor = 1.25;
struct PowerOutlier {
  size_t reading = 0;  // index
  double power_w = 0;
  double median_w = 0;  // of its kind
};
std::vector<PowerOutlier> power_outliers(const std::vector<LayerReading>& readings);

// A size from which on a kind takes more or less than the sizes below say, by `factor`.
struct Jump {
  std::string of;   // "values read", "batch", ...
  double from = 0;  // half way between the readings on either side
  double factor = 1;
};
// Looks for jumps of a quantity along how many values a call moves, and along the batch: what is
// measured over what a sum of prices says (priced_values) is fitted by steps whose number is
// cross-validated. Jumps of less than a tenth are not told. Those along the batch are told only
// where there are none along values.
std::vector<Jump> find_jumps(const std::vector<LayerReading>& readings, std::string_view kind,
                             LayerQuantity quantity);

// Modes of a kind's predictor: of the readings whose sizes leave several open.
struct OpenModes {
  size_t readings = 0;             // that lie in boxes with several modes
  std::vector<Mode> an_operation;  // of the box that holds most readings
};
std::optional<OpenModes> open_modes(const std::vector<LayerReading>& readings,
                                    const KindModel& model, LayerQuantity quantity);

}  // namespace wattgrind
