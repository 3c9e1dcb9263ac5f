// The points of a sweep: what is varied, and which networks and machines that makes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/network_case.h"

namespace wattgrind {

// "batch=1,2,4", "input=32..512*2" (each twice the one before), "filters=8..64+8", "units=1..9".
struct SweepFactor {
  std::string key;
  std::vector<std::string> values;  // as they are put into the point
};

// Throws Error(kUsage) for a text that is none, and for a range that is empty or has more than
// 10,000 values.
SweepFactor read_factor(const std::string& text);

// What stays the same.
struct SweepBase {
  std::string what;  // a network, or a layer or topology in short
  Machine machine;
  Plan plan = Plan::kFused;
  int64_t batch = 1;
  bool steady = false;
};

using SweepPoint = std::vector<std::string>;  // a value for each factor; empty: that of the base

// Every combination or, one at a time, each factor's values with the others as the base has them.
std::vector<SweepPoint> sweep_points(const std::vector<SweepFactor>& factors, bool one_at_a_time);

// A factor's key is batch, plan, machine.KEY (a figure of the profile: machine.L2.size_bytes,
// machine.L1.ways; machine.frequency_hz, where the profile has operating points, with the voltage
// of the clock: estimator/machine/operating_point.h), pool (max or avg), channels (of the input),
// or a key of the layer or topology in short, of which it replaces the value or is added. An input
// of one number is its height and width. Throws Error(kInput) or Error(kUsage) for a point that is
// no network or machine.
NetworkCase case_at(const SweepBase& base, const std::vector<SweepFactor>& factors,
                    const SweepPoint& point);

}  // namespace wattgrind
