// Points of a sweep, measured on this computer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands/network_case.h"
#include "estimator/meters/meter.h"

namespace wattgrind {

struct PointToMeasure {
  NetworkCase given;
  CaseFigures* figures = nullptr;  // gets the time and, where the meter reads energy, the energy
};

// Runs the networks as written, layer by layer, with warm caches; a few points take turns. Calls
// `done` for each point that has its figures. Under an InterruptGuard a signal ends it after the
// points that are whole. Throws what the meter throws.
void measure_points(const std::vector<PointToMeasure>& points, Meter& meter,
                    const std::function<void(const PointToMeasure&)>& done);

}  // namespace wattgrind
