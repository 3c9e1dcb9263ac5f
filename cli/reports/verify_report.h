// Two countings of one network beside each other: how far a source is from cachegrind.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/terminal/table.h"
#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

struct Verification {
  Machine machine;
  NetworkCounts counted;    // by cachegrind
  NetworkCounts predicted;  // by another source after cachegrind's model, the same kernels
};

// A row a layer: references and the misses of every level as counted, each beside the other
// source's difference from it, and the total. Without the row `runtime`, which only cachegrind has.
Table verification_table(const Verification& verification, bool with_total);
std::string verification_text(const Verification& verification, Emphasis emphasis);
nlohmann::ordered_json verification_json(const Verification& verification);

}  // namespace wattgrind
