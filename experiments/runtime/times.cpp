#include "experiments/runtime/times.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "estimator/base/quantile.h"
#include "estimator/base/random.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

constexpr double kRunS = 0.003;
constexpr size_t kFewestRounds = 4;
// Of a repetition from empty caches: a clock and code that is not there either take their time,
// too.
constexpr double kShortestColdS = 20e-6;
constexpr size_t kEvictingBytes = 128 << 20;  // some times any last level here

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// One repetition, after one that brings back the caches' steady state.
double time_once(const NativeWorkload& workload) {
  workload.run();
  const double start_s = now_s();
  uint64_t repetitions = 0;
  double passed_s = 0;
  // The clock is looked at seldom where a repetition is short.
  for (uint64_t next = 1; passed_s < kRunS; next *= 2) {
    for (uint64_t i = 0; i < next; ++i) workload.run();
    repetitions += next;
    passed_s = now_s() - start_s;
  }
  return passed_s / static_cast<double>(repetitions);
}

// One repetition, after something else has taken the caches.
double time_cold(const NativeWorkload& workload, std::vector<char>& evicting) {
  for (size_t i = 0; i < evicting.size(); i += 64) ++evicting[i];
  const double start_s = now_s();
  workload.run();
  return now_s() - start_s;
}

}  // namespace

double RunTimes::median_s() const { return quantile(rounds_s, 0.5); }

double RunTimes::disagreement() const {
  std::vector<double> halves[2];
  for (size_t i = 0; i < rounds_s.size(); ++i) halves[i % 2].push_back(rounds_s[i]);
  const double a = quantile(halves[0], 0.5), b = quantile(halves[1], 0.5);
  return 2 * (a - b) / (a + b);
}

std::string cold_name(const std::string& network) { return network + " cold"; }

Times time_networks(const std::vector<Network>& networks, size_t cold, double seconds) {
  std::vector<NativeWorkload> workloads;
  for (const Network& network : networks) workloads.emplace_back(network, 1);
  std::vector<size_t> order(networks.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<char> evicting(kEvictingBytes);
  Times times;
  Random random(1);
  const double end_s = now_s() + seconds;
  for (size_t round = 0; round < kFewestRounds || now_s() < end_s; ++round) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    for (const size_t i : order) {
      const std::string& name = networks[i].name;
      times[name].rounds_s.push_back(time_once(workloads[i]));
      if (i < cold && times[name].rounds_s[0] >= kShortestColdS) {
        times[cold_name(name)].rounds_s.push_back(time_cold(workloads[i], evicting));
      }
    }
  }
  return times;
}

std::string times_csv(const Times& times) {
  std::string text = "network";
  for (size_t i = 0; i < times.begin()->second.rounds_s.size(); ++i) {
    text += fmt::format(",round{}_s", i);
  }
  text += '\n';
  for (const auto& [name, run] : times) {
    text += name;
    for (const double time_s : run.rounds_s) text += fmt::format(",{:.4g}", time_s);
    text += '\n';
  }
  return text;
}

void add_times(const std::filesystem::path& file, Times& times) {
  const CsvTable table = parse_csv(read_file(file), file.filename().string());
  for (const CsvRow& row : table.rows) {
    RunTimes& run = times[row.fields[table.column("network")]];
    for (size_t i = 1; i < table.columns.size(); ++i) run.rounds_s.push_back(table.number(row, i));
  }
}

}  // namespace wattgrind
