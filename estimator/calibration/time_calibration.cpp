#include "estimator/calibration/time_calibration.h"

#include "estimator/network/network_part.h"
#include "estimator/pricing/prices.h"

namespace wattgrind {

std::optional<TimeCalibration> calibrate_time(const std::vector<CountedReading>& readings,
                                              const Machine& machine,
                                              const BootstrapOptions& bootstrap) {
  TimeCalibration time;
  time.terms = {{TermKind::kMacs}, {TermKind::kLatencyCost}};
  time.table.target = {"time", "s"};
  for (const Term& term : time.terms) {
    time.table.features.push_back({name(term), "s", FeatureKind::kOptional, std::nullopt});
  }
  for (const CountedReading& counted : readings) {
    const std::optional<double> duration_s = counted.reading.seconds();
    if (!duration_s) return std::nullopt;
    const double cycles = latency_cost(counted.counts, machine, Accounting::kHits).value();
    time.table.samples.push_back({workload_name(counted.reading),
                                  {static_cast<double>(counted.operations.macs), cycles},
                                  *duration_s,
                                  whole_workload(counted.reading.workload)});
  }
  time.calibration = calibrate(time.table, {}, {{Weighting::kRelative, 0}, bootstrap});
  return time;
}

}  // namespace wattgrind
