// Can counts predict how long a kernel runs? Times of random layers calibrate a model for each kind
// of layer, which then predicts layers it never saw and the built-in networks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/fit/fit_quality.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/machine/host_isa.h"
#include "estimator/models/time_model.h"
#include "estimator/system/atomic_file.h"
#include "experiments/runtime/timed_networks.h"
#include "experiments/runtime/times.h"
#include "kernels/count/count_source.h"
#include "kernels/nest/core_work.h"
#include "kernels/run/jit.h"

namespace wattgrind {
namespace {

constexpr size_t kKinds = std::size(kLayerKindNames);
constexpr size_t kFolds = 10;
// RMSPE by kind and error of networks that NeuralPower (Cai et al., ACML 2017) reports.
constexpr const char* kNeuralPowerRmspe[kKinds] = {"39.97", "41.92", "11.41", "-"};

struct Options {
  uint64_t seed = 1;  // of the layers
  double seconds = 40;
  std::string write_times;
  std::vector<std::string> times;  // measured before; empty: measure now
};

// The kernels of a network, each with what it does in one pass.
struct CountedKernel {
  TimedKind kind = TimedKind::kOther;
  KernelWork cold;    // from empty caches
  KernelWork steady;  // once more
};

Machine with_half_the_last_level(Machine machine) {
  CacheGeometry& geometry = machine.levels.back().geometry.value;
  geometry.ways /= 2;
  geometry.size_bytes /= 2;
  return machine;
}

// The last level is shared with whoever else computes on the processor, and does not replace its
// lines as LRU does: what half of it would not hold it is taken to hold every other time.
EventCounts with_shared_last_level(EventCounts whole, const EventCounts& half) {
  LevelCounts& last = whole.levels.back();
  last.misses = (last.misses + half.levels.back().misses) / 2;
  last.hits = last.accesses - last.misses;
  whole.dram.reads = (whole.dram.reads + half.dram.reads) / 2;
  return whole;
}

std::vector<CountedKernel> count_kernels(const Network& network, const Machine& machine) {
  fmt::print(stderr, "counting {}\n", network.name);
  const Program program = lower_network(network, machine.isa, 1);
  const Program* const passes[] = {&program, &program};
  const auto source = make_simulation_source(CacheModel::kMachine);
  const auto ignore = [](std::string_view, uint64_t, uint64_t) {};
  const CountedPasses whole = source->count(passes, machine, ignore);
  const CountedPasses half = source->count(passes, with_half_the_last_level(machine), ignore);
  std::vector<CountedKernel> kernels;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    const CoreWork core = core_work(step.nest);
    const auto work = [&](size_t pass) {
      return KernelWork{
          core.port_cycles, core.waiting_cycles, core.iterations,
          with_shared_last_level(whole.passes[pass].steps[i], half.passes[pass].steps[i])};
    };
    const Operation& operation = network.layers[static_cast<size_t>(step.layer)].operation;
    kernels.push_back({kind_of(operation), work(0), work(1)});
  }
  return kernels;
}

struct TimeSample {
  std::string name;
  TimedKind kind = TimedKind::kOther;
  bool cold = false;
  size_t fold = 0;  // of a layer warm and cold: neither is predicted by a fit that saw the other
  TimedKernel kernel;
  double disagreement = 0;
};

std::vector<TimeSample> count_samples(const std::vector<Network>& layers, const Times& times,
                                      const Machine& machine) {
  std::vector<TimeSample> samples;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Network& layer = layers[i];
    const CountedKernel kernel = count_kernels(layer, machine).at(0);
    const auto add = [&](bool cold, const KernelWork& work) {
      const RunTimes& run = times.at(cold ? cold_name(layer.name) : layer.name);
      samples.push_back(
          {layer.name, kernel.kind, cold, i % kFolds, {work, run.median_s()}, run.disagreement()});
    };
    add(false, kernel.steady);
    if (times.contains(cold_name(layer.name))) add(true, kernel.cold);
  }
  fmt::print(stderr, "\n");
  return samples;
}

double root_mean_square_percent(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return 100 * std::sqrt(squares / static_cast<double>(values.size()));
}

// Predictions of a kind's samples, each by a model of the other folds.
std::vector<double> left_out_s(const std::vector<const TimeSample*>& samples) {
  std::vector<double> predicted_s(samples.size());
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<TimedKernel> train;
    for (const TimeSample* sample : samples) {
      if (sample->fold != fold) train.push_back(sample->kernel);
    }
    const TimeModel model = TimeModel::fit(train);
    for (size_t i = 0; i < samples.size(); ++i) {
      if (samples[i]->fold == fold) predicted_s[i] = model.seconds(samples[i]->kernel.work);
    }
  }
  return predicted_s;
}

std::string prices_text(const TimeModel& model) {
  std::string text;
  for (size_t i = 0; i < model.names().size(); ++i) {
    text +=
        fmt::format("{}{} {:.3g}", i > 0 ? ", " : "", model.names()[i], 1e9 * model.prices_s()[i]);
  }
  return text;
}

// How well samples are predicted, warm or cold.
struct Errors {
  std::vector<double> measured_s, predicted_s, disagreements;

  void add(const TimeSample& sample, double prediction_s) {
    measured_s.push_back(sample.kernel.seconds);
    predicted_s.push_back(prediction_s);
    disagreements.push_back(sample.disagreement);
  }
  FitQuality quality() const { return fit_quality(measured_s, predicted_s); }
};

void print_errors(TimedKind kind, const Errors& warm, const Errors& cold) {
  const auto index = static_cast<size_t>(kind);
  fmt::print("{:<12} {:7} {:15.1f} {:12.1f} {:14.1f} {:17} {:7} {:15.1f} {:14.1f}\n",
             kLayerKindNames[index], warm.measured_s.size(), warm.quality().rmspe_percent,
             warm.quality().mape_percent, root_mean_square_percent(warm.disagreements),
             kNeuralPowerRmspe[index], cold.measured_s.size(), cold.quality().rmspe_percent,
             root_mean_square_percent(cold.disagreements));
}

// Fits a model for each kind, tells how it predicts what it never saw, and plots it.
std::vector<TimeModel> fit_models(const std::vector<TimeSample>& samples) {
  std::vector<TimeModel> models;
  std::string prices;
  ScatterPlot plot{"Layers left out", "log10 of the measured time (s)",
                   "predicted \u2212 measured (% of measured)"};
  fmt::print("{:<12} {:>7} {:>15} {:>12} {:>14} {:>17} {:>7} {:>15} {:>14}\n", "layers", "warm",
             "RMSPE left out", "mean error", "repeatability", "NeuralPower RMSPE", "cold",
             "RMSPE left out", "repeatability");
  for (size_t kind = 0; kind < kKinds; ++kind) {
    std::vector<const TimeSample*> own;
    std::vector<TimedKernel> kernels;
    for (const TimeSample& sample : samples) {
      if (sample.kind != static_cast<TimedKind>(kind)) continue;
      own.push_back(&sample);
      kernels.push_back(sample.kernel);
    }
    const std::vector<double> predicted_s = left_out_s(own);
    Errors warm, cold;
    PlotSeries series{std::string(kLayerKindNames[kind]), {}};
    for (size_t i = 0; i < own.size(); ++i) {
      const TimeSample& sample = *own[i];
      (sample.cold ? cold : warm).add(sample, predicted_s[i]);
      if (sample.cold) continue;
      series.points.push_back({std::log10(sample.kernel.seconds),
                               100 * (predicted_s[i] / sample.kernel.seconds - 1), sample.name});
    }
    print_errors(static_cast<TimedKind>(kind), warm, cold);
    plot.series.push_back(std::move(series));
    models.push_back(TimeModel::fit(kernels));
    prices += fmt::format("{}: {}\n", kLayerKindNames[kind], prices_text(models.back()));
  }
  fmt::print("\nprices (ns)\n{}\n", prices);
  write_file(WATTGRIND_SOURCE_DIR "/experiments/runtime/layers.svg", to_svg(plot));
  return models;
}

void predict_networks(const std::vector<Network>& networks, const Times& times,
                      const std::vector<TimeModel>& models, const Machine& machine) {
  std::vector<double> measured_s, predicted_s, disagreements;
  fmt::print("{:<10} {:>13} {:>14} {:>8} {:>17}\n", "network", "measured (ms)", "predicted (ms)",
             "off (%)", "repeatability (%)");
  for (const Network& network : networks) {
    double sum_s = 0;
    for (const CountedKernel& kernel : count_kernels(network, machine)) {
      sum_s += models[static_cast<size_t>(kernel.kind)].seconds(kernel.steady);
    }
    const RunTimes& run = times.at(network.name);
    measured_s.push_back(run.median_s());
    predicted_s.push_back(sum_s);
    disagreements.push_back(run.disagreement());
    fmt::print("{:<10} {:13.4f} {:14.4f} {:+8.1f} {:17.1f}\n", network.name,
               1e3 * measured_s.back(), 1e3 * sum_s, 100 * (sum_s / measured_s.back() - 1),
               100 * std::abs(disagreements.back()));
  }
  const FitQuality quality = fit_quality(measured_s, predicted_s);
  fmt::print("mean error {:.1f} %, RMSPE {:.1f} %, repeatability {:.1f} %; NeuralPower 11.8 %\n",
             quality.mape_percent, quality.rmspe_percent, root_mean_square_percent(disagreements));
}

Times measured_times(const Options& options, const std::vector<Network>& layers,
                     const std::vector<Network>& networks) {
  Times times;
  for (const std::string& file : options.times) add_times(file, times);
  if (!times.empty()) return times;
  std::vector<Network> all = layers;
  all.insert(all.end(), networks.begin(), networks.end());
  return time_networks(all, layers.size(), options.seconds);
}

void run(const Options& options) {
  const std::vector<Network> layers = random_layers(options.seed);
  std::vector<Network> networks;
  for (const std::string_view name : builtin_names("networks")) {
    networks.push_back(builtin_network(name));
  }
  const Times times = measured_times(options, layers, networks);
  if (!options.write_times.empty()) {
    write_file(options.write_times, times_csv(times));
    return;
  }
  Machine machine = find_machine("host");
  CHECK(machine.isa == host_isa(), "{}", machine.name);
  fmt::print("{}, {} kernels, one thread, batch 1: medians of {} rounds\n\n", machine.description,
             traits(machine.isa).name, times.begin()->second.rounds_s.size());
  const std::vector<TimeModel> models = fit_models(count_samples(layers, times, machine));
  predict_networks(networks, times, models, machine);
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  CLI::App program{"Run time of layers and networks from counts"};
  wattgrind::Options options;
  program.add_option("--seed", options.seed, "that layers are drawn with")->capture_default_str();
  program.add_option("--seconds", options.seconds, "of measuring")->capture_default_str();
  program.add_option("--write-times", options.write_times, "measure, write a CSV, and end");
  program.add_option("--times", options.times, "times that were written before");
  CLI11_PARSE(program, argc, argv);
  try {
    wattgrind::run(options);
    return 0;
  } catch (const wattgrind::Error& error) {
    fmt::print(stderr, "runtime: {}\n", error.what());
    return static_cast<int>(error.kind());
  }
}
