// An estimate as JSON: the schema wattgrind/estimate/2.
#pragma once

#include <nlohmann/json.hpp>

#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

nlohmann::ordered_json estimate_json(const Estimate& estimate);

}  // namespace wattgrind
