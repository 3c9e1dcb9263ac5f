#include "search/explain/explanation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Estimate = ResponseModel::Estimate;

constexpr uint64_t kDecompositionSeed = 1;
constexpr size_t kMostChances = 16;
constexpr size_t kMostOptions = 12;  // of one parameter that changes are looked for among
constexpr double kFloatStep = 0.05;  // of a float's scale, from one neighbour to the next

// The responses' models, all of which are to be minimised.
class Explainer {
 public:
  Explainer(const Space& space, std::span<const Trial> trials, std::span<const Response> responses,
            uint64_t winner)
      : space_(space), trials_(trials), responses_(responses), winner_(winner) {
    for (const Trial& trial : trials) points_.push_back(space_.to_point(trial.configuration));
    for (const Response& response : responses) {
      const std::vector<ResponseModel::Finding> found = findings(response);
      counts_.push_back(found.size());
      models_.push_back(found.size() < ResponseModel::kFewest
                            ? nullptr
                            : std::make_unique<ResponseModel>(space_, found));
    }
  }

  std::optional<Explanation> run() const {
    if (models_.empty() || !models_[0]) return std::nullopt;
    Explanation result;
    for (size_t i = 0; i < responses_.size(); ++i) {
      if (models_[i]) result.effects.push_back(effects(i));
    }
    for (size_t i = 0; i < space_.size(); ++i) {
      for (const double coordinate : neighbours_of(i)) {
        result.neighbours.push_back(change(i, coordinate));
      }
    }
    const std::vector<WinnerChange> changes = all_changes();
    for (size_t i = 0; i < responses_.size(); ++i) {
      result.improvements.push_back(improvement(i, changes));
    }
    result.chances = chances();
    return result;
  }

 private:
  double sign(size_t response) const { return responses_[response].larger_is_better ? -1 : 1; }

  std::vector<ResponseModel::Finding> findings(const Response& response) const {
    std::vector<ResponseModel::Finding> result;
    for (size_t i = 0; i < trials_.size(); ++i) {
      const std::optional<double>& value = response.values.at(i);
      if (!value || !std::isfinite(*value)) continue;
      const double minimised = response.larger_is_better ? -*value : *value;
      result.push_back({points_[i], minimised,
                        response.variances.empty() ? std::nullopt : response.variances.at(i)});
    }
    return result;
  }

  ResponseEffects effects(size_t response) const {
    const ResponseModel& model = *models_[response];
    ResponseEffects effects{
        response, counts_[response], model.told(),
        decompose_variance(
            space_, [&](std::span<const Point> points) { return model.means(points); },
            kDecompositionSeed)};
    effects.parts.mean *= sign(response);
    return effects;
  }

  // The other coordinates that the parameter could have one step off the winner's.
  std::vector<double> neighbours_of(size_t parameter) const {
    const double here = points_[winner_][parameter];
    const UnitParameter& unit = space_.parameter(parameter);
    if (here == kInactive) return {};
    if (unit.kind == UnitParameter::Kind::kUnordered) return options_of(parameter);
    std::vector<double> result;
    for (const int step : {-1, 1}) {
      if (unit.kind == UnitParameter::Kind::kContinuous) {
        const double there = std::clamp(here + step * kFloatStep, 0.0, 1.0);
        if (there != here) result.push_back(there);
        continue;
      }
      const auto level = static_cast<int64_t>(space_.level_of_coordinate(parameter, here)) + step;
      if (level < 0 || level >= static_cast<int64_t>(unit.levels)) continue;
      result.push_back(space_.coordinate_of_level(parameter, static_cast<uint64_t>(level)));
    }
    return result;
  }

  // Coordinates spread over the parameter's scale, without the winner's.
  std::vector<double> options_of(size_t parameter) const {
    const double here = points_[winner_][parameter];
    if (here == kInactive) return {};
    const uint64_t levels = space_.parameter(parameter).levels;
    const size_t count = levels > 0 ? std::min<size_t>(levels, kMostOptions) : kMostOptions;
    std::vector<double> result;
    for (size_t i = 0; i < count; ++i) {
      const double there =
          space_.quantile(parameter, (static_cast<double>(i) + 0.5) / static_cast<double>(count));
      const bool is_new = std::find(result.begin(), result.end(), there) == result.end();
      if (there != here && is_new) result.push_back(there);
    }
    return result;
  }

  std::vector<WinnerChange> all_changes() const {
    std::vector<WinnerChange> changes;
    for (size_t i = 0; i < space_.size(); ++i) {
      for (const double coordinate : neighbours_of(i)) changes.push_back(change(i, coordinate));
      for (const double coordinate : options_of(i)) changes.push_back(change(i, coordinate));
    }
    return changes;
  }

  // What becomes active is given the middle of its scale.
  WinnerChange change(size_t parameter, double coordinate) const {
    Point point = points_[winner_];
    point[parameter] = coordinate;
    for (size_t i = 0; i < point.size(); ++i) {
      if (!space_.active(i, point)) {
        point[i] = kInactive;
      } else if (point[i] == kInactive) {
        point[i] = space_.quantile(i, 0.5);
      }
    }
    WinnerChange result{parameter, space_.to_configuration(point), std::nullopt, {}};
    for (size_t i = 0; i < trials_.size(); ++i) {
      if (points_[i] == point && trials_[i].state == TrialState::kComplete) result.trial = i;
    }
    for (size_t i = 0; i < responses_.size(); ++i) {
      result.estimates.push_back(estimate(i, point, result.trial));
    }
    return result;
  }

  std::optional<Estimate> estimate(size_t response, const Point& point,
                                   std::optional<uint64_t> trial) const {
    if (trial && responses_[response].values[*trial]) {
      return Estimate{*responses_[response].values[*trial], 0};
    }
    if (!models_[response]) return std::nullopt;
    Estimate estimate = models_[response]->estimates(std::span(&point, 1)).front();
    estimate.mean *= sign(response);
    return estimate;
  }

  std::optional<WinnerChange> improvement(size_t response,
                                          const std::vector<WinnerChange>& changes) const {
    const std::optional<double>& now = responses_[response].values[winner_];
    const WinnerChange* best = nullptr;
    const auto harm = [&](const WinnerChange& change) {
      return change.estimates[0].value().mean * sign(0);
    };
    for (const WinnerChange& each : changes) {
      const std::optional<Estimate>& there = each.estimates[response];
      if (!now || !there) continue;
      const double gain = (*now - there->mean) * sign(response);
      if (gain <= there->deviation || gain <= 0) continue;
      if (best == nullptr || harm(each) < harm(*best)) best = &each;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

  std::vector<Explanation::Chance> chances() const {
    std::vector<std::pair<double, uint64_t>> ranked;
    for (size_t i = 0; i < trials_.size(); ++i) {
      const std::optional<double>& value = responses_[0].values[i];
      const bool counts = has_value(trials_[i]) && value && std::isfinite(*value);
      if (counts) ranked.emplace_back(*value * sign(0), i);
    }
    std::sort(ranked.begin(), ranked.end());
    if (ranked.size() > kMostChances) ranked.resize(kMostChances);
    std::vector<Point> points;
    for (const auto& [value, trial] : ranked) points.push_back(points_[trial]);
    const std::vector<double> found = models_[0]->chances_of_lowest(points);
    std::vector<Explanation::Chance> chances;
    for (size_t i = 0; i < ranked.size(); ++i) chances.push_back({ranked[i].second, found[i]});
    std::stable_sort(chances.begin(), chances.end(),
                     [](const auto& a, const auto& b) { return a.chance > b.chance; });
    return chances;
  }

  const UnitSpace space_;
  const std::span<const Trial> trials_;
  const std::span<const Response> responses_;
  const uint64_t winner_;
  std::vector<Point> points_;
  std::vector<size_t> counts_;
  std::vector<std::unique_ptr<ResponseModel>> models_;
};

}  // namespace

std::optional<Explanation> explain(const Space& space, std::span<const Trial> trials,
                                   std::span<const Response> responses, uint64_t winner) {
  CHECK(winner < trials.size(), "trial {} of {}", winner, trials.size());
  return Explainer(space, trials, responses, winner).run();
}

}  // namespace wattgrind
