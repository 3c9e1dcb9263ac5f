// Power over time, and the energy of an interval of it.
#pragma once

#include <vector>

namespace wattgrind {

struct PowerSample {
  double time_s = 0;
  double power_w = 0;
};

// Energy between two times, power taken as linear between samples. The samples are in ascending
// order of time and reach from start_s or earlier to stop_s or later; start_s <= stop_s.
double energy_between_j(const std::vector<PowerSample>& series, double start_s, double stop_s);

// Time from one sample to the next: the median, so that a logger that was stopped and started again
// keeps its pace. 0 of a single sample.
double pace_s(const std::vector<PowerSample>& series);

// How much of an interval lies in gaps: pauses between samples that are longer than most_pause_s.
// The interval and the series are as energy_between_j wants them.
//
//   samples   x  x  x  x           x  x  x
//   interval        |------------------|
//   gap                |<--------->|
double unsampled_s(const std::vector<PowerSample>& series, double start_s, double stop_s,
                   double most_pause_s);

}  // namespace wattgrind
