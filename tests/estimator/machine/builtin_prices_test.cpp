// The arithmetic of the built-in profiles is priced for the process that the CPU is made in.
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <string>

#include "estimator/formats/builtin_files.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

// Picojoules at 45 nm (M. Horowitz, Computing's energy problem, ISSCC 2014) and at 7 nm (Jouppi et
// al., Ten Lessons From Three Generations, ISCA 2021, Table 2).
struct Published {
  double at_45_nm, at_7_nm;
};
const std::map<std::string, Published> kPublished = {
    {"fp32_add_pj", {0.9, 0.38}},   {"fp32_multiply_pj", {3.7, 1.31}},
    {"int_add_pj", {0.1, 0.03}},    {"int_multiply_pj", {3.1, 1.48}},
    {"fp16_add_pj", {0.4, 0.16}},   {"fp16_multiply_pj", {1.1, 0.34}},
    {"int8_add_pj", {0.03, 0.007}}, {"int8_multiply_pj", {0.2, 0.07}}};

// Stillmaker and Baas, Scaling equations for the accurate prediction of CMOS device performance
// from 180 nm to 7 nm, Integration 58, 2017: the energy of an inverter is a V^2 + b V + c, here of
// the high-performance processes at their nominal voltages (read from
// github.com/wromaszkan/nodeScale).
double inverter_energy(int node_nm) {
  struct Process {
    double a, b, c, volts;
  };
  const std::map<int, Process> processes = {
      {45, {1.018, -0.3107, 0.1539, 1.0}},    {32, {0.8367, -0.4341, 0.1701, 0.9}},
      {20, {0.373, -0.1582, 0.04104, 0.9}},   {16, {0.2958, -0.1241, 0.03024, 0.85}},
      {14, {0.2363, -0.09675, 0.02239, 0.8}}, {10, {0.2068, -0.09311, 0.02375, 0.75}},
      {7, {0.1776, -0.09097, 0.02447, 0.7}}};
  const auto energy = [](const Process& p) { return (p.a * p.volts + p.b) * p.volts + p.c; };
  const auto larger = processes.lower_bound(node_nm);
  if (larger->first == node_nm) return energy(larger->second);
  const auto smaller = std::prev(larger);  // between two, by a power of the node
  const double share = std::log(static_cast<double>(node_nm) / larger->first) /
                       std::log(static_cast<double>(smaller->first) / larger->first);
  return energy(larger->second) * std::pow(energy(smaller->second) / energy(larger->second), share);
}

// Between both published figures, as far as the inverter's energy has fallen on a scale of ratios.
double interpolated(const Published& price, int node_nm) {
  const double share = std::log(inverter_energy(45) / inverter_energy(node_nm)) /
                       std::log(inverter_energy(45) / inverter_energy(7));
  return price.at_45_nm * std::pow(price.at_7_nm / price.at_45_nm, share);
}

Machine read_builtin(const std::string& name) {
  return read_machine(builtin_text("machines", name).value(), name);
}

TEST(BuiltinPrices, ArithmeticIsOfTheCpusProcess) {
  const std::map<std::string, int> nodes_nm = {{"airmont_z8350", 14},
                                               {"broadwell_e5_2630v4", 14},
                                               {"cortex_a73", 16},
                                               {"cortex_a78ae", 10},
                                               {"emerald_rapids", 10},
                                               {"graviton2", 7},
                                               {"icelake_server", 10},
                                               {"jetson_nano_a57", 20},
                                               {"jetson_tx1_a57", 20},
                                               {"jetson_tx2_a57", 16},
                                               {"raspberry_pi_3", 40},
                                               {"raspberry_pi_4", 28},
                                               {"raspberry_pi_5", 16},
                                               {"rk3588_a55", 10},
                                               {"rk3588_a76", 10},
                                               {"skylake_i7_6700", 14},
                                               {"skylake_server", 14},
                                               {"tigerlake", 10},
                                               {"tremont_n5105", 10},
                                               {"xeon_gold_5120", 14},
                                               {"xeon_x5650", 32},
                                               {"xeon_x5650_powerml", 32},
                                               {"zen1", 14},
                                               {"zen2", 7},
                                               {"zen3", 7},
                                               {"zen5_epyc", 7}};
  for (const std::string_view name : builtin_names("machines")) {
    const int node_nm = nodes_nm.at(std::string(name));
    const Machine machine = read_builtin(std::string(name));
    size_t priced = 0;
    for_each_price(machine.operations, [&](std::string_view key, std::string_view,
                                           const Sourced<double>& price) {
      const double wanted = interpolated(kPublished.at(std::string(key)), node_nm);
      EXPECT_NEAR(price.value, wanted, 0.006 * wanted) << name << " " << key;
      EXPECT_EQ(price.basis, node_nm == 7 ? Basis::kPublished : Basis::kScaled);
      EXPECT_NE(price.source.find(std::to_string(node_nm) + " nm"), std::string::npos);
      ++priced;
    });
    EXPECT_EQ(priced, kPublished.size()) << name;
  }
}

// Every figure tells how it was come by, and no more is claimed than the source says.
TEST(BuiltinPrices, EveryFigureHasABasis) {
  for (const std::string_view name : builtin_names("machines")) {
    const Machine machine = read_builtin(std::string(name));
    const auto check = [&](const auto& figure) {
      ASSERT_TRUE(figure.basis) << name << ": " << figure.source;
      EXPECT_NE(*figure.basis, Basis::kFitted) << name;
      for (const std::string_view doubt : {"stand-in", "standing in", "no figure"}) {
        if (figure.source.find(doubt) == std::string::npos) continue;
        EXPECT_EQ(*figure.basis, Basis::kAssumed) << name << ": " << figure.source;
      }
    };
    const auto check_priced = [&](const auto& priced) {
      check(priced.latency_cycles);
      check(priced.read_energy_pj);
      check(priced.write_energy_pj);
    };
    for (const CacheLevel& level : machine.levels) {
      check(level.geometry);
      check_priced(level);
    }
    check_priced(machine.dram);
    check(machine.frequency_hz);
  }
}

TEST(BuiltinPrices, ANodeThatDiffersIsTold) {
  for (const std::string_view name : builtin_names("machines")) {
    const Machine machine = read_builtin(std::string(name));
    const bool caches_at_22_nm =
        machine.levels[0].read_energy_pj.source.find("22 nm") != std::string::npos;
    bool told = false;
    for (const std::string& note : machine.notes)
      told |= note.starts_with("Arithmetic is priced for");
    EXPECT_EQ(told, caches_at_22_nm) << name;  // no CPU of these is made in 22 nm
  }
}

}  // namespace
}  // namespace wattgrind
