// A network on an accelerator as one case of a comparison, beside those on machines.
#pragma once

#include <cstdint>
#include <string>

#include "cli/reports/compare_report.h"
#include "estimator/accelerator/accelerator.h"
#include "estimator/network/network.h"

namespace wattgrind {

// By the dataflow that the accelerator is built for, each mapping for least energy. Layers that are
// not mapped are named, and in no figure but the network's multiply-accumulates and parameters.
// Energy is absent where the profile has none in picojoules, time where it has no clock. Throws
// Error(kInput) for a layer that has no mapping.
CaseFigures accelerator_figures(const std::string& label, const Network& network,
                                const Accelerator& accelerator, int64_t batch);

}  // namespace wattgrind
