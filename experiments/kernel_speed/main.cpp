// How fast are layers, in GFLOP/s of the network's own multiply-accumulates or, where they have
// none, of their other operations, one thread? Every candidate's runs of a layer are interleaved at
// random; medians are shown.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "experiments/experiment.h"
#include "experiments/kernel_speed/agreement.h"
#include "experiments/kernel_speed/byte_layers.h"
#include "experiments/kernel_speed/candidate.h"
#include "experiments/kernel_speed/generated.h"
#include "experiments/kernel_speed/isa_processes.h"
#include "experiments/kernel_speed/onednn.h"
#include "experiments/kernel_speed/openblas.h"
#include "experiments/kernel_speed/speed_table.h"
#include "experiments/kernel_speed/timed_layer.h"

namespace wattgrind {
namespace {

struct Options {
  std::vector<std::string> networks = {"lenet5", "alexnet", "vgg16"};
  int64_t batch = 1;
  int repetitions = 9;
  double seconds = 0.05;  // least time of one repetition
  std::string only;       // part of the labels of the layers that are timed; empty: all are
  bool on_bytes = false;  // layers on bytes
  std::string isa;        // empty: each one that the CPU has, in a process of its own
};

// Keeps the seconds of its thread that a run takes, by benchmark and repetition: the time that the
// system gives the core to other programs is not the kernel's.
class SecondsReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      seconds_[run.run_name.function_name].push_back(run.cpu_accumulated_time /
                                                     static_cast<double>(run.iterations));
    }
  }

  std::map<std::string, double> medians() const {
    std::map<std::string, double> medians;
    for (auto [name, seconds] : seconds_) {
      const auto middle = seconds.begin() + static_cast<ptrdiff_t>(seconds.size() / 2);
      std::nth_element(seconds.begin(), middle, seconds.end());
      medians[name] = *middle;
    }
    return medians;
  }

 private:
  std::map<std::string, std::vector<double>> seconds_;
};

std::map<std::string, double> time_layer(const TimedLayer& layer, Isa isa,
                                         const std::vector<KernelImplementation>& candidates,
                                         const Options& options) {
  benchmark::ClearRegisteredBenchmarks();
  std::vector<PreparedLayer> prepared;
  std::vector<float> expected;  // the first candidate's output
  prepared.reserve(candidates.size());
  for (const KernelImplementation& candidate : candidates) {
    std::optional<PreparedLayer> ready = candidate.prepare(layer, isa);
    if (!ready) continue;
    fmt::print(stderr, "{}: {} uses {}\n", layer.label, candidate.name, ready->implementation);
    prepared.push_back(std::move(*ready));
    const std::function<void()>& run = prepared.back().run;
    run();
    if (prepared.back().output) {
      const std::vector<float> output = prepared.back().output();
      if (prepared.size() == 1) expected = output;
      check_agreement(fmt::format("{}: {}", layer.label, candidate.name), output, expected);
    }
    benchmark::RegisterBenchmark(candidate.name.c_str(),
                                 [&run](benchmark::State& state) {
                                   for (auto _ : state) run();
                                 })
        ->Repetitions(options.repetitions)
        ->MinTime(options.seconds);
  }
  SecondsReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.medians();
}

Isa isa_named(const std::string& name) {
  for (Isa isa : timed_isas()) {
    if (traits(isa).name == name) return isa;
  }
  fail(ErrorKind::kMissing, "--isa: found {}, wanted avx2 or avx512, and a CPU that has it", name);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Speed of layers beside oneDNN and OpenBLAS"};
  app.add_option("--networks", options.networks, "built-in networks, or files")
      ->capture_default_str();
  app.add_option("--batch", options.batch, "images a run")->check(CLI::PositiveNumber);
  app.add_option("--repetitions", options.repetitions)->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "least time of a repetition");
  app.add_option("--only", options.only, "time layers whose label has this word in it");
  app.add_flag("--int8", options.on_bytes, "on bytes, with 7-bit weights");
  app.add_option("--isa", options.isa, "avx2 or avx512; default: each one the CPU has");
  CLI11_PARSE(app, argc, argv);
  if (options.isa.empty()) return run_for_each(timed_isas(), {argv, argv + argc});

  const Isa isa = isa_named(options.isa);
  enter_environment(isa, argv);
  std::string program = argv[0], interleave = "--benchmark_enable_random_interleaving=true";
  std::vector<char*> flags = {program.data(), interleave.data()};
  int flag_count = static_cast<int>(flags.size());
  benchmark::Initialize(&flag_count, flags.data());

  std::vector<KernelImplementation> candidates = {onednn_direct(), generated(), onednn_winograd(),
                                                  generated_fastest(), openblas()};
  if (options.on_bytes) candidates = {onednn_on_bytes(), generated_on_bytes()};
  std::vector<std::string> names;
  for (const KernelImplementation& candidate : candidates) names.push_back(candidate.name);
  SpeedTable table(names);
  for (const std::string& network : options.networks) {
    for (const TimedLayer& layer : timed_layers(network, options.batch)) {
      if (layer.label.find(options.only) == std::string::npos) continue;
      table.add_layer(layer, time_layer(layer, isa, candidates, options));
    }
  }
  fmt::print("{}{}, batch {}, one thread, {}\n{}{}\n", options.isa,
             options.on_bytes ? ", int8" : "", options.batch,
             options.on_bytes ? "Gop/s" : "GFLOP/s", table.to_text(),
             options.on_bytes ? "" : table.best_text("auto", {"oneDNN", "Winograd"}));
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("kernel_speed", [&] { return wattgrind::run(argc, argv); });
}
