// What a machine is like at another clock, and so at another voltage, than its profile tells of.
#pragma once

#include "estimator/machine/machine.h"

namespace wattgrind {

// The voltage at a clock, linear between the operating points. Throws Error(kInput) where the
// machine has none, or the clock lies outside of them.
double voltage_v(const Machine& machine, double frequency_hz);

// The machine held at this clock, f, where its profile tells of f0. With V and V0 the voltages
// there:
//  - what the core and its caches spend on an event, an operation or an instruction, and what it
//    draws while it is busy per cycle, scale by (V/V0)^2; a busy core's watts also by f/f0, as
//    switching does (P = C V^2 f: Burd and Brodersen, HICSS 1995);
//  - the clocks by width of vectors keep their ratio to f; caches keep their cycles;
//  - memory keeps its nanoseconds and its energies, so that its latency in cycles scales by f/f0;
//  - what is drawn whatever runs (static power, idle packages, uncore, board) stays in watts.
// Leakage's own fall with voltage is left out. Prices of time that were fitted, which are of f0,
// are dropped. Throws as voltage_v does.
Machine machine_at(Machine machine, double frequency_hz);

}  // namespace wattgrind
