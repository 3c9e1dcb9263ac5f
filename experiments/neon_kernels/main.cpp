// How near do kernels for AArch64 come to what a core computes at most? The inner loop of every
// convolution and product of the built-in networks, through llvm-mca.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "experiments/experiment.h"
#include "experiments/neon_kernels/core_simulator.h"
#include "kernels/codegen/codegen.h"
#include "kernels/program/program.h"

namespace wattgrind {
namespace {

struct Options {
  std::vector<std::string> networks;  // empty: all
  std::string archive;                // libopenblas.a of arm64; empty: left out
  bool by_layer = false;
};

// LLVM 19 has a model of its own of the last alone: it takes the others for a Cortex-A57, which
// starts one multiply-add of 128 bits a cycle.
constexpr const char* kCores[] = {"cortex-a72", "cortex-a76", "neoverse-n1"};

// What a core does with nothing but independent multiply-adds, by its model.
double modelled_peak(CoreSimulator& simulator, const char* core) {
  std::vector<AssemblyInstruction> loop;
  constexpr int kSums = 24;
  for (int i = 0; i < kSums; ++i) {
    loop.push_back({0, fmt::format("fmla v{}.4s, v30.4s, v31.4s", i)});
  }
  return kSums / simulator.cycles(loop, core);
}

struct LoopRow {
  std::string label;
  uint64_t macs = 0;
  std::vector<AssemblyInstruction> loop;
};

bool is_product(const Operation& operation) {
  return std::holds_alternative<Conv2d>(operation) || std::holds_alternative<Dense>(operation) ||
         std::holds_alternative<MatMul>(operation);
}

// The inner loops of a network's convolutions and products.
std::vector<LoopRow> loops_of(const std::string& name, CoreSimulator& simulator) {
  const Network network = find_network(name);
  const Program program = lower_network(network, Isa::kNeon, 1);
  std::vector<LoopRow> rows;
  for (const Step& step : program.steps) {
    if (step.layer < 0) continue;
    const Layer& layer = network.layers[static_cast<size_t>(step.layer)];
    if (!is_product(layer.operation)) continue;
    const LoopNest* const nests[] = {&step.nest};
    const MachineCode code = generate_functions(nests, {Isa::kNeon, true});
    LoopRow row{fmt::format("{}/{}", name, layer.name), layer.macs,
                hottest_loop(simulator.disassemble(code.text))};
    if (!row.loop.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

// By a loop's text: most layers of a network have the same.
class KnownLoops {
 public:
  explicit KnownLoops(CoreSimulator& simulator) : simulator_(simulator) {}

  double per_cycle(const std::vector<AssemblyInstruction>& loop, const char* core) {
    std::string text = core;
    for (const AssemblyInstruction& each : loop) text += "\n" + each.text;
    const auto [known, is_new] = cycles_.try_emplace(text, 0);
    if (is_new) known->second = simulator_.cycles(loop, core);
    return static_cast<double>(multiply_adds(loop)) / known->second;
  }

 private:
  CoreSimulator& simulator_;
  std::map<std::string, double> cycles_;
};

void print_row(const std::string& label, uint64_t macs,
               const std::vector<AssemblyInstruction>& loop, KnownLoops& known,
               const std::map<std::string, double>& peaks) {
  fmt::print("| {} | {} | {} | {} |", label,
             macs == 0 ? "" : fmt::format("{:.1f}", 1e-6 * static_cast<double>(macs)),
             multiply_adds(loop), loads(loop));
  for (const char* core : kCores) {
    const double rate = known.per_cycle(loop, core);
    fmt::print(" {:.2f} ({:.0f} %) |", rate, 100 * rate / peaks.at(core));
  }
  fmt::print("\n");
}

int run(const Options& options) {
  CoreSimulator simulator;
  KnownLoops known(simulator);
  std::map<std::string, double> peaks;
  fmt::print("| core | multiply-adds a cycle at most, by its model |\n|---|---|\n");
  for (const char* core : kCores) {
    peaks[core] = modelled_peak(simulator, core);
    fmt::print("| {} | {:.2f} |\n", core, peaks[core]);
  }
  fmt::print("\n| layer | million MACs | multiply-adds in the loop | loads |");
  for (const char* core : kCores) fmt::print(" {} |", core);
  fmt::print("\n|---|---|---|---|---|---|---|\n");
  std::vector<std::string> networks = options.networks;
  if (networks.empty()) {
    for (const std::string_view name : builtin_names("networks")) networks.emplace_back(name);
  }
  for (const std::string& network : networks) {
    std::map<std::string, double> cycles;
    double macs = 0;
    std::optional<LoopRow> largest;
    for (LoopRow& row : loops_of(network, simulator)) {
      if (options.by_layer) print_row(row.label, row.macs, row.loop, known, peaks);
      macs += static_cast<double>(row.macs);
      for (const char* core : kCores) {
        const double share = known.per_cycle(row.loop, core) / peaks[core];
        cycles[core] += static_cast<double>(row.macs) / share;
      }
      if (!largest || row.macs > largest->macs) largest = std::move(row);
    }
    if (!largest) continue;
    print_row(largest->label + " (its largest)", largest->macs, largest->loop, known, peaks);
    fmt::print("| {} (all, by MACs) | {:.1f} | | |", network, 1e-6 * macs);
    for (const char* core : kCores) fmt::print(" {:.0f} % |", 100 * macs / cycles[core]);
    fmt::print("\n");
  }
  if (!options.archive.empty()) {
    for (const auto& [name, code] : simulator.functions_of(options.archive, "sgemm_kernel_")) {
      const auto loop = hottest_loop(code);
      const bool is_ours = name.ends_with("CORTEXA72") || name.ends_with("NEOVERSEN1") ||
                           name.ends_with("CORTEXA57");
      if (!loop.empty() && is_ours) print_row("OpenBLAS " + name, 0, loop, known, peaks);
    }
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  wattgrind::Options options;
  CLI::App app("Inner loops of NEON kernels, by llvm-mca");
  app.add_option("networks", options.networks, "Built-in networks, or all");
  app.add_option("--openblas", options.archive, "libopenblas.a of Debian's arm64 package");
  app.add_flag("--by-layer", options.by_layer, "A row for each layer");
  CLI11_PARSE(app, argc, argv);
  return wattgrind::exit_status_of("neon_kernels", [&] { return wattgrind::run(options); });
}
