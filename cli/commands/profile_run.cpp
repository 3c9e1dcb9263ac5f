#include "cli/commands/profile_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "cli/commands/layer_readings.h"
#include "estimator/base/error.h"
#include "estimator/readings/measurement.h"
#include "estimator/system/clock.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/thread_clock.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

// So many layers take turns: enough that drift meets them all, and few enough to fit a minute.
constexpr size_t kTogether = 8;
constexpr double kProfileIdleS = 5;
constexpr double kIdleSliceS = 0.05;

// Layers that take turns, compiled and ready to run.
using Group = std::vector<TurnLoad>;

std::string label_of(const TurnLoad& load) {
  return fmt::format("{} batch {}", load.workload, load.batch);
}

class ProfileRun {
 public:
  ProfileRun(ProfileLayers& layers, Meter& meter, ReadingsFile& readings,
             const ProfileRequest& request)
      : layers_(layers), meter_(meter), readings_(readings), request_(request) {}

  ProfileResult run(const std::vector<Reading>& earlier) {
    start_s_ = system_clock().now_s();
    add(earlier);
    if (meter_.reads_energy() && request_.subtract_idle) measure_idle();
    while (!interrupted() && elapsed_s() < total_s()) {
      const Group group = next_group();
      if (group.empty()) {
        result_.used_up = !interrupted();
        break;
      }
      measure_group(group);
      show();
    }
    result_.kinds = precisions();
    return std::move(result_);
  }

 private:
  double total_s() const { return 60 * request_.minutes; }
  double elapsed_s() const { return system_clock().now_s() - start_s_; }

  void show() {
    if (request_.progress) request_.progress(precisions(), elapsed_s(), total_s());
  }

  void add(const std::vector<Reading>& readings) {
    for (LayerReading& reading : layer_readings(readings, request_.file, nullptr,
                                                [](std::string_view, uint64_t, uint64_t) {})) {
      stale_.insert(reading.point.kind);
      known_.push_back(std::move(reading));
    }
  }

  // What the kinds that the source has, or had, have come to.
  std::vector<KindPrecision> precisions() {
    for (const std::string& kind : layers_.kinds()) {
      if (by_kind_.find(kind) == by_kind_.end()) stale_.insert(kind);
    }
    for (const std::string& kind : stale_) update(kind);
    stale_.clear();
    std::vector<KindPrecision> kinds;
    for (const auto& [kind, precision] : by_kind_) kinds.push_back(precision);
    return kinds;
  }

  // An error takes a while to work out, and hardly changes by a few layers more.
  void update(const std::string& kind) {
    const auto layers = static_cast<size_t>(std::count_if(
        known_.begin(), known_.end(),
        [&](const LayerReading& reading) { return reading.point.kind == kind && !reading.cold; }));
    KindPrecision& precision = by_kind_[kind];
    precision.kind = kind;
    precision.layers = layers;
    size_t& fitted = fitted_layers_[kind];
    if (layers < kFewestLayersOfAKind || 4 * layers < 5 * fitted) return;
    precision = kind_precision(kind, known_);
    fitted = layers;
  }

  void measure_idle() {
    meter_.start();
    const double end_s = system_clock().now_s() + kProfileIdleS;
    while (system_clock().now_s() < end_s && !interrupted()) {
      system_clock().sleep_until(system_clock().now_s() + kIdleSliceS, {});
    }
    if (!interrupted()) idle_power_w_ = meter_.stop().power_w();
  }

  // Kinds in the order of their need, a layer that is taken counting as one that is known.
  Group next_group() {
    Group group;
    precisions();
    while (group.size() < kTogether && !interrupted()) {
      std::vector<KindPrecision> left;
      for (const std::string& kind : layers_.kinds()) left.push_back(by_kind_.at(kind));
      if (left.empty()) break;
      const std::string kind = left[most_needed(left)].kind;
      std::optional<ProfiledLayer> layer = layers_.next(kind);
      if (!layer) continue;
      ++by_kind_.at(kind).layers;
      stale_.insert(kind);
      add_load(*layer, group);
    }
    return group;
  }

  static void add_load(const ProfiledLayer& layer, Group& group) {
    auto native = std::make_shared<NativeWorkload>(layer.network, layer.batch);
    if (native->is_empty()) return;
    group.push_back({layer.workload, static_cast<uint64_t>(layer.batch),
                     [native] { native->run(); }, [native] { native->empty_caches(); }});
  }

  void measure_group(const Group& group) {
    std::vector<Reading> readings;
    TurnOptions turns = request_.turns;
    if (meter_.reads_energy()) {
      readings = metered(group);
      std::erase(turns.caches, CacheWarmth::kWarm);
    }
    if (!turns.caches.empty()) {
      const std::vector<Reading> timed = time_in_turns(group, thread_clock(), turns);
      readings.insert(readings.end(), timed.begin(), timed.end());
    }
    // What a signal stopped is measured again next time, whole.
    if (interrupted()) return;
    for (Reading& reading : readings) {
      reading.cpu = request_.cpu;
      reading.kernels = request_.kernels;
      readings_.append(reading);
    }
    result_.measured += group.size();
    add(readings);
  }

  // Energy and time of the loads, warm.
  std::vector<Reading> metered(const Group& group) {
    std::vector<Load> loads;
    for (const TurnLoad& load : group) loads.push_back({label_of(load), load.run});
    const MeasurementOptions options{request_.turns.relative_error, request_.turns.time_limit_s,
                                     false};
    const Measurements measured = measure(loads, meter_, system_clock(), options, {});
    if (measured.failure) throw Error(*measured.failure);
    std::vector<Reading> readings;
    for (const Measurement& load : measured.loads) {
      const auto given = std::find_if(group.begin(), group.end(), [&](const TurnLoad& known) {
        return label_of(known) == load.workload;
      });
      Reading reading = reading_of(load, given->batch);
      reading.workload = given->workload;
      reading.idle_power_w = idle_power_w_;
      reading.relative_error = load.relative_error();
      if (reading.net_energy_j() > 0) {
        readings.push_back(std::move(reading));
      } else if (request_.warn) {
        request_.warn(fmt::format("{}: takes no more power than idle: left out", reading.workload));
      }
    }
    return readings;
  }

  ProfileLayers& layers_;
  Meter& meter_;
  ReadingsFile& readings_;
  const ProfileRequest& request_;
  double start_s_ = 0;
  std::optional<double> idle_power_w_;
  std::vector<LayerReading> known_;
  std::map<std::string, KindPrecision> by_kind_;
  std::map<std::string, size_t> fitted_layers_;  // by kind: when its error was worked out last
  std::set<std::string> stale_;                  // kinds that have more layers since
  ProfileResult result_;
};

}  // namespace

ProfileResult run_profile(ProfileLayers& layers, const std::vector<Reading>& earlier, Meter& meter,
                          ReadingsFile& readings, const ProfileRequest& request) {
  return ProfileRun(layers, meter, readings, request).run(earlier);
}

}  // namespace wattgrind
