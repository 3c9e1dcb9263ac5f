// Measures layers of a profile until its time is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/commands/profile_layers.h"
#include "estimator/meters/meter.h"
#include "estimator/models/reading_precision.h"
#include "estimator/readings/layer_turns.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

struct ProfileRequest {
  double minutes = 10;
  TurnOptions turns;
  bool subtract_idle = true;
  std::string cpu, kernels;  // as readings say them
  std::string file;          // of the readings, as messages name it
  std::function<void(const std::string&)> warn;
  // How far it has got: what every kind has come to, and the seconds spent and in all.
  std::function<void(const std::vector<KindPrecision>&, double done_s, double total_s)> progress;
};

struct ProfileResult {
  std::vector<KindPrecision> kinds;  // with the earlier readings
  size_t measured = 0;               // layers, this time
  bool used_up = false;              // there were no layers left before the time was over
};

// Takes layers of the kinds that need them most, measures a few at a time in turns (time alone by
// the thread's clock, or energy by a meter that reads it) and appends what comes of each to the
// file. A signal, under an InterruptGuard, ends it with what is in the file. Earlier readings count
// for what kinds need. Errors are those of layers, workloads and meters.
ProfileResult run_profile(ProfileLayers& layers, const std::vector<Reading>& earlier, Meter& meter,
                          ReadingsFile& readings, const ProfileRequest& request);

}  // namespace wattgrind
