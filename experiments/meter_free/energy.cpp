// Joules of whole networks, as published, beside several ways of estimating them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/fit/baseline.h"
#include "estimator/formats/csv.h"
#include "estimator/pricing/running_energy.h"
#include "estimator/system/file_text.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/methods.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"
#include "experiments/meter_free/xeon_layers.h"
#include "experiments/meter_free/xeon_networks.h"

namespace wattgrind {
namespace {

// A profile for a machine's name in files of published figures, the clock where it is another's,
// and the watts that its maker names as the most it draws.
struct PublishedMachine {
  const char* word;
  const char* profile;
  double clock_ghz;
  double tdp_w;
};
const PublishedMachine kMachines[] = {
    {"Cortex-A78AE", "cortex_a78ae", 0, 60},        // NVIDIA: Jetson AGX Orin, 15 to 60 W
    {"Raspberry Pi 4", "raspberry_pi_4", 1.5, 15},  // raspberrypi.com: a supply of 5 V, 3 A
    {"Jetson Nano", "jetson_tx1_a57", 1.43, 10},    // NVIDIA: Jetson Nano, 5 to 10 W
    {"Core i7-6700K", "skylake_i7_6700", 0, 91},    // Intel ARK, Core i7-6700K
};

// One published figure whose machine and network are known.
struct PublishedRow {
  std::string name;
  const PublishedMachine* machine = nullptr;
  Network network;
  int64_t batch = 1;
  double cores = 1;
  double read_s = 0;
  double read_j = 0;
  std::string meter;
};

const PublishedMachine* machine_of(const std::string& name) {
  for (const PublishedMachine& machine : kMachines) {
    if (name.find(machine.word) != std::string::npos) return &machine;
  }
  return nullptr;
}

std::string network_of(const std::string& name) {
  return name == "resnet50 v1.5" ? "resnet50" : name;
}

void add_published(const std::filesystem::path& file, std::vector<PublishedRow>& rows) {
  const CsvTable table = parse_csv(read_file(file), file.filename().string());
  for (const CsvRow& row : table.rows) {
    const auto field = [&](const char* column) { return row.fields[table.column(column)]; };
    const auto number = [&](const char* column) { return table.number(row, table.column(column)); };
    const PublishedMachine* machine = machine_of(field("machine"));
    if (machine == nullptr) continue;
    PublishedRow published;
    published.name = fmt::format("{}, {}, {} core{}", machine->word, field("network"),
                                 field("cores_used"), field("cores_used") == "1" ? "" : "s");
    published.machine = machine;
    published.network = find_network(network_of(field("network")));
    published.batch = std::llround(number("batch"));
    published.cores = number("cores_used");
    published.read_s = number("seconds");
    published.read_j = number("joules");
    published.meter = field("meter");
    rows.push_back(std::move(published));
  }
}

// What the board's supply delivers.
double board_j(double packages_j, double seconds, const Machine& machine) {
  return packages_j + seconds * running_power(machine, kAllIdle).value().around_w.value();
}

EnergyRow published_row(const PublishedRow& row) {
  const Machine machine = at_clock(builtin_machine(row.machine->profile), row.machine->clock_ghz);
  fmt::print(stderr, "counting {}\n", row.name);
  const PredictedCost predicted = predict(count_steady(row.network, row.batch, machine), machine);
  const double seconds = predicted.time.seconds / row.cores;
  double joules = packages_j(predicted, machine, row.cores, seconds);
  if (row.meter == "board") joules = board_j(joules, seconds, machine);
  fmt::print("{:<46} {:>8} {:8.1f} {:8.1f} {:9.3f} {:9.3f} {:8.2f} {:8.2f}\n", row.name, row.meter,
             1e3 * row.read_s, 1e3 * seconds, row.read_j, joules, row.read_j / row.read_s,
             joules / seconds);
  return {row.name,
          row.read_j,
          joules,
          predicted.energy_factor,
          seconds,
          row.machine->tdp_w,
          static_cast<double>(row.network.macs()) * static_cast<double>(row.batch),
          predicted.events_j};
}

// The Xeon's two networks, each with all its batches together.
std::vector<EnergyRow> xeon_rows(const Options& options) {
  const Machine machine = builtin_machine("xeon_gold_5120");
  const XeonNetworks networks = xeon_networks(options, machine);
  std::vector<EnergyRow> rows;
  size_t at = 0;
  for (const Group& group : networks.energies) {
    EnergyRow sum{fmt::format("Xeon Gold 5120, {}, {} batches", group.name, group.rows.size())};
    sum.tdp_w = kXeonTdpW;
    for (const Compared& row : group.rows) {
      const PredictedCost& predicted = networks.predictions[at];
      sum.read_j += row.read;
      sum.predicted_j += row.predicted;
      sum.factor = std::max(sum.factor, row.factor);
      sum.seconds += predicted.time.seconds;
      sum.macs += networks.macs[at];
      sum.events_j += predicted.events_j;
      ++at;
    }
    rows.push_back(std::move(sum));
  }
  return rows;
}

// The slope of a package's energy over pixels: what starting a process takes is no part of it.
void deepmeter_slope(const Options& options) {
  const std::string name = "deepmeter_conv1_by_image_size.csv";
  const CsvTable table = parse_csv(read_file(published(options, name)), name);
  const Machine machine = builtin_machine("skylake_server");
  std::vector<double> pixels, read_j, predicted_j, predicted_s;
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const char* column) { return table.number(row, table.column(column)); };
    const int64_t edge = std::llround(number("dimension"));
    Conv2d conv;
    conv.filters = 6;
    conv.window.kernel_height = conv.window.kernel_width = 5;
    const Network network = build_network(fmt::format("{0}x{0}", edge), {1, edge, edge},
                                          {{"conv1", conv}}, "deepmeter");
    const PredictedCost predicted = predict(count_steady(network, 1, machine), machine);
    pixels.push_back(number("pixels"));
    read_j.push_back((number("cpu0_mj") + number("cpu1_mj")) / 1e3 / 10000);
    predicted_j.push_back(predicted.machine_j);
    predicted_s.push_back(predicted.time.seconds);
  }
  const auto slope = [&](const std::vector<double>& values) {
    return fit_line(pixels, values, BaselineForm::kLine, Weighting::kAbsolute).slope;
  };
  fmt::print(
      "DeepMeter's first convolution, both packages: {:.3f} uJ a pixel read, {:.3f} "
      "predicted ({:.2f} ns)\n",
      1e6 * slope(read_j), 1e6 * slope(predicted_j), 1e9 * slope(predicted_s));
}

}  // namespace

void run_energy(const Options& options) {
  std::vector<PublishedRow> figures;
  add_published(published(options, "whole_networks_cpu.csv"), figures);
  add_published(WATTGRIND_SOURCE_DIR "/experiments/meter_free/published.csv", figures);
  fmt::print("{:<46} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>8}\n", "published", "meter", "read ms",
             "ms", "read J", "J", "read W", "W");
  std::vector<EnergyRow> rows;
  for (const PublishedRow& figure : figures) rows.push_back(published_row(figure));
  fmt::print("\n");
  deepmeter_slope(options);
  fmt::print("\n");
  for (EnergyRow& row : xeon_rows(options)) rows.push_back(std::move(row));
  const std::vector<Group> ways = by_method(rows);
  print_agreement("networks, energy of one pass", ways);
  draw("energy", "Networks, published readings", "J", ways);
  save_rows(options, "energy", ways);
}

}  // namespace wattgrind
