// An estimate as people and spreadsheets read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

// "default", "eyeriss", ...
std::string_view origin_name(PriceOrigin origin);

// What is counted and priced how, above a table; and the notes below it.
std::string estimate_heading(const Estimate& estimate);
std::string estimate_notes(const Estimate& estimate);

// A table with the given metrics after the layer's name, or with those people want most where none
// are given. Throws Error(kUsage) for a metric there is not, naming those there are.
std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          const TextPage& page);
Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics);

}  // namespace wattgrind
