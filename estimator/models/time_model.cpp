#include "estimator/models/time_model.h"

#include <fmt/format.h>

#include "estimator/base/error.h"
#include "estimator/fit/linear_fit.h"

namespace wattgrind {
namespace {

std::vector<std::string> feature_names(size_t levels) {
  std::vector<std::string> names = {"call", "port cycles", "waiting cycles", "loop iterations"};
  for (size_t i = 1; i < levels; ++i) names.push_back(fmt::format("L{} line", i + 1));
  names.emplace_back("DRAM line");
  return names;
}

std::vector<double> features(const KernelWork& work) {
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

}  // namespace

TimeModel TimeModel::fit(std::span<const TimedKernel> kernels) {
  CHECK(!kernels.empty(), "no kernels");
  TimeModel model;
  model.names_ = feature_names(kernels.front().work.counts.levels.size());
  CHECK(kernels.size() >= model.names_.size(), "{} kernels", kernels.size());
  FeatureTable table{{"time", "s"}, {}, {}};
  FeatureSet all;
  std::vector<size_t> samples;
  for (const std::string& name : model.names_) {
    all.push_back(table.features.size());
    table.features.push_back({name, "s"});
  }
  for (const TimedKernel& kernel : kernels) {
    samples.push_back(table.samples.size());
    table.samples.push_back({"kernel", features(kernel.work), kernel.seconds});
  }
  model.prices_s_ = fit_linear(table, samples, all, {Weighting::kRelative, 0}).coefficients;
  return model;
}

double TimeModel::seconds(const KernelWork& work) const {
  const std::vector<double> values = features(work);
  CHECK(values.size() == prices_s_.size(), "{} features, {} prices", values.size(),
        prices_s_.size());
  double sum_s = 0;
  for (size_t i = 0; i < values.size(); ++i) sum_s += prices_s_[i] * values[i];
  return sum_s;
}

}  // namespace wattgrind
