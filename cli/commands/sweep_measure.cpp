#include "cli/commands/sweep_measure.h"

#include <algorithm>
#include <memory>

#include "estimator/base/error.h"
#include "estimator/readings/layer_turns.h"
#include "estimator/readings/measurement.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/thread_clock.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

constexpr size_t kPointsTogether = 8;

std::vector<TurnLoad> compiled(const std::vector<PointToMeasure>& points, size_t begin,
                               size_t end) {
  std::vector<TurnLoad> loads;
  for (size_t i = begin; i < end; ++i) {
    const NetworkCase& given = points[i].given;
    auto native = std::make_shared<NativeWorkload>(given.network, given.batch);
    if (native->is_empty()) {
      fail(ErrorKind::kInput, "{} runs no kernel: there is nothing to measure", given.label);
    }
    loads.push_back({given.label, static_cast<uint64_t>(given.batch), [native] { native->run(); },
                     [native] { native->empty_caches(); }});
  }
  return loads;
}

void time_group(const std::vector<TurnLoad>& loads, const PointToMeasure* points) {
  TurnOptions options;
  options.caches = {CacheWarmth::kWarm};
  const std::vector<Reading> readings = time_in_turns(loads, thread_clock(), options);
  if (interrupted()) return;
  CHECK(readings.size() == loads.size(), "{} readings", readings.size());
  for (size_t i = 0; i < readings.size(); ++i) {
    points[i].figures->measured_time_s = readings[i].seconds();
  }
}

void meter_group(const std::vector<TurnLoad>& loads, Meter& meter, const PointToMeasure* points) {
  std::vector<Load> metered;
  for (const TurnLoad& load : loads) metered.push_back({load.workload, load.run});
  const Measurements measured = measure(metered, meter, system_clock(), {}, {});
  if (measured.failure) throw Error(*measured.failure);
  if (interrupted()) return;
  CHECK(measured.loads.size() == loads.size(), "{} loads", measured.loads.size());
  for (size_t i = 0; i < loads.size(); ++i) {
    points[i].figures->measured_time_s = measured.loads[i].seconds();
    points[i].figures->measured_energy_j = measured.loads[i].energy_j();
  }
}

}  // namespace

void measure_points(const std::vector<PointToMeasure>& points, Meter& meter,
                    const std::function<void(const PointToMeasure&)>& done) {
  for (size_t begin = 0; begin < points.size() && !interrupted(); begin += kPointsTogether) {
    const size_t end = std::min(points.size(), begin + kPointsTogether);
    const std::vector<TurnLoad> loads = compiled(points, begin, end);
    if (meter.reads_energy()) {
      meter_group(loads, meter, &points[begin]);
    } else {
      time_group(loads, &points[begin]);
    }
    for (size_t i = begin; i < end && !interrupted(); ++i) done(points[i]);
  }
}

}  // namespace wattgrind
