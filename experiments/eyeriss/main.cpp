// Are Eyeriss's published energies, ratios, times and powers what the dataflow model says?
// README.md beside this file tells what is compared.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/dataflow/dataflow_estimate.h"
#include "estimator/dataflow/fixed_schedule.h"
#include "estimator/dataflow/sparsity_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"

namespace wattgrind {
namespace {

constexpr const char* kFolder = "experiments/eyeriss/";
constexpr double kBillion = 1e9;

DataflowEstimate estimate_of(const DataflowTasks& tasks, const char* accelerator,
                             const char* dataflow = "rs") {
  const Accelerator profile = find_accelerator(accelerator);
  return estimate_dataflow(tasks, profile, find_dataflow(dataflow), MappingObjective::kEnergy,
                           preferred_unit(profile));
}

// What all layers whose names begin so come to: both halves of a layer, say.
struct LayerSum {
  DataflowEnergy energy;
  double cycles = 0, dram_bytes = 0, buffer_words = 0, macs = 0;
  uint64_t active = 0;
};

LayerSum sum_of(const DataflowEstimate& estimate, const std::string& prefix) {
  LayerSum sum;
  for (const DataflowLayer& layer : estimate.layers) {
    if (!layer.mapped || !layer.task.name.starts_with(prefix)) continue;
    sum.energy += layer.energy;
    sum.cycles += layer.amounts.cycles;
    sum.dram_bytes += layer.dram_bytes;
    sum.macs += static_cast<double>(layer.mapped->macs);
    sum.active = layer.mapped->active_elements;
    for (const double words : layer.amounts.words[index_of(StorageLevel::kBuffer)]) {
      sum.buffer_words += words;
    }
  }
  return sum;
}

// By layer: ALU, DRAM, buffer, array, registers, in 1e9 of a MAC's energy. ALU, DRAM and registers
// are the published figures that nn_dataflow's tests hold (Chen, Emer, Sze 2016); buffer and array
// are nn_dataflow's own.
struct PublishedEnergy {
  const char* name;
  std::array<double, 5> energies;
};
constexpr std::array<PublishedEnergy, 8> kPublishedEnergies = {{
    {"conv1", {1.69, 2.46, 0.0737, 0.1934, 6.75}},
    {"conv2", {3.58, 2.27, 0.0681, 0.2140, 14.33}},
    {"conv3", {2.39, 2.02, 0.0606, 0.2420, 9.57}},
    {"conv4", {1.79, 1.57, 0.0470, 0.1831, 7.18}},
    {"conv5", {1.20, 1.05, 0.0314, 0.1220, 4.78}},
    {"fc6", {0.60, 7.78, 0.3338, 0.3515, 2.42}},
    {"fc7", {0.27, 3.39, 0.1018, 0.1008, 1.07}},
    {"fc8", {0.07, 0.84, 0.0251, 0.0250, 0.26}},
}};

void show_energies(const char* title, const DataflowEstimate& estimate) {
  fmt::print("{}\n{:7}{:>16}{:>16}{:>18}{:>18}{:>16}\n", title, "layer", "ALU", "DRAM", "buffer",
             "array", "registers");
  for (const PublishedEnergy& published : kPublishedEnergies) {
    const DataflowEnergy energy = sum_of(estimate, published.name).energy;
    const std::array<double, 5> found = {
        energy.compute, energy.level(StorageLevel::kDram), energy.level(StorageLevel::kBuffer),
        energy.level(StorageLevel::kArray), energy.level(StorageLevel::kRegisterFile)};
    fmt::print("{:7}", published.name);
    for (size_t i = 0; i < found.size(); ++i) {
      const int digits = i == 2 || i == 3 ? 4 : 2;
      fmt::print("{:>10.{}f} {:<{}.{}f}", found[i] / kBillion, digits, published.energies[i],
                 digits + 3, digits);
    }
    fmt::print("\n");
  }
  fmt::print("\n");
}

double energy_a_mac(const char* dataflow, int64_t images, const std::vector<const char*>& names) {
  DataflowTasks tasks = tasks_of(builtin_network("alexnet"), images);
  std::erase_if(tasks.layers, [&](const DataflowTask& task) {
    return std::none_of(names.begin(), names.end(),
                        [&](const char* name) { return task.name == name; });
  });
  const DataflowEstimate estimate = estimate_of(tasks, "eyeriss_isca16", dataflow);
  return estimate.energy.total() / estimate.amounts.macs;
}

void show_ratios() {
  const std::vector<const char*> convolutions = {"conv1", "conv2", "conv3", "conv4", "conv5"};
  const std::vector<const char*> dense = {"fc6", "fc7", "fc8"};
  fmt::print(
      "energy a MAC, AlexNet, batch 16, 256 elements, equal area; in parentheses to rs_reuse\n"
      "(published: convolutions 1.4 to 2.5, dense layers at least 1.3)\n"
      "dataflow      convolutions         dense\n");
  const double rows = energy_a_mac("rs_reuse", 16, convolutions);
  const double dense_rows = energy_a_mac("rs_reuse", 16, dense);
  for (const auto& dataflow : dataflows()) {
    const std::string name(dataflow->name());
    const double conv = energy_a_mac(name.c_str(), 16, convolutions);
    const double fc = energy_a_mac(name.c_str(), 16, dense);
    fmt::print("{:12}{:>8.3f} ({:.3f}){:>12.3f} ({:.3f})\n", name, conv, conv / rows, fc,
               fc / dense_rows);
  }
  fmt::print("\n");
}

// Chen et al., JSSC 2017, table V: AlexNet, batch 4.
struct MeasuredLayer {
  const char* name;
  double milliwatts, milliseconds;
  int active;
  double buffer_mb, dram_mb;
};
constexpr std::array<MeasuredLayer, 5> kMeasuredLayers = {{{"conv1", 332, 16.5, 154, 18.5, 5.0},
                                                           {"conv2", 288, 39.2, 135, 77.6, 4.0},
                                                           {"conv3", 266, 21.8, 156, 50.2, 3.0},
                                                           {"conv4", 235, 16.0, 156, 37.4, 2.1},
                                                           {"conv5", 236, 10.0, 156, 24.9, 1.3}}};

void show_chip(const char* title, const DataflowTasks& tasks) {
  constexpr double kMega = 1e6, kMilli = 1e3, kPicojoulesAMillijoule = 1e9;
  const DataflowEstimate estimate = estimate_of(tasks, "eyeriss_chip");
  fmt::print("{}\n{:7}{:>20}{:>20}{:>14}{:>18}{:>16}\n", title, "layer", "mW (measured)",
             "ms (measured)", "active", "buffer MB", "DRAM MB");
  for (const MeasuredLayer& measured : kMeasuredLayers) {
    const LayerSum sum = sum_of(estimate, measured.name);
    const double seconds = sum.cycles / estimate.accelerator.clock_hz->value;
    const double milliwatts = (sum.energy.total() - sum.energy.level(StorageLevel::kDram)) /
                              kPicojoulesAMillijoule / seconds;
    fmt::print(
        "{:7}{:>7.1f} {:>4.0f} {:>4.0f} %{:>10.2f} {:>4.1f} {:>+4.0f} %{:>8} {:>4}{:>9.1f} "
        "{:>5.1f}{:>9.2f} {:>5.1f}\n",
        measured.name, milliwatts, measured.milliwatts, 100 * milliwatts / measured.milliwatts,
        seconds * kMilli, measured.milliseconds,
        100 * (seconds * kMilli / measured.milliseconds - 1), sum.active, measured.active,
        2 * sum.buffer_words / kMega, measured.buffer_mb, sum.dram_bytes / kMega, measured.dram_mb);
  }
  fmt::print("\n");
}

// AlexNet's convolutions by CNNergy's rules, which have the clock and control that searched
// mappings lack: of one image, on the chip.
void show_fixed_schedule() {
  constexpr std::array<ScheduledLayer, 5> kLayers = {
      {{11, 3, 96, 55, 4, 227, 0.0001, 0.5102, 1, true},
       {5, 48, 256, 27, 1, 31, 0.387, 0.8066, 2},
       {3, 256, 384, 13, 1, 15, 0.725, 0.7244, 6},
       {3, 192, 384, 13, 1, 15, 0.793, 0.7018, 6},
       {3, 192, 256, 13, 1, 15, 0.776, 0.905, 6}}};
  constexpr double kMicrojoulesAMillijoule = 1e3, kImages = 4;
  fmt::print(
      "on the chip by CNNergy's fixed rules, zeros known, mJ an image\n"
      "layer     data   control     both   measured     buffer MB (measured)   DRAM MB "
      "(measured)\n");
  for (size_t i = 0; i < kLayers.size(); ++i) {
    const ScheduledEnergy energy = scheduled_energy(kLayers[i]);
    const MeasuredLayer& measured = kMeasuredLayers[i];
    fmt::print(
        "{:7}{:>7.3f}{:>10.3f}{:>9.3f}{:>11.3f}{:>14.1f} {:>11.1f}{:>10.2f} {:>11.1f}\n",
        measured.name, energy.on_chip_mj, energy.control_mj, energy.on_chip_mj + energy.control_mj,
        measured.milliwatts * measured.milliseconds / kMicrojoulesAMillijoule / kImages,
        energy.buffer_mb * kImages, measured.buffer_mb, energy.dram_mb * kImages, measured.dram_mb);
  }
  fmt::print("\n");
}

// Chen et al., JSSC 2017: VGG-16's convolutions, batch 3; milliseconds of processing by layer.
constexpr std::array<double, 13> kMeasuredVgg = {38.0,  810.6, 405.3, 810.8, 204.0, 408.1, 408.1,
                                                 105.1, 210.0, 210.0, 48.3,  48.5,  48.5};

void show_vgg() {
  const DataflowEstimate estimate =
      estimate_of(tasks_of(builtin_network("vgg16"), 3), "eyeriss_chip");
  constexpr double kMilli = 1e3, kMega = 1e6;
  fmt::print("eyeriss_chip, VGG-16, batch 3: milliseconds, found measured\n");
  double found_ms = 0, measured_ms = 0, dram_mb = 0;
  size_t next = 0;
  for (const DataflowLayer& layer : estimate.layers) {
    if (layer.task.kind != "conv2d") continue;
    const double milliseconds =
        layer.amounts.cycles / estimate.accelerator.clock_hz->value * kMilli;
    const double measured = kMeasuredVgg.at(next++);
    fmt::print("{:8}{:>8.1f} {:>6.1f} {:>+4.0f} %\n", layer.task.name, milliseconds, measured,
               100 * (milliseconds / measured - 1));
    found_ms += milliseconds;
    measured_ms += measured;
    dram_mb += layer.dram_bytes / kMega;
  }
  fmt::print(
      "{:8}{:>8.1f} {:>6.1f} {:>+4.0f} %; DRAM {:.0f} MB, measured 321 (maps compressed)\n\n",
      "all", found_ms, measured_ms, 100 * (found_ms / measured_ms - 1), dram_mb);
}

void show_speed(const char* network, int64_t images, const char* accelerator) {
  const DataflowTasks tasks = tasks_of(builtin_network(network), images);
  fmt::print("{:10} batch {:<3} {:16}", network, images, accelerator);
  for (const auto& dataflow : dataflows()) {
    const std::string name(dataflow->name());
    const auto start = std::chrono::steady_clock::now();
    try {
      estimate_of(tasks, accelerator, name.c_str());
    } catch (const Error&) {
      continue;  // a layer has no mapping by this dataflow
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print(" {} {:.3f}", name, seconds);
  }
  fmt::print("\n");
}

int run() {
  const std::string path = std::string(kFolder) + "alexnet_halves.json";
  show_energies(
      "AlexNet in two halves, batch 16, eyeriss_isca16, in 1e9 of a MAC's energy: found published",
      estimate_of(tasks_of(find_network(path), 16), "eyeriss_isca16"));
  show_energies("AlexNet unsplit (conv1 and conv3 as one layer each)",
                estimate_of(tasks_of(builtin_network("alexnet"), 16), "eyeriss_isca16"));
  show_ratios();
  DataflowTasks tasks = tasks_of(builtin_network("alexnet"), 4);
  show_chip("eyeriss_chip, AlexNet, batch 4, zeros not known: found measured", tasks);
  const std::string zeros = std::string(kFolder) + "alexnet_zeros.json";
  set_zeros(read_sparsity(read_file(zeros), zeros), zeros, tasks);
  show_chip("the same with the published zeros: gating, and compressed maps in DRAM", tasks);
  show_fixed_schedule();
  show_vgg();
  fmt::print("mapping search, one core, seconds by dataflow\n");
  show_speed("alexnet", 16, "eyeriss_isca16");
  show_speed("vgg16", 3, "eyeriss_chip");
  show_speed("resnet50", 1, "eyeriss_chip");
  show_speed("resnet50", 16, "eyeriss_isca16");
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main() {
  return wattgrind::exit_status_of("eyeriss", [] { return wattgrind::run(); });
}
