// powerML's twelve settings, searched again.
//
//   powerml [--topology dffr] [--table FILE] [--threads 2]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <string>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"
#include "experiments/powerml/report.h"
#include "experiments/powerml/studies.h"

namespace wattgrind {
namespace {

constexpr uint64_t kSeeds = 10;
constexpr double kLeastScore = 0.98;
constexpr double kPapersLimit = 0.6;  // of alpha + beta: above it the paper's searches failed
constexpr size_t kSpreadPool = 100;   // every one of these is simulated

struct Options {
  std::vector<std::string> topologies = {"dffr", "cnn"};
  std::string table;
  size_t threads = 1;
  uint64_t trials = 100;
  uint64_t pool = 2000;
};

class Progress {
 public:
  Progress(std::string what, size_t count) : what_(std::move(what)), count_(count) {}
  void step() {
    const size_t done = ++done_;
    if (done % std::max<size_t>(1, count_ / 20) == 0) {
      fmt::print(stderr, "{}: {} of {}\n", what_, done, count_);
    }
  }

 private:
  std::string what_;
  size_t count_;
  std::atomic<size_t> done_{0};
};

std::vector<SettingRuns> run_settings(CandidateTable& table, const std::vector<Setting>& settings,
                                      std::optional<double> least_score,
                                      std::span<const Configuration> pool, const Options& options) {
  std::vector<SettingRuns> all;
  for (const Setting& setting : settings) {
    all.push_back({setting, std::vector<StudyRun>(kSeeds), std::nullopt});
  }
  const std::string with = least_score ? " with a limit" : "";
  Progress pools("pools" + with, settings.size());
  in_parallel(settings.size(), options.threads, [&](size_t i) {
    all[i].pool_best = best_of_pool(table, objective_of(settings[i], least_score), pool);
    pools.step();
  });
  Progress progress("studies" + with, settings.size() * kSeeds);
  in_parallel(settings.size() * kSeeds, options.threads, [&](size_t i) {
    SettingRuns& setting = all[i / kSeeds];
    const uint64_t seed = i % kSeeds;
    setting.runs[seed] =
        run_study(table, objective_of(setting.setting, least_score), seed + 1, options.trials);
    progress.step();
  });
  return all;
}

void report(const std::string& topology, const Options& options) {
  const std::string file =
      fmt::format("{}/configs/searches/{}_mnist_small.json", WATTGRIND_SOURCE_DIR, topology);
  CandidateTable table(read_search_config(read_file(file), file),
                       options.table.empty() ? "" : options.table + "." + topology + ".csv");
  const std::vector<Configuration> pool = draw_pool(table.config().space, options.pool);
  const std::vector<Setting> settings = read_settings(topology);
  const auto free = run_settings(table, settings, std::nullopt, pool, options);
  constexpr size_t kPapersTrials = 10;
  fmt::print("## {}\n\nAfter {} trials:\n\n{}\n", topology, kPapersTrials,
             settings_table(table, free, free.front(), kPapersTrials));
  fmt::print("After {} trials:\n\n{}\n", options.trials,
             settings_table(table, free, free.front(), options.trials));
  std::fflush(stdout);
  std::vector<Setting> unlearned;
  std::copy_if(settings.begin(), settings.end(), std::back_inserter(unlearned),
               [](const Setting& s) { return s.alpha + s.beta > kPapersLimit; });
  const auto limited = run_settings(table, unlearned, kLeastScore, pool, options);
  fmt::print("After {} trials, with limits {{\"score\": {}}}:\n\n{}\n", options.trials, kLeastScore,
             settings_table(table, limited, free.front(), options.trials));
  std::fflush(stdout);
  fmt::print("Standard deviation of normalised costs:\n\n{}\n",
             spread_table(table, free.back(), std::span(pool).first(kSpreadPool)));
  std::fflush(stdout);
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  wattgrind::Options options;
  CLI::App app("powerML's twelve settings, searched again");
  app.add_option("--topology", options.topologies, "dffr, cnn")->capture_default_str();
  app.add_option("--table", options.table, "Keeps evaluated candidates in FILE.TOPOLOGY.csv");
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--trials", options.trials, "Of a study")->check(CLI::Range(10, 100000));
  app.add_option("--pool", options.pool, "Random candidates")->check(CLI::Range(100, 1000000));
  CLI11_PARSE(app, argc, argv);
  try {
    for (const std::string& topology : options.topologies) wattgrind::report(topology, options);
  } catch (const wattgrind::Error& error) {
    fmt::print(stderr, "powerml: {}\n", error.what());
    return static_cast<int>(error.kind());
  }
}
