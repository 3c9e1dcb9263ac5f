// How long does an estimate take, from the command to the last line of its table, and how much
// memory does its largest process need? Under cachegrind and by simulation, in turn; medians.
#include <fcntl.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "experiments/experiment.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

struct Options {
  std::vector<std::string> networks = {"lenet5", "alexnet", "vgg16"};
  std::vector<std::string> machines = {"skylake_i7_6700", "xeon_x5650_powerml"};
  // Estimated by simulation alone, cold, at batch 1.
  std::vector<std::string> simulated = {"squeezenet", "mobilenet_v2", "resnet50", "densenet121"};
  std::string simulated_machine = "zen3";
  int repetitions = 5;
};

struct Run {
  double seconds = 0;
  double mebibytes = 0;  // of the largest process
};

Run timed_run(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = std::chrono::steady_clock::now();
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(ErrorKind::kFailed, "{}: cannot be started", arguments[0]);
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail(ErrorKind::kFailed, "{}: failed", fmt::join(arguments, " "));
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return {elapsed.count(), static_cast<double>(usage.ru_maxrss) / 1024};
}

Run median(std::vector<Run> runs) {
  std::ranges::sort(runs, {}, &Run::seconds);
  return runs[runs.size() / 2];
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What counting instructions and predicting the core's cycles adds to counting a network: the
// median of the paired ratios of counting it with them and without, in turn.
double instruction_ratio(const std::string& name, const std::string& machine_name,
                         int repetitions) {
  const Network network = find_network(name);
  const Machine machine = find_machine(machine_name);
  const auto ignore = [](std::string_view, uint64_t, uint64_t) {};
  const auto count = [&](CountSource& source) {
    count_network(network, 1, machine, false, source, ignore, nullptr, Plan::kFused);
  };
  const auto simulation = make_simulation_source(CacheModel::kMachine);
  const auto with_instructions = make_instruction_source(*simulation);
  std::vector<double> ratios;
  for (int i = 0; i < repetitions; ++i) {
    const double without_s = seconds_of([&] { count(*simulation); });
    ratios.push_back(seconds_of([&] { count(*with_instructions); }) / without_s);
  }
  std::ranges::sort(ratios);
  return ratios[ratios.size() / 2];
}

void print_simulated(const Options& options) {
  fmt::print("\n{:<14} {:<20} {:>12} {:>8} {:>24}\n", "network", "machine", "simulate s", "MiB",
             "with instructions (%)");
  for (const std::string& network : options.simulated) {
    std::vector<Run> runs;
    for (int i = 0; i < options.repetitions; ++i) {
      runs.push_back(timed_run(
          {WATTGRIND_BINARY, "estimate", network, "--machine", options.simulated_machine}));
    }
    const Run middle = median(runs);
    const double ratio = instruction_ratio(network, options.simulated_machine, options.repetitions);
    fmt::print("{:<14} {:<20} {:>12.3f} {:>8.0f} {:>+24.1f}\n", network, options.simulated_machine,
               middle.seconds, middle.mebibytes, 100 * (ratio - 1));
    std::fflush(stdout);
  }
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Time and memory of estimates"};
  app.add_option("--networks", options.networks)->capture_default_str();
  app.add_option("--machines", options.machines)->capture_default_str();
  app.add_option("--simulated", options.simulated)->capture_default_str();
  app.add_option("--repetitions", options.repetitions)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  fmt::print("{:<10} {:<20} {:>14} {:>8} {:>14} {:>8} {:>8}\n", "network", "machine",
             "cachegrind s", "MiB", "simulate s", "MiB", "ratio");
  for (const std::string& network : options.networks) {
    for (const std::string& machine : options.machines) {
      std::vector<Run> cachegrind, simulate;
      for (int i = 0; i < options.repetitions; ++i) {
        const std::vector<std::string> command = {WATTGRIND_BINARY, "estimate", network,
                                                  "--machine",      machine,    "--counts"};
        for (auto [source, runs] :
             {std::pair("cachegrind", &cachegrind), std::pair("simulate", &simulate)}) {
          std::vector<std::string> arguments = command;
          arguments.emplace_back(source);
          runs->push_back(timed_run(arguments));
        }
      }
      const Run slow = median(cachegrind), fast = median(simulate);
      fmt::print("{:<10} {:<20} {:>14.3f} {:>8.0f} {:>14.3f} {:>8.0f} {:>8.1f}\n", network, machine,
                 slow.seconds, slow.mebibytes, fast.seconds, fast.mebibytes,
                 slow.seconds / fast.seconds);
      std::fflush(stdout);
    }
  }
  print_simulated(options);
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("estimate_speed", [&] { return wattgrind::run(argc, argv); });
}
