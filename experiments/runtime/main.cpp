// Can counts predict how long a kernel runs? Times of random layers calibrate a model for each kind
// of layer, which then predicts layers it never saw and the built-in networks.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "estimator/atomic_file.h"
#include "estimator/builtin_files.h"
#include "estimator/error.h"
#include "estimator/fit_quality.h"
#include "estimator/machine_source.h"
#include "estimator/network_source.h"
#include "estimator/svg_plot.h"
#include "estimator/time_model.h"
#include "experiments/runtime/timed_networks.h"
#include "experiments/runtime/times.h"
#include "kernels/core_work.h"
#include "kernels/count_source.h"
#include "kernels/jit.h"

namespace wattgrind {
namespace {

constexpr size_t kKinds = std::size(kLayerKindNames);
constexpr size_t kFolds = 10;
// RMSPE by kind and error of networks that NeuralPower (Cai et al., ACML 2017) reports.
constexpr const char* kNeuralPowerRmspe[kKinds] = {"39.97", "41.92", "11.41", "-"};

struct Options {
  double seconds = 40;
  std::string write_times;
  std::vector<std::string> times;  // measured before; empty: measure now
};

// The kernels of a network, each with what it does in the steady state of the network.
struct CountedKernel {
  LayerKind kind = LayerKind::kOther;
  KernelWork work;
};

std::vector<CountedKernel> count_kernels(const Network& network, const Machine& machine) {
  const Program program = lower_network(network, machine.isa, 1);
  const Program* const passes[] = {&program, &program};
  const auto source = make_simulation_source(CacheModel::kMachine);
  const CountedPasses counted = source->count(passes, machine, [](std::string_view) {});
  std::vector<CountedKernel> kernels;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    const CoreWork core = core_work(step.nest);
    const Operation& operation = network.layers[static_cast<size_t>(step.layer)].operation;
    kernels.push_back(
        {kind_of(operation),
         {core.port_cycles, core.waiting_cycles, core.iterations, counted.passes[1].steps[i]}});
  }
  return kernels;
}

struct Sample {
  std::string name;
  LayerKind kind = LayerKind::kOther;
  TimedKernel kernel;
  double disagreement = 0;
};

std::vector<Sample> count_samples(const std::vector<Network>& layers, const Times& times,
                                  const Machine& machine) {
  std::vector<Sample> samples;
  for (const Network& layer : layers) {
    fmt::print(stderr, "counting {}\n", layer.name);
    const auto kernels = count_kernels(layer, machine);
    const RunTimes& run = times.at(layer.name);
    samples.push_back(
        {layer.name, kernels.at(0).kind, {kernels[0].work, run.median_s()}, run.disagreement()});
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
std::vector<double> left_out_s(const std::vector<const Sample*>& samples) {
  std::vector<double> predicted_s(samples.size());
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<TimedKernel> train;
    for (size_t i = 0; i < samples.size(); ++i) {
      if (i % kFolds != fold) train.push_back(samples[i]->kernel);
    }
    const TimeModel model = TimeModel::fit(train);
    for (size_t i = fold; i < samples.size(); i += kFolds) {
      predicted_s[i] = model.seconds(samples[i]->kernel.work);
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

// Fits a model for each kind, tells how it predicts what it never saw, and plots it.
std::vector<TimeModel> fit_models(const std::vector<Sample>& samples) {
  std::vector<TimeModel> models;
  std::string prices;
  ScatterPlot plot{"Layers left out", "log10 of the measured time (s)",
                   "predicted \u2212 measured (% of measured)"};
  fmt::print("{:<12} {:>7} {:>15} {:>12} {:>12} {:>14} {:>16}\n", "layers", "number",
             "RMSPE left out", "mean error", "RMSPE fitted", "repeatability", "NeuralPower RMSPE");
  for (size_t kind = 0; kind < kKinds; ++kind) {
    std::vector<const Sample*> own;
    std::vector<TimedKernel> kernels;
    std::vector<double> measured_s, fitted_s, disagreements;
    for (const Sample& sample : samples) {
      if (sample.kind != static_cast<LayerKind>(kind)) continue;
      own.push_back(&sample);
      kernels.push_back(sample.kernel);
      measured_s.push_back(sample.kernel.seconds);
      disagreements.push_back(sample.disagreement);
    }
    const TimeModel model = TimeModel::fit(kernels);
    for (const TimedKernel& kernel : kernels) fitted_s.push_back(model.seconds(kernel.work));
    const std::vector<double> predicted_s = left_out_s(own);
    const FitQuality left_out = fit_quality(measured_s, predicted_s);
    fmt::print("{:<12} {:7} {:15.1f} {:12.1f} {:12.1f} {:14.1f} {:>16}\n", kLayerKindNames[kind],
               own.size(), left_out.rmspe_percent, left_out.mape_percent,
               fit_quality(measured_s, fitted_s).rmspe_percent,
               root_mean_square_percent(disagreements), kNeuralPowerRmspe[kind]);
    PlotSeries series{std::string(kLayerKindNames[kind]), {}};
    for (size_t i = 0; i < own.size(); ++i) {
      series.points.push_back(
          {std::log10(measured_s[i]), 100 * (predicted_s[i] / measured_s[i] - 1), own[i]->name});
    }
    plot.series.push_back(std::move(series));
    prices += fmt::format("{}: {}\n", kLayerKindNames[kind], prices_text(model));
    models.push_back(model);
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
    fmt::print(stderr, "counting {}\n", network.name);
    double sum_s = 0;
    for (const CountedKernel& kernel : count_kernels(network, machine)) {
      sum_s += models[static_cast<size_t>(kernel.kind)].seconds(kernel.work);
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
  return time_networks(all, options.seconds);
}

void run(const Options& options) {
  const std::vector<Network> layers = random_layers(1);
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
