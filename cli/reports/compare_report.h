// Writes what networks, machines, plans or batches cost side by side.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"

namespace wattgrind {

struct LayerFigures {
  std::string name;
  uint64_t macs = 0, other_operations = 0, parameters = 0;
  double latency_cycles = 0;
  std::optional<double> time_s;  // absent: the profile has no figures of it
  double energy_j = 0;
};

// Of one pass with the whole batch.
struct CaseFigures {
  std::string label;
  uint64_t images = 1;
  std::optional<uint64_t> memory_bytes;  // parameters, maps and scratch at once
  LayerFigures total;
  std::vector<LayerFigures> layers;
  std::optional<double> model_time_s, model_energy_j;  // by layer models; absent: there are none
  std::optional<double> measured_time_s, measured_energy_j;  // here; absent: nobody did
  std::optional<double> accuracy;                            // a fraction; absent: nobody told it

  // By the models where they tell it.
  double energy_of_an_image_j() const;
};

struct CompareReport {
  std::vector<CaseFigures> cases;
  std::vector<double> alphas;  // of the energy-precision ratio
};

// A table of the cases, a row each; how far each is from the first, in percent; and, layer by
// layer, the energies of the layers that all of them have.
std::string compare_text(const CompareReport& report, const TextPage& page);
nlohmann::ordered_json compare_json(const CompareReport& report);
// Makes the table of the cases.
Table compare_csv(const CompareReport& report);

}  // namespace wattgrind
