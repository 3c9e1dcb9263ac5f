#include "experiments/characterisation/findings.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/commands/network_case.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/machine/operating_point.h"
#include "experiments/characterisation/studies.h"

namespace wattgrind {
namespace {

// Chen's Xeon E5-2650 v2 is one generation older.
constexpr const char* kNearest = "broadwell_e5_2630v4";

constexpr double kRestW[] = {0, 1, 2, 4, 8};

struct Finding {
  std::string says, chen, estimated, measured;
  bool holds_estimated = false;
  bool holds_measured = false;
};

void print(const Finding& finding) {
  const auto verdict = [](const std::string& figure, bool holds) {
    return figure.empty() ? std::string("cannot be told")
                          : figure + (holds ? " holds" : " does NOT");
  };
  fmt::print("{:<52} {:>14} {:>22} {:>22}\n", finding.says, finding.chen,
             verdict(finding.estimated, finding.holds_estimated),
             verdict(finding.measured, finding.holds_measured));
}

std::string figure(double value) { return fmt::format("{:.3g}", value); }

// A cost that grows as a power of x, by first and last points.
void print_power(const std::string& says, double chen, const std::vector<double>& xs,
                 const Study& study) {
  const double energy = exponent(xs, study.energies_j());
  const double time = exponent(xs, study.measured_times_s());
  const auto near = [&](double value) { return std::abs(value - chen) < 0.25; };
  print({says, figure(chen), figure(energy), figure(time), near(energy), near(time)});
}

void print_linear(const std::string& says, double chen, const std::vector<double>& xs,
                  const Study& study) {
  const double energy = r_squared(xs, study.energies_j());
  const double time = r_squared(xs, study.measured_times_s());
  print({says, fmt::format("R2 {:.4f}", chen), fmt::format("{:.4f}", energy),
         fmt::format("{:.4f}", time), energy >= 0.99, time >= 0.99});
}

// `costlier` over the other, which he finds above 1 (or below).
void print_ratio(const std::string& says, double chen, const CaseFigures& above,
                 const CaseFigures& below) {
  const double energy = above.total.energy_j / below.total.energy_j;
  const double time = above.measured_time_s.value() / below.measured_time_s.value();
  // Costs within 2 % are alike.
  const auto agrees = [&](double value) { return (value > 1.02) == (chen > 1.02); };
  print({says, figure(chen), figure(energy), figure(time), agrees(energy), agrees(time)});
}

void print_convolutions(const Machine& machine) {
  print_power("convolution: energy as input pixels to the power", 1.04,
              {13 * 13, 16 * 16, 27 * 27, 56 * 56, 128 * 128},
              shipped_study("chen_conv_input", machine));
  print_power("convolution: as the kernel's area to the power", 0.87, {9, 25, 49, 81, 121},
              shipped_study("chen_conv_kernel", machine));
  const Study channels = shipped_study("chen_conv_channels", machine);
  Study ends;
  ends.points = {channels.points.front(), channels.points.back()};
  print_power("convolution: as in x out channels to the power", 0.79, {3 * 96, 384 * 384}, ends);
}

void print_pooling(const Machine& machine) {
  print_power("pooling: as input pixels to the power", 0.95, {13 * 13, 27 * 27, 55 * 55},
              shipped_study("chen_pool_input", machine));
  const Study methods = shipped_study("chen_pool_method", machine);
  print_ratio("average pooling over max pooling, 55x55", 1.38, methods.at("avg", "3"),
              methods.at("max", "3"));
  print_ratio("a pooling kernel of 3 over one of 2, 55x55", 1.27, methods.at("max", "3"),
              methods.at("max", "2"));
  const Study small =
      study_of("maxpool:kernel=3,stride=2,input=256x13x13", {"kernel=2,3"}, machine);
  print_ratio("the same on 13x13", 1.01, small.at("3"), small.at("2"));
}

double share_of(const std::vector<std::pair<std::string, double>>& parts, const std::string& kind) {
  double sum = 0, wanted = 0;
  for (const auto& [name, seconds] : parts) {
    sum += seconds;
    if (name == kind) wanted += seconds;
  }
  return wanted / sum;
}

// By clock, the energy of AlexNet with all that a busy core and its uncore draw, and with what else
// the machine draws while it waits.
void print_own_clocks() {
  const Machine machine = builtin_machine("rk3588_a76");
  fmt::print("\nAlexNet on {}, estimated: mJ, with so much that is drawn whatever runs\n",
             machine.name);
  fmt::print("  {:>9} {:>8} {:>8}", "clock", "voltage", "ms");
  for (const double rest_w : kRestW) fmt::print(" {:7.0f} W", rest_w);
  fmt::print("\n");
  for (const OperatingPoint& point : machine.operating_points) {
    const NetworkCase given{"", builtin_network("alexnet"),
                            machine_at(machine, point.frequency_hz)};
    const CaseFigures figures =
        case_figures(given, nullptr, [](std::string_view, uint64_t, uint64_t) {});
    const double seconds = figures.total.time_s.value();
    fmt::print("  {:5.3f} GHz {:6.4f} V {:8.2f}", point.frequency_hz / 1e9, point.voltage_v,
               1e3 * seconds);
    for (const double rest_w : kRestW) {
      fmt::print(" {:9.1f}", 1e3 * (figures.total.energy_j + rest_w * seconds));
    }
    fmt::print("\n");
  }
}

}  // namespace

void print_findings() {
  const Machine machine = builtin_machine(kNearest);
  fmt::print("{:<52} {:>14} {:>22} {:>22}\n", "finding", "Chen", "estimated (energy)",
             "measured here (time)");
  print_linear("energy is linear in the batch (AlexNet)", 0.9999, {1, 2, 4, 8, 16},
               shipped_study("chen_alexnet_batch", machine));
  print_convolutions(machine);
  print_pooling(machine);
  print_linear("a dense layer's energy is linear in its parameters", 1, {1000, 2000, 3000, 4096},
               shipped_study("chen_dense_units", machine));
  print({"math libraries differ by a factor of 3", "9.8 to 28 kJ", "", "", false, false});
  print({"frameworks differ on the same library", "0.5 to 1.3 kJ", "", "", false, false});
  print_own_clocks();
}

void print_wholes() {
  fmt::print("\n{:<16} {:>12} {:>14} {:>14}\n", "network", "whole (ms)", "layers, warm",
             "cold (% off)");
  double sum = 0;
  const std::vector<std::string> names = {"alexnet",  "cifar10_6conv", "deep_autoencoder", "ds_cnn",
                                          "lenet5",   "mobilenet_v1",  "mobilenet_v2",     "nin",
                                          "resnet18", "resnet8",       "squeezenet",       "zfnet"};
  for (const std::string& name : names) {
    const WholeAndParts times = whole_and_parts(name);
    const double off = 100 * (times.parts_s / times.whole_s - 1);
    sum += std::abs(off);
    fmt::print("{:<16} {:12.4f} {:+14.1f} {:+14.1f}\n", name, 1e3 * times.whole_s, off,
               100 * (times.cold_parts_s / times.whole_s - 1));
    if (name != "alexnet") continue;
    fmt::print("  of alexnet's time convolution takes {:.0f} %, dense {:.0f} %, pooling {:.0f} %\n",
               100 * share_of(times.by_kind_s, "conv2d"), 100 * share_of(times.by_kind_s, "dense"),
               100 * share_of(times.by_kind_s, "maxpool2d"));
  }
  fmt::print("mean of the sizes, warm: {:.1f} %\n", sum / static_cast<double>(names.size()));
}

}  // namespace wattgrind
