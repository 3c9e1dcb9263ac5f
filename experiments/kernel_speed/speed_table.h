// GFLOP/s by layer and candidate, and each candidate's ratio to the first.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/kernel_speed/timed_layer.h"

namespace wattgrind {

class SpeedTable {
 public:
  // The first candidate is the one that the others are compared with.
  explicit SpeedTable(std::vector<std::string> candidates) : candidates_(std::move(candidates)) {}

  // Seconds of one run, by candidate; those that cannot compute the layer are left out.
  void add_layer(const TimedLayer& layer, const std::map<std::string, double>& seconds);

  // A row a layer, then by candidate the geometric mean and the least of its ratios.
  std::string to_text() const;
  // A candidate's ratios to the best of others, layer by layer; empty where it has none.
  std::string best_text(const std::string& candidate, const std::vector<std::string>& others) const;

 private:
  struct Row {
    std::string label;
    std::optional<double> macs;  // absent where the layer's work is of other operations
    std::vector<std::optional<double>> gflops;  // by candidate
  };

  std::vector<double> ratios(size_t candidate) const;

  std::vector<std::string> candidates_;
  std::vector<Row> rows_;
};

}  // namespace wattgrind
