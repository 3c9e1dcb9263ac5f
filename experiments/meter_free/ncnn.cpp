// Networks that ncnn ran on one core of boards, phones, PCs and servers (its benchmark/README.md).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/fastest_plan.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"

namespace wattgrind {
namespace {

// A machine of the table, by how its name begins and which of its clusters ran, and the profile
// that stands for it. Left out are cores that compute `float` networks in half precision
// (Cortex-A55, A75 and later, Kunpeng 920) and designs that no profile has (Kryo of 2015, FTC662,
// FTC663).
struct ProfiledMachine {
  const char* name;  // the beginning of it
  int powersave;     // 0: all cores; 1: the little ones; 2: the big ones
  const char* short_name;
  const char* profile;
  double clock_ghz;  // of that core, by the name; 0: the profile's
};

const ProfiledMachine kMachines[] = {
    {"Qualcomm MSM8916 Snapdragon 410", 0, "Snapdragon 410 (A53)", "raspberry_pi_3", 1.2},
    {"Raspberry Pi 3 Model B+", 0, "Raspberry Pi 3B+ (A53)", "raspberry_pi_3", 1.4},
    {"Raspberry Pi Zero 2 W", 0, "Raspberry Pi Zero 2 (A53)", "raspberry_pi_3", 1.0},
    {"EAIDK 310", 0, "RK3228H (A53)", "raspberry_pi_3", 1.3},
    {"Rockchip RK3399", 1, "RK3399 little (A53)", "raspberry_pi_3", 1.5},
    {"AXERA AX630C", 0, "AX630C (A53)", "raspberry_pi_3", 1.2},
    {"Arduino UNO Q", 0, "QRB2210 (A53)", "raspberry_pi_3", 2.0},
    {"Qualcomm MSM8994 Snapdragon 810", 2, "Snapdragon 810 (A57)", "jetson_tx1_a57", 2.0},
    {"Raspberry Pi 4 Model B", 0, "Raspberry Pi 4 (A72)", "raspberry_pi_4", 1.8},
    {"Rockchip RK3399", 2, "RK3399 big (A72)", "raspberry_pi_4", 1.8},
    {"Khadas VIM3", 2, "Khadas VIM3 (A73)", "cortex_a73", 2.2},
    // Kryo 280 and 260 are Cortex-A73 with Qualcomm's changes.
    {"Qualcomm MSM8998 Snapdragon 835", 2, "Snapdragon 835 (A73)", "cortex_a73", 2.45},
    {"Qualcomm SDM660 Snapdragon 660", 2, "Snapdragon 660 (A73)", "cortex_a73", 2.2},
    {"Intel Atom x5-Z8350", 0, "Atom x5-Z8350", "airmont_z8350", 0},
    {"Intel Celeron N5105", 0, "Celeron N5105", "tremont_n5105", 0},
    {"AMD Ryzen Embedded V1605B", 0, "Ryzen V1605B (Zen)", "zen1", 0},
    {"AMD Ryzen Threadripper 3970X", 0, "Threadripper 3970X (Zen 2)", "zen2", 0},
    {"Hyper-V Linux Guest", 0, "Core i7-11800H", "tigerlake", 0},
    // A Xeon Platinum 8573C. It stands there twice, the second time with times half as long again.
    {"Microsoft Azure Standard D64s v6", 0, "Xeon 8573C", "emerald_rapids", 0},
};

// Inputs whose size the networks leave open, as benchncnn gives them.
const std::map<std::string, DimensionSizes> kSizes = {
    {"vision_transformer", {{"input.width", 384}, {"input.height", 384}, {"input.channels", 3}}},
    {"FastestDet", {{"in0.width", 352}, {"in0.height", 352}, {"in0.channels", 3}}},
};

// Seconds of one image, by machine's short name and network.
using NcnnTimes = std::map<std::string, std::map<std::string, double>>;

NcnnTimes read_times(const Options& options) {
  const CsvTable table =
      parse_csv(read_file(published(options, "ncnn_times.csv")), "ncnn_times.csv");
  NcnnTimes times;
  for (const CsvRow& row : table.rows) {
    const auto field = [&](const char* column) { return row.fields[table.column(column)]; };
    if (field("threads") != "1") continue;
    for (const ProfiledMachine& machine : kMachines) {
      if (!field("machine").starts_with(machine.name) ||
          field("powersave") != std::to_string(machine.powersave)) {
        continue;
      }
      const double seconds = table.number(row, table.column("min_ms")) / 1e3;
      const std::string name = machine.short_name;
      // A second table of the same machine is one of its own.
      const bool is_second = times[name].contains(field("network"));
      times[is_second ? name + ", again" : name].emplace(field("network"), seconds);
    }
  }
  return times;
}

// The networks in single precision of which there is a file.
std::map<std::string, Network> read_networks(const Options& options, const NcnnTimes& times) {
  std::set<std::string> names;
  for (const auto& [machine, by_network] : times) {
    for (const auto& [network, seconds] : by_network) names.insert(network);
  }
  std::map<std::string, Network> networks;
  for (const std::string& name : names) {
    const auto file = options.data / "data" / "ncnn_networks" / (name + ".param");
    if (name.ends_with("_int8") || !std::filesystem::exists(file)) continue;
    const auto sizes = kSizes.find(name);
    networks.emplace(name, find_network(file.string(),
                                        sizes == kSizes.end() ? DimensionSizes{} : sizes->second));
  }
  return networks;
}

// Counts depend on the profile and the network alone, not on the clock.
class Counts {
 public:
  explicit Counts(std::string plan) : plan_(std::move(plan)) {}

  const NetworkCounts& of(const std::string& profile, const Network& network) {
    const auto key = std::pair(profile, network.name);
    const auto found = counts_.find(key);
    if (found != counts_.end()) return found->second;
    fmt::print(stderr, "counting {} on {}\n", network.name, profile);
    const Machine machine = builtin_machine(profile);
    const PlanRequest plan = plan_ == "auto"     ? fastest_plan(Plan::kFused, network, 1, machine)
                             : plan_ == "direct" ? PlanRequest(Plan::kFused)
                                                 : PlanRequest(Plan::kLayers);
    return counts_.emplace(key, count_steady(network, 1, machine, plan)).first->second;
  }

 private:
  const std::string plan_;
  std::map<std::pair<std::string, std::string>, NetworkCounts> counts_;
};

// The share of a network's multiply-accumulates that are in convolutions for which ncnn takes
// Winograd's algorithm: 3x3, one tap and one step at a time, all channels together.
double winograd_share(const Network& network) {
  double share = 0;
  for (const Layer& layer : network.layers) {
    const Conv2d* conv = std::get_if<Conv2d>(&layer.operation);
    if (conv == nullptr || conv->groups != 1) continue;
    const Window2d& window = conv->window;
    const bool is_3x3 = window.kernel_height == 3 && window.kernel_width == 3;
    const bool is_dense = window.stride_height == 1 && window.stride_width == 1 &&
                          window.dilation_height == 1 && window.dilation_width == 1;
    if (is_3x3 && is_dense) share += static_cast<double>(layer.macs);
  }
  return share / static_cast<double>(network.macs());
}

bool is_wanted(const Options& options, std::string_view machine) {
  return options.cores.empty() || std::ranges::any_of(options.cores, [&](const std::string& core) {
           return machine.find(core) != std::string_view::npos;
         });
}

// A rank correlation for each list of at least this many, their mean and the least.
constexpr size_t kFewestToRank = 5;

void print_order(const std::string& what, const std::vector<Group>& groups) {
  double sum = 0, least = 1;
  size_t count = 0, enough = 0;
  std::string worst;
  for (const Group& group : groups) {
    if (group.rows.size() < kFewestToRank) continue;
    const double rank = agreement(group.rows).rank_correlation;
    sum += rank;
    ++count;
    enough += rank >= 0.93 ? 1 : 0;
    if (rank < least) {
      least = rank;
      worst = group.name;
    }
  }
  fmt::print(
      "order of the {}: Spearman {:.3f} in the mean, at least 0.93 in {} of {}, least {:.3f} "
      "({})\n",
      what, sum / static_cast<double>(count), enough, count, least, worst);
}

}  // namespace

void run_ncnn(const Options& options) {
  const NcnnTimes times = read_times(options);
  const std::map<std::string, Network> networks = read_networks(options, times);
  Counts counts(options.plan);
  std::vector<Group> by_machine;
  std::map<std::string, Group> by_network;
  std::vector<Group> by_algorithm = {{"networks with less than a tenth in Winograd's", {}},
                                     {"a tenth to a half", {}},
                                     {"a half and more", {}}};
  for (const ProfiledMachine& machine : kMachines) {
    if (!is_wanted(options, machine.short_name)) continue;
    const Machine profile = at_clock(builtin_machine(machine.profile), machine.clock_ghz);
    for (const std::string again : {"", ", again"}) {
      const auto own = times.find(machine.short_name + again);
      if (own == times.end()) continue;
      Group group{own->first, {}};
      for (const auto& [name, seconds] : own->second) {
        const auto network = networks.find(name);
        if (network == networks.end()) continue;
        const PredictedCost predicted =
            predict(counts.of(machine.profile, network->second), profile);
        group.rows.push_back({name, predicted.time.seconds, seconds, predicted.time_factor});
        const double share = winograd_share(network->second);
        by_algorithm[share < 0.1   ? 0
                     : share < 0.5 ? 1
                                   : 2]
            .rows.push_back({name, predicted.time.seconds, seconds, predicted.time_factor});
        Group& others = by_network[name];
        others.name = name;
        others.rows.push_back({own->first, predicted.time.seconds, seconds, predicted.time_factor});
      }
      by_machine.push_back(std::move(group));
    }
  }
  std::vector<Group> of_networks;
  for (const auto& [name, group] : by_network) of_networks.push_back(group);
  print_agreement("networks on a machine, time", by_machine);
  fmt::print("\n");
  print_agreement("machines for a network, time", of_networks);
  fmt::print("\n");
  print_agreement("by multiply-accumulates in Winograd's, time", by_algorithm);
  fmt::print("\n");
  print_order("networks on a machine", by_machine);
  print_order("machines for a network", of_networks);
  save_rows(options, "ncnn", by_machine);

  // Machines by the kind of core, for six colours.
  const std::pair<const char*, std::vector<const char*>> kinds[] = {
      {"Cortex-A53", {"(A53)"}},
      {"Cortex-A57, A72, A73", {"(A57)", "(A72)", "(A73)"}},
      {"Atom, Celeron", {"Atom", "Celeron"}},
      {"Zen, Zen 2", {"Ryzen", "Threadripper"}},
      {"Tiger Lake", {"Core"}},
      {"Emerald Rapids", {"Xeon"}}};
  std::vector<Group> drawn;
  for (const auto& [kind, words] : kinds) {
    Group group{kind, {}};
    for (const Group& machine : by_machine) {
      const auto names = [&](const char* word) {
        return machine.name.find(word) != std::string::npos;
      };
      if (!std::ranges::any_of(words, names)) continue;
      for (Compared row : machine.rows) {
        row.name += ", " + machine.name;
        group.rows.push_back(std::move(row));
      }
    }
    if (!group.rows.empty()) drawn.push_back(std::move(group));
  }
  if (!options.cores.empty()) return;
  draw("ncnn", "ncnn's networks, one thread, batch 1", "s", drawn);
}

}  // namespace wattgrind
