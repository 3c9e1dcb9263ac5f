#include "estimator/models/time_model.h"

#include <fmt/format.h>

#include "estimator/base/error.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {

std::vector<std::string> work_names(size_t levels) {
  std::vector<std::string> names = {"call", "port cycles", "waiting cycles", "loop iterations"};
  for (size_t i = 1; i < levels; ++i) names.push_back(fmt::format("L{} line", i + 1));
  names.emplace_back("DRAM line");
  return names;
}

std::vector<double> work_values(const KernelWork& work) {
  const EventCounts& counts = work.counts;
  std::vector<double> values = {1, work.port_cycles, work.waiting_cycles,
                                static_cast<double>(work.loop_iterations)};
  for (size_t i = 1; i < counts.levels.size(); ++i) {
    const LevelCounts& level = counts.levels[i];
    // Where a count of hits is absent, they are what the misses leave.
    const uint64_t hits = level.accesses > level.misses ? level.accesses - level.misses : 0;
    values.push_back(static_cast<double>(level.hits.value_or(hits)));
  }
  values.push_back(static_cast<double>(counts.dram.reads));
  return values;
}

TimeModel TimeModel::fit(std::span<const TimedKernel> kernels) {
  CHECK(!kernels.empty(), "no kernels");
  TimeModel model;
  model.names_ = work_names(kernels.front().work.counts.levels.size());
  CHECK(kernels.size() >= model.names_.size(), "{} kernels", kernels.size());
  std::vector<std::vector<double>> rows;
  std::vector<double> seconds;
  for (const TimedKernel& kernel : kernels) {
    rows.push_back(work_values(kernel.work));
    seconds.push_back(kernel.seconds);
  }
  model.prices_s_ = relative_prices(rows, seconds);
  return model;
}

double TimeModel::seconds(const KernelWork& work) const {
  return priced(work_values(work), prices_s_);
}

}  // namespace wattgrind
