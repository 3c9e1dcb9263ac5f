#include "experiments/characterisation/studies.h"

#include <cmath>
#include <map>
#include <memory>

#include "cli/commands/sweep_file.h"
#include "cli/commands/sweep_measure.h"
#include "estimator/base/error.h"
#include "estimator/calibration/line_interval.h"
#include "estimator/catalog/network_source.h"
#include "estimator/meters/meter.h"
#include "estimator/models/layer_point.h"
#include "estimator/network/network_part.h"
#include "estimator/readings/layer_turns.h"
#include "estimator/system/clock.h"
#include "estimator/system/thread_clock.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

// Nobody is at the terminal.
class Nobody : public Operator {
 public:
  void tell(const std::string&) override {}
  std::optional<std::string> ask(const std::string&) override { return std::nullopt; }
};

}  // namespace

const CaseFigures& Study::at(const std::string& first, const std::string& second) const {
  for (const StudyPoint& point : points) {
    if (point.values[0] == first && (second.empty() || point.values[1] == second)) {
      return point.figures;
    }
  }
  CHECK(false, "no point {} {}", first, second);
}

std::vector<double> Study::energies_j() const {
  std::vector<double> energies;
  for (const StudyPoint& point : points) energies.push_back(point.figures.total.energy_j);
  return energies;
}

std::vector<double> Study::measured_times_s() const {
  std::vector<double> times;
  for (const StudyPoint& point : points) times.push_back(point.figures.measured_time_s.value());
  return times;
}

Study study_of(const std::string& what, const std::vector<std::string>& vary,
               const Machine& machine) {
  std::vector<SweepFactor> factors;
  for (const std::string& text : vary) factors.push_back(read_factor(text));
  const SweepBase base{what, machine, Plan::kLayers, 1, true};
  Study study;
  std::vector<PointToMeasure> to_measure;
  for (const SweepPoint& values : sweep_points(factors, false)) {
    const NetworkCase given = case_at(base, factors, values);
    study.points.push_back(
        {values, case_figures(given, nullptr, [](std::string_view, uint64_t, uint64_t) {})});
  }
  for (StudyPoint& point : study.points) {
    to_measure.push_back({case_at(base, factors, point.values), &point.figures});
  }
  const auto sysfs = open_sysfs("/sys");
  Nobody nobody;
  const auto processes = make_process_runner();
  const auto meter = make_meter("none", {system_clock(), *sysfs, nobody, *processes});
  measure_points(to_measure, *meter, [](const PointToMeasure&) {});
  return study;
}

Study shipped_study(const std::string& name, const Machine& machine) {
  const SweepFile file =
      read_sweep_file(std::string(WATTGRIND_SOURCE_DIR) + "/configs/sweeps/" + name + ".json");
  return study_of(file.what, file.vary, machine);
}

double exponent(const std::vector<double>& xs, const std::vector<double>& ys) {
  return std::log(ys.back() / ys.front()) / std::log(xs.back() / xs.front());
}

double r_squared(const std::vector<double>& xs, const std::vector<double>& ys) {
  return line_with_intervals(xs, ys).value().r2;
}

WholeAndParts whole_and_parts(const std::string& name) {
  const Network network = builtin_network(name);
  std::vector<TurnLoad> loads;
  std::vector<std::string> kinds;
  const auto add = [&](const Network& part, const std::string& kind) {
    auto native = std::make_shared<NativeWorkload>(part, 1);
    if (native->is_empty()) return;
    loads.push_back({std::to_string(loads.size()), 1, [native] { native->run(); },
                     [native] { native->empty_caches(); }});
    kinds.push_back(kind);
  };
  add(network, "whole");
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (is_free(network.layers[i])) continue;
    add(layer_alone(network, i, name), layer_model_kind(network.layers[i]));
  }
  TurnOptions options;
  options.time_limit_s = 0.3;
  options.relative_error = 0.01;
  const std::vector<Reading> readings = time_in_turns(loads, thread_clock(), options);
  // By load: its name is its number. What is too short to be timed cold takes what it takes warm.
  std::vector<double> warm_s(loads.size()), cold_s(loads.size());
  for (const Reading& reading : readings) {
    const size_t load = std::stoul(reading.workload);
    if (reading.caches == CacheWarmth::kWarm) warm_s[load] = *reading.seconds();
    cold_s[load] = *reading.seconds();
  }
  WholeAndParts result{name, warm_s[0], 0, 0, {}};
  std::map<std::string, double> by_kind_s;
  for (size_t i = 1; i < loads.size(); ++i) {
    by_kind_s[kinds[i]] += warm_s[i];
    result.parts_s += warm_s[i];
    result.cold_parts_s += cold_s[i];
  }
  result.by_kind_s.assign(by_kind_s.begin(), by_kind_s.end());
  return result;
}

}  // namespace wattgrind
