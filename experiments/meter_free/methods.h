// Joules of a pass by several ways of estimating them, side by side.
#pragma once

#include <string>
#include <vector>

#include "experiments/meter_free/table.h"

namespace wattgrind {

// A reading, and what ways of estimating take to tell it.
struct EnergyRow {
  std::string name;
  double read_j = 0;
  double predicted_j = 0;  // of what the meter saw
  double factor = 1;       // stated with it
  double seconds = 0;      // predicted
  double tdp_w = 0;        // of the packages at work
  double macs = 0;
  double events_j = 0;
};

// The ways, each with what it tells of every row: the machine's energy; TDP times predicted time,
// and half of it, which CodeCarbon takes where it finds no meter; multiply-accumulates times 4.6 pJ
// (Horowitz, ISSCC 2014: a multiplication and an addition in single precision at 45 nm), left out
// of rows without any; and the events alone, which the program told before it counted instructions
// and time.
std::vector<Group> by_method(const std::vector<EnergyRow>& rows);

}  // namespace wattgrind
