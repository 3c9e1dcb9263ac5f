// How fast references are counted: every way of counting on the access programs of whole networks,
// against cachegrind on the same kernels and the plainest simulator one could write. Times are of
// the processor, not of the clock.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "cachesim/cachegrind/cachegrind.h"
#include "cachesim/walk/simulator.h"
#include "estimator/base/error.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/scratch_folder.h"
#include "experiments/experiment.h"
#include "kernels/count/pass_calls.h"
#include "kernels/executable/executable.h"
#include "kernels/program/program.h"
#include "tests/cachesim/list_oracle.h"

namespace wattgrind {
namespace {

LevelConfig level(std::string name, uint64_t size_bytes, uint32_t ways,
                  Containment containment = Containment::kNonInclusive) {
  return {std::move(name), {size_bytes, ways, 64}, Replacement::kLru, containment};
}

struct NamedHierarchy {
  std::string name;
  HierarchyConfig config;
};

std::vector<NamedHierarchy> hierarchies() {
  using enum CacheModel;
  const LevelConfig l1 = level("L1", 32768, 8);
  return {
      {"cachegrind, 32K/8 + 12M/24", {kCachegrind, {l1, level("LL", 12 << 20, 24)}}},
      {"32K/8 + 256K/8 + 8M/16",
       {kMachine, {l1, level("L2", 256 << 10, 8), level("L3", 8 << 20, 16)}}},
      {"32K/8 + 1M/16 + victim 1.375M/11",
       {kMachine,
        {l1, level("L2", 1 << 20, 16), level("L3", 1408 << 10, 11, Containment::kVictim)}}},
      {"32K/8 + 256K/8 + inclusive 12M/16",
       {kMachine,
        {l1, level("L2", 256 << 10, 8), level("L3", 12 << 20, 16, Containment::kInclusive)}}},
  };
}

struct SimulatedLoad {
  std::string name;
  Program program;
  std::vector<AccessProgram> layers;
  uint64_t references = 0;
};

SimulatedLoad workload(const std::string& network, int64_t batch) {
  SimulatedLoad out;
  out.name = fmt::format("{} batch {}", network, batch);
  out.program = lower_network(builtin_network(network), Isa::kAvx2, batch);
  for (const Step& step : out.program.steps) {
    out.layers.push_back(out.program.access_program(step));
    const ReferenceCounts counts = count_references(out.layers.back());
    out.references += counts.reads + counts.writes;
  }
  return out;
}

struct Timed {
  double seconds = 0;
  uint64_t first_level_misses = 0;  // what ways of counting must agree on
};

template <typename Count>
Timed median(int repetitions, Count count) {
  std::vector<Timed> runs;
  for (int i = 0; i < repetitions; ++i) {
    const std::clock_t start = std::clock();
    Timed run;
    run.first_level_misses = count();
    run.seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    runs.push_back(run);
  }
  std::ranges::sort(runs, {}, &Timed::seconds);
  return runs[runs.size() / 2];
}

Timed time_simulator(const SimulatedLoad& work, const HierarchyConfig& config, Counting counting,
                     int repetitions) {
  return median(repetitions, [&] {
    Simulator simulator(config, counting);
    uint64_t misses = 0;
    for (const AccessProgram& layer : work.layers) {
      misses += simulator.run(layer).traffic.total().levels[0].misses();
    }
    return misses;
  });
}

Timed time_lists(const SimulatedLoad& work, const HierarchyConfig& config) {
  return median(1, [&] {
    ListOracle lists(config);
    uint64_t misses = 0;
    for (const AccessProgram& layer : work.layers) {
      misses += lists.run(layer).total().levels[0].misses();
    }
    return misses;
  });
}

double seconds_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Once: its start-up is part of what a user waits for.
Timed time_cachegrind(const SimulatedLoad& work, const HierarchyConfig& config) {
  const Program* const passes[] = {&work.program};
  ExecutableSpec spec;
  spec.isa = work.program.isa;
  spec.arena_bytes = arena_bytes(passes);
  spec.calls = calls_of(passes);
  const std::vector<uint8_t> bytes = make_executable(spec);
  const ScratchFolder folder;
  const std::filesystem::path executable = folder.path() / "network";
  write_file(executable, std::string(bytes.begin(), bytes.end()), FileKind::kExecutable);
  const std::unique_ptr<ProcessRunner> runner = make_process_runner();
  const CacheGeometry l1 = config.levels[0].geometry;
  const double before = seconds_of_children();
  const CachegrindOutput output =
      count_executable(executable, {l1, l1, config.levels[1].geometry}, *runner);
  const double seconds = seconds_of_children() - before;
  return {seconds, output.summary[CachegrindEvent::kD1mr] + output.summary[CachegrindEvent::kD1mw]};
}

void print_row(const SimulatedLoad& work, const std::string& hierarchy, const std::string& counting,
               const Timed& timed) {
  fmt::print("| {} | {:.4g} | {} | {} | {:.2f} | {:.0f} | {} |\n", work.name,
             static_cast<double>(work.references) / 1e6, hierarchy, counting, timed.seconds * 1e3,
             static_cast<double>(work.references) / timed.seconds / 1e6, timed.first_level_misses);
}

int run(int argc, char** argv) {
  CLI::App app("Time every way of counting references.");
  std::vector<std::string> networks = {"lenet5:1", "alexnet:1", "vgg16:1"};
  int repetitions = 5;
  double slow_limit = 2e8;
  std::string only, only_counting;
  bool with_cachegrind = false;
  app.add_option("--networks", networks, "NAME:BATCH of built-in networks");
  app.add_option("--repetitions", repetitions);
  app.add_option("--slow-limit", slow_limit,
                 "references above which lists and single references are left out");
  app.add_option("--hierarchy", only, "only hierarchies whose name contains this");
  app.add_option("--counting", only_counting, "only this way of counting by the simulator");
  app.add_flag("--cachegrind", with_cachegrind, "also run cachegrind");
  CLI11_PARSE(app, argc, argv);

  fmt::print("| network | M references | caches | counting | ms | M references/s | L1 misses |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  for (const std::string& name : networks) {
    const size_t colon = name.find(':');
    const SimulatedLoad work = workload(name.substr(0, colon), std::stoll(name.substr(colon + 1)));
    const bool slow_ways = static_cast<double>(work.references) <= slow_limit;
    for (const NamedHierarchy& hierarchy : hierarchies()) {
      if (hierarchy.name.find(only) == std::string::npos) {
        continue;
      }
      if (hierarchy.config.model == CacheModel::kCachegrind && with_cachegrind) {
        print_row(work, hierarchy.name, "valgrind", time_cachegrind(work, hierarchy.config));
      }
      if (slow_ways) {
        print_row(work, hierarchy.name, "lists", time_lists(work, hierarchy.config));
      }
      for (const Counting counting :
           {Counting::kReference, Counting::kCollapsed, Counting::kReplayed}) {
        const bool is_exact = Simulator(hierarchy.config, counting).counting() == counting;
        const bool is_wanted = only_counting.empty() || only_counting == wattgrind::name(counting);
        if (is_exact && is_wanted && (counting != Counting::kReference || slow_ways)) {
          print_row(work, hierarchy.name, std::string(wattgrind::name(counting)),
                    time_simulator(work, hierarchy.config, counting, repetitions));
        }
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("simulator_speed", [&] { return wattgrind::run(argc, argv); });
}
