// Writes an estimate for people and for spreadsheets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

// "default", "eyeriss", ...
std::string_view origin_name(PriceOrigin origin);

// "events", "activity", "running", "machine"
std::string_view scope_name(EnergyScope scope);

// The lines above a table say what is counted and how it is priced; the lines below are its notes.
std::string estimate_heading(const Estimate& estimate);
// The keys of the profile's figures of time and energy that it lacks; none where prices are not its
// own published ones.
std::vector<std::string> absent_figures(const Estimate& estimate);
std::string estimate_notes(const Estimate& estimate);
// How much memory and how long the network takes, and which meter would read which of its energies:
// lines that begin with what they are of and a colon, after an empty one.
std::string estimate_summary(const Estimate& estimate);

// Makes a table with the given metrics after the layer's name, or with those that people want most
// where none are given. Throws Error(kUsage) for a metric that does not exist, naming those that
// do.
std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          const TextPage& page);
Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics);

}  // namespace wattgrind
