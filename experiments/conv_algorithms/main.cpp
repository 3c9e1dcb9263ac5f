// Which algorithm of a convolution takes the least time, and which the least energy?
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/machine/host_isa.h"
#include "estimator/system/atomic_file.h"
#include "experiments/conv_algorithms/summary.h"
#include "experiments/experiment.h"

namespace wattgrind {
namespace {

struct Options {
  std::vector<std::string> networks = {"alexnet", "vgg16", "squeezenet", "resnet50"};
  std::vector<std::string> machines = {"raspberry_pi_4", "skylake_i7_6700", "skylake_server",
                                       "zen5_epyc"};
  std::string native = "zen5_epyc";  // the machine whose trials run here
  double seconds = 20;
  std::string csv, plots;
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Convolutions by every algorithm that applies: time and energy"};
  app.add_option("--networks", options.networks)->capture_default_str();
  app.add_option("--machines", options.machines)->capture_default_str();
  app.add_option("--native", options.native, "The machine that this computer is; empty: none")
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Of a network's native runs")->capture_default_str();
  app.add_option("--csv", options.csv, "Write every trial to a file");
  app.add_option("--plots", options.plots, "Write a plot a machine to a folder");
  CLI11_PARSE(app, argc, argv);
  std::string csv =
      "machine,network,layer,algorithm,scratch_bytes,predicted_s,energy_j,l1_j,l2_j,l3_j,dram_j,"
      "native_s\n";
  for (const std::string& word : options.machines) {
    const Machine machine = find_machine(word);
    std::vector<TrialCost> all;
    for (const std::string& network_word : options.networks) {
      const Network network = find_network(network_word);
      std::vector<TrialCost> trials = counted_trials(network, machine);
      if (word == options.native && machine.isa == host_isa()) {
        time_trials(network, machine, options.seconds, trials);
      }
      all.insert(all.end(), trials.begin(), trials.end());
    }
    print_summary(word, all);
    std::fflush(stdout);
    csv += csv_of(word, all);
    if (!options.plots.empty()) {
      write_file(options.plots + "/" + word + ".svg", plot_of(word, all));
    }
  }
  if (!options.csv.empty()) write_file(options.csv, csv);
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("conv_algorithms", [&] { return wattgrind::run(argc, argv); });
}
