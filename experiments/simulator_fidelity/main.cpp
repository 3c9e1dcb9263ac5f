// How far is the simulation of cachegrind's model, or the machine-level trace through it, from
// cachegrind? All count the same kernels, on every network, machine and batch asked for; a row
// tells the largest difference of any layer, and that of the total.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/process.h"
#include "experiments/experiment.h"
#include "kernels/count/count_source.h"
#include "kernels/count/count_training.h"

namespace wattgrind {
namespace {

struct Options {
  std::vector<std::string> networks = {"lenet5", "alexnet", "vgg16", "dffr:layers=3,width=12",
                                       "cnn:layers=2,filters=4,filter_size=3"};
  std::vector<std::string> machines = {"xeon_x5650_powerml", "skylake_i7_6700",
                                       "broadwell_e5_2630v4", "odd"};
  std::vector<int64_t> batches = {1, 8};
  std::string counts = "simulate";  // or "trace"
  std::string phase = "inference";  // or "training": one step from empty caches, Adam
};

// Two small caches where sets conflict all the time: a geometry no kernel was made for.
Machine odd_machine() {
  Machine machine = builtin_machine("xeon_x5650_powerml");
  machine.name = "odd";
  machine.isa = Isa::kAvx2;
  machine.levels[0].geometry.value = {2 * 1024, 2, 64};
  machine.levels[1].geometry.value = {16 * 1024, 4, 64};
  machine.levels[1].cachegrind_substitute.reset();
  return machine;
}

// What is compared: references, misses of the first level, misses of the last.
constexpr std::array<std::string_view, 3> kCompared = {"refs", "L1 misses", "LL misses"};

std::array<uint64_t, 3> compared(const EventCounts& counts) {
  return {counts.refs.total(), counts.levels.front().misses, counts.levels.back().misses};
}

uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

// A layer agrees when it differs by less than half a percent, or by no more than a few.
constexpr double kRelativeTolerance = 0.005;
constexpr std::array<uint64_t, 3> kAbsoluteTolerance = {64, 16, 16};

struct Differences {
  std::array<uint64_t, 3> counted{};  // in total, by cachegrind
  std::array<uint64_t, 3> largest{};  // of one layer
  std::array<uint64_t, 3> in_total{};
  int layers_outside = 0;  // of the tolerance, in anything
};

Differences compare(const NetworkCounts& counted, const NetworkCounts& simulated) {
  Differences result;
  std::array<uint64_t, 3> total{};
  for (size_t i = 0; i < simulated.rows.size(); ++i) {
    const auto ours = compared(simulated.rows[i].counts);
    const auto theirs = compared(counted.rows[i].counts);
    bool outside = false;
    for (size_t k = 0; k < kCompared.size(); ++k) {
      const uint64_t difference = distance(ours[k], theirs[k]);
      outside |=
          difference > kAbsoluteTolerance[k] &&
          static_cast<double>(difference) > kRelativeTolerance * static_cast<double>(theirs[k]);
      result.largest[k] = std::max(result.largest[k], difference);
      result.counted[k] += theirs[k];
      total[k] += ours[k];
    }
    result.layers_outside += outside;
  }
  for (size_t k = 0; k < kCompared.size(); ++k) {
    result.in_total[k] = distance(total[k], result.counted[k]);
  }
  return result;
}

NetworkCounts count(const Options& options, const Network& network, const Machine& machine,
                    int64_t batch, CountSource& source) {
  const auto silent = [](std::string_view, uint64_t, uint64_t) {};
  if (options.phase == "training") {
    return count_training_step(network, Adam{}, batch, machine, false, source, silent, nullptr);
  }
  return count_network(network, batch, machine, false, source, silent, nullptr);
}

void run_case(const Options& options, const std::string& name, const Machine& machine,
              int64_t batch) {
  const Network network = find_network(name);
  const auto runner = make_process_runner();
  const auto cachegrind = make_cachegrind_source(*runner);
  const auto source = options.counts == "trace" ? make_trace_source(CacheModel::kCachegrind)
                                                : make_simulation_source(CacheModel::kCachegrind);
  const Differences differences = compare(count(options, network, machine, batch, *cachegrind),
                                          count(options, network, machine, batch, *source));
  fmt::print("{:<37} {:<19} {:>5}", name, machine.name, batch);
  for (size_t k = 0; k < kCompared.size(); ++k) {
    fmt::print(" {:>14} {:>5} {:>5}", differences.counted[k], differences.largest[k],
               differences.in_total[k]);
  }
  fmt::print(" {:>7}\n", differences.layers_outside);
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Differences of the simulation to cachegrind"};
  app.add_option("--networks", options.networks)->capture_default_str();
  app.add_option("--machines", options.machines, "built-in machines, or odd")
      ->capture_default_str();
  app.add_option("--batches", options.batches)->capture_default_str();
  app.add_option("--counts", options.counts, "What is held against cachegrind")
      ->check(CLI::IsMember({"simulate", "trace"}))
      ->capture_default_str();
  app.add_option("--phase", options.phase)
      ->check(CLI::IsMember({"inference", "training"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  fmt::print("{:<37} {:<19} {:>5}", "network", "machine", "batch");
  for (const std::string_view what : kCompared) {
    fmt::print(" {:>14} {:>5} {:>5}", what, "layer", "total");
  }
  fmt::print(" {:>7}\n", "outside");
  for (const int64_t batch : options.batches) {
    for (const std::string& network : options.networks) {
      for (const std::string& machine : options.machines) {
        run_case(options, network, machine == "odd" ? odd_machine() : find_machine(machine), batch);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("simulator_fidelity",
                                   [&] { return wattgrind::run(argc, argv); });
}
