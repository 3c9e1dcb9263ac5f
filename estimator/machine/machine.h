// A machine profile tells what an estimate needs to know of a CPU. Every number names its source.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/machine/power.h"
#include "estimator/machine/sourced.h"

namespace wattgrind {

struct CacheGeometry {
  uint64_t size_bytes = 0;
  uint32_t ways = 0;
  uint32_t line_bytes = 0;

  uint64_t sets() const { return size_bytes / (uint64_t{ways} * line_bytes); }
  friend bool operator==(const CacheGeometry&, const CacheGeometry&) = default;
};

enum class Replacement { kLru, kTreePlru };

// How what a level holds is related to what the level above it, nearer the core, holds.
enum class Containment {
  kNonInclusive,  // a miss fills the level; what it evicts stays in the levels above
  kInclusive,     // a miss fills the level; what it evicts leaves the levels above too
  kVictim         // what the level above evicts fills the level; a hit moves the line up
};

struct CacheLevel {
  std::string name;  // "L1", "L2", ...
  Sourced<CacheGeometry> geometry;
  Replacement replacement = Replacement::kLru;
  Containment containment = Containment::kNonInclusive;
  Sourced<double> latency_cycles;   // in all, from load to use
  Sourced<double> read_energy_pj;   // L1: an access of 8 bytes; lower levels: one line
  Sourced<double> write_energy_pj;  // for the same amounts
  // What one core sustains of lines from this level, in a cycle of its clock; absent: not known,
  // and of the first level, which instructions read.
  std::optional<Sourced<double>> bytes_per_cycle;
  // A geometry of the same size for cachegrind, which refuses a number of sets that is no power of
  // two. Absent: cachegrind gets the true one.
  std::optional<Sourced<CacheGeometry>> cachegrind_substitute;
};

struct Dram {
  Sourced<double> latency_cycles;   // in all, from load to use
  Sourced<double> read_energy_pj;   // one line of the last level
  Sourced<double> write_energy_pj;  // one line of the last level
  // What one core sustains in a second; absent: not known, and of writes, as reads.
  std::optional<Sourced<double>> read_bytes_per_s;
  std::optional<Sourced<double>> write_bytes_per_s;
};

struct OperationEnergy {
  Sourced<double> fp32_add_pj;
  Sourced<double> fp32_multiply_pj;
  Sourced<double> int_add_pj;       // of 32 bits; of 64 bits it is priced as two
  Sourced<double> int_multiply_pj;  // of 32 bits; of 64 bits it is priced as four
  // Absent: not known.
  std::optional<Sourced<double>> fp16_add_pj;
  std::optional<Sourced<double>> fp16_multiply_pj;
  std::optional<Sourced<double>> int8_add_pj;
  std::optional<Sourced<double>> int8_multiply_pj;

  // The energy of one single-precision multiply-accumulate, by which energies are normalised.
  double mac_pj() const { return fp32_add_pj.value + fp32_multiply_pj.value; }
};

// The members of OperationEnergy, with their keys in profiles and their words for people. Whoever
// reads, writes, shows or changes all of them goes through these tables.
template <typename Member>
struct OperationPrice {
  std::string_view key;
  std::string_view words;
  Member OperationEnergy::*member;
};

inline constexpr std::array<OperationPrice<Sourced<double>>, 4> kOperationPrices = {{
    {"fp32_add_pj", "fp32 add", &OperationEnergy::fp32_add_pj},
    {"fp32_multiply_pj", "fp32 multiply", &OperationEnergy::fp32_multiply_pj},
    {"int_add_pj", "int32 add", &OperationEnergy::int_add_pj},
    {"int_multiply_pj", "int32 multiply", &OperationEnergy::int_multiply_pj},
}};

inline constexpr std::array<OperationPrice<std::optional<Sourced<double>>>, 4>
    kOptionalOperationPrices = {{
        {"fp16_add_pj", "fp16 add", &OperationEnergy::fp16_add_pj},
        {"fp16_multiply_pj", "fp16 multiply", &OperationEnergy::fp16_multiply_pj},
        {"int8_add_pj", "int8 add", &OperationEnergy::int8_add_pj},
        {"int8_multiply_pj", "int8 multiply", &OperationEnergy::int8_multiply_pj},
    }};

// Calls visit(key, words, price) for each price that is there.
template <typename Energies, typename Visit>
void for_each_price(Energies& energies, const Visit& visit) {
  for (const auto& price : kOperationPrices) {
    visit(price.key, price.words, energies.*price.member);
  }
  for (const auto& price : kOptionalOperationPrices) {
    if (energies.*price.member) visit(price.key, price.words, *(energies.*price.member));
  }
}

// Which design a CPU's cores are of, and how old it is.
struct CoreDesign {
  std::string name;  // of the microarchitecture: "Zen 3"
  int year = 0;      // in which processors with it were first sold or, of Arm's, it was announced
  std::string source;
  // LLVM's name of the core (-mcpu), whose scheduling model predicts time; empty: not known.
  std::string llvm_cpu = {};

  friend bool operator==(const CoreDesign&, const CoreDesign&) = default;
};

// Where fitted prices come from, and how far they are to be trusted.
struct CalibrationOrigin {
  std::string readings;         // the base name of the file
  uint64_t workloads = 0;       // how many it holds readings of
  double interval_percent = 0;  // half the 95 % interval of an energy estimated with the prices

  friend bool operator==(const CalibrationOrigin&, const CalibrationOrigin&) = default;
};

// Prices of time, fitted to the durations of the same readings: nanoseconds = sum of prices *
// counts. Latency cycles are those of latency_cost, charged to hits.
struct TimePrices {
  Sourced<double> mac_ns;
  Sourced<double> latency_cycle_ns;
  double interval_percent = 0;  // half the 95 % interval of a time estimated with the prices
};

// A clock that the core can be held at, and the voltage that it takes there (operating_point.h).
struct OperatingPoint {
  double frequency_hz = 0;
  double voltage_v = 0;
  std::string source;
};

enum class PriceOrigin { kDefault, kEyeriss, kCalibrated, kMeasured };

struct Machine {
  std::string name;
  std::string description;
  Isa isa = Isa::kAvx2;
  std::optional<CoreDesign> core;  // absent: not known
  std::vector<CacheLevel> levels;  // L1 first; at least one
  Dram dram;
  OperationEnergy operations;
  Sourced<double> frequency_hz;
  std::optional<Sourced<double>> static_power_w;  // absent: not known
  std::optional<Sourced<double>> cores;           // of one package; absent: not known
  std::optional<Sourced<double>> packages;        // that a meter of it sees; absent: one
  // 512-bit floating-point operations that a core starts in a cycle, where that is fewer than its
  // design has.
  std::optional<Sourced<double>> operations_512_per_cycle;
  Clocks clocks;
  std::vector<OperatingPoint> operating_points;  // by rising clock; empty: not known
  std::optional<Power> power;
  std::optional<InstructionEnergy> instructions;
  PriceOrigin prices = PriceOrigin::kDefault;
  std::optional<CalibrationOrigin> calibration;  // there if and only if prices are kCalibrated
  std::optional<TimePrices> time;                // only of a calibrated profile; absent: not known
  std::vector<std::string> notes;                // known doubts; for `host`, where prices are from
};

}  // namespace wattgrind
