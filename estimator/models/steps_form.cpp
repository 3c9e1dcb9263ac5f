// The form "steps": an amount for each operation that jumps where sizes pass a threshold, and that
// may be one of several where the sizes do not tell which.
#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/models/layer_features.h"
#include "estimator/models/layer_predictor.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr size_t kFewestReadings = 12;

class StepsPredictor : public LayerPredictor {
 public:
  StepsPredictor(std::vector<std::string> names, StepFit steps)
      : names_(std::move(names)), steps_(std::move(steps)) {}

  std::string_view form() const override { return kStepsForm.name; }

  double predict(const LayerPoint& point) const override {
    return box(point).value * point.amounts.operations;
  }

  std::vector<Mode> modes(const LayerPoint& point) const override {
    std::vector<Mode> modes = box(point).modes;
    if (modes.size() < 2) return {};
    for (Mode& mode : modes) mode.value *= point.amounts.operations;
    return modes;
  }

  ordered_json to_json() const override {
    ordered_json nodes = ordered_json::array();
    for (const StepNode& node : steps_.nodes) {
      if (!node.is_box()) {
        nodes.push_back({{"logarithm_of", names_[node.feature]},
                         {"below", node.below},
                         {"left", node.left},
                         {"right", node.right}});
        continue;
      }
      ordered_json modes = ordered_json::array();
      for (const Mode& mode : node.modes) {
        modes.push_back({{"value", mode.value}, {"share", mode.share}});
      }
      nodes.push_back(
          {{"an_operation", node.value}, {"readings", node.samples}, {"modes", std::move(modes)}});
    }
    return {{"logarithms_of", names_}, {"nodes", std::move(nodes)}};
  }

 private:
  const StepNode& box(const LayerPoint& point) const {
    const std::vector<double> values = logarithms(point, false);
    if (values.size() != names_.size()) {
      fail(ErrorKind::kInput, "the model of {} goes by other sizes: fit it again", point.kind);
    }
    return steps_.box(values);
  }

  std::vector<std::string> names_;
  StepFit steps_;
};

LayerPredictorPtr fit_steps_form(const FitRequest& request) {
  if (request.readings.size() < kFewestReadings) return nullptr;
  const std::vector<std::string> names = logarithm_names(request.readings.front()->point, false);
  Eigen::MatrixXd points(static_cast<Eigen::Index>(request.readings.size()),
                         static_cast<Eigen::Index>(names.size()));
  std::vector<double> values;
  for (size_t i = 0; i < request.readings.size(); ++i) {
    const LayerReading& reading = *request.readings[i];
    const std::vector<double> row = logarithms(reading.point, false);
    for (size_t j = 0; j < row.size(); ++j) {
      points(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = row[j];
    }
    values.push_back(*reading.of(request.quantity) / reading.point.amounts.operations);
  }
  return std::make_unique<StepsPredictor>(
      names, fit_steps(points, values, reading_folds(request.readings)));
}

// Nodes must lead away from the root, so that every way ends in a box.
size_t read_place(const nlohmann::json& node, const char* key, size_t from, size_t nodes,
                  std::string_view where) {
  const size_t place = node.at(key);
  if (place <= from || place >= nodes) {
    fail(ErrorKind::kInput, "{}.nodes[{}].{}: found {}, wanted {} to {}", where, from, key, place,
         from + 1, nodes - 1);
  }
  return place;
}

LayerPredictorPtr read_steps(const nlohmann::json& json, std::string_view, std::string_view where) {
  const auto names = json.at("logarithms_of").get<std::vector<std::string>>();
  const nlohmann::json& nodes = json.at("nodes");
  StepFit steps;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const nlohmann::json& node = nodes.at(i);
    StepNode read;
    if (node.contains("modes")) {
      read.value = node.at("an_operation");
      read.samples = node.at("readings");
      for (const nlohmann::json& mode : node.at("modes")) {
        read.modes.push_back({mode.at("value"), mode.at("share")});
      }
    } else {
      const std::string name = node.at("logarithm_of");
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) {
        fail(ErrorKind::kInput, "{}.nodes[{}]: '{}' is none of logarithms_of", where, i, name);
      }
      read.feature = static_cast<size_t>(found - names.begin());
      read.below = node.at("below");
      read.left = read_place(node, "left", i, nodes.size(), where);
      read.right = read_place(node, "right", i, nodes.size(), where);
    }
    steps.nodes.push_back(std::move(read));
  }
  return std::make_unique<StepsPredictor>(names, std::move(steps));
}

}  // namespace

const PredictorForm kStepsForm = {"steps", false, fit_steps_form, read_steps};

}  // namespace wattgrind
