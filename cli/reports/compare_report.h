// Writes what networks, machines, accelerators, plans or batches cost side by side.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/dataflow/dataflow_estimate.h"

namespace wattgrind {

// An accelerator knows neither operations beside multiply-accumulates nor latencies; its array's
// cycles and its bytes to and from DRAM are its own.
struct LayerFigures {
  std::string name;
  uint64_t macs = 0, parameters = 0;
  std::optional<uint64_t> other_operations = std::nullopt;
  std::optional<double> latency_cycles = std::nullopt, array_cycles = std::nullopt;
  std::optional<double> dram_bytes = std::nullopt;
  // Absent: the profile has no figures of them.
  std::optional<double> time_s = std::nullopt, energy_j = std::nullopt;
};

// Of one pass with the whole batch.
struct CaseFigures {
  std::string label;
  uint64_t images = 1;
  std::optional<uint64_t> memory_bytes;  // parameters, maps and scratch at once
  LayerFigures total;
  std::vector<LayerFigures> layers;
  std::vector<UnmappedLayer> unmapped;  // of an accelerator: in no figure, and not in `layers`
  std::optional<double> model_time_s, model_energy_j;  // by layer models; absent: there are none
  std::optional<double> measured_time_s, measured_energy_j;  // here; absent: nobody did
  std::optional<double> accuracy;                            // a fraction; absent: nobody told it

  // By the models where they tell it.
  std::optional<double> energy_of_an_image_j() const;
};

struct CompareReport {
  std::vector<CaseFigures> cases;
  std::vector<double> alphas;  // of the energy-precision ratio
};

// What the case's layer of that name takes; of a layer that computes several at once
// ("conv1+relu1"), in a case that has these one by one, all of them together, without those that an
// accelerator does not map. Absent where the case has no such layer, or does not know.
std::optional<double> layer_energy_j(const CaseFigures& of, const std::string& name);

// The first case's layers whose energy every other case tells, too, of those that tell any; none
// where there is no case.
std::vector<std::string> common_layers(const std::vector<CaseFigures>& cases);

// What accelerators do not map, a line each of them.
std::string unmapped_lines(const CompareReport& report);

// A table of the cases, a row each; how far each is from the first, in percent; layer by layer, the
// energies of the layers that all of them have; and what accelerators do not map.
std::string compare_text(const CompareReport& report, const TextPage& page);
nlohmann::ordered_json compare_json(const CompareReport& report);
// Makes the table of the cases.
Table compare_csv(const CompareReport& report);

}  // namespace wattgrind
