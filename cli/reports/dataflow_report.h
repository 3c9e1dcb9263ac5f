// What a network costs on an accelerator, as a table, JSON or comma-separated values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal/table.h"
#include "estimator/dataflow/dataflow_estimate.h"

namespace wattgrind {

// Rows of mapped layers: counts, energy by level, and what the array does.
Table dataflow_table(const DataflowEstimate& estimate, bool with_total);
// Rows of mapped layers: energy by what moves, as MIT's tool reports it.
Table dataflow_tensor_table(const DataflowEstimate& estimate, bool with_total);

std::string dataflow_text(const DataflowEstimate& estimate, bool by_tensor, const TextPage& page);
nlohmann::ordered_json dataflow_json(const DataflowEstimate& estimate);

// The loop nest that was found for each mapped layer.
std::string mappings_text(const DataflowEstimate& estimate);

// "relu (7), lrn (2), pool1 (found a buffer of 64 B, wanted at least 72 B)": kinds that no dataflow
// maps, and the layers that do not fit.
std::string unmapped_text(const std::vector<UnmappedLayer>& layers);

// The share of the array's elements that multiply, of all cycles.
double dataflow_utilisation(const MappedLayer& layer, const Accelerator& accelerator);

}  // namespace wattgrind
