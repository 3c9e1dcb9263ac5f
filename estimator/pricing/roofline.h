// The roofline: what a machine could compute at most of what a layer moves (Williams, Waterman and
// Patterson, CACM 2009; by cache level: Ilic, Pratas and Sousa, 2014).
//
// A layer does so many operations for each byte that goes between a level and what is above it. It
// computes at most as fast as the core does at its peak, and as that times the level's bandwidth.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/machine/machine.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

// A level from L2 on, or DRAM, as the roof over what lies in it.
struct Roof {
  std::string of;  // "L2", ..., "DRAM"
  double bytes_per_s = 0;
};

struct RooflineRow {
  std::string name;
  double operations = 0;  // executed; a multiply-accumulate is two
  // By roof: operations for each byte that it moves; absent where nothing moves, or a source of
  // counts does not tell.
  std::vector<std::optional<double>> operations_a_byte;
  std::string bound;             // "core", or the roof that is lowest
  double attainable_per_s = 0;   // operations, under all roofs
  std::optional<double> time_s;  // predicted; absent where it is not
  std::optional<double> reached_per_s() const;
};

struct Roofline {
  std::string machine, network;
  double peak_per_s = 0;  // operations of the core
  std::vector<Roof> roofs;
  std::vector<RooflineRow> rows;  // those of the estimate that have operations
};

// Whether the profile has the bandwidth of every level from L2 on, and of DRAM.
bool has_roofs(const Machine& machine);

// The peak is in operations a second. Throws Error(kInput) naming the figure where the profile
// lacks a level's bandwidth.
Roofline roofline(const Estimate& estimate, double peak_per_s);

}  // namespace wattgrind
