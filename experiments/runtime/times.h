// Times of networks: medians of runs that take turns.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

struct RunTimes {
  std::vector<double> rounds_s;  // one repetition, by round

  double median_s() const;
  // How far apart the medians of every other round are, over their mean.
  double disagreement() const;
};

// By network's name.
using Times = std::map<std::string, RunTimes>;

// What the times of a network that found the caches without its data stand under.
std::string cold_name(const std::string& network);

// Runs every network natively in each round, in an order drawn anew, until `seconds` are over; at
// least four rounds. Of the first `cold` networks those that take long enough also run cold.
Times time_networks(const std::vector<Network>& networks, size_t cold, double seconds);

// A row for each network, a column for each round.
std::string times_csv(const Times& times);
// Adds the file's rounds to those there are. Throws Error(kInput).
void add_times(const std::filesystem::path& file, Times& times);

}  // namespace wattgrind
