// The catalog of networks: what NETWORK on the command line may be.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "estimator/network/network.h"
#include "estimator/onnx/import.h"

namespace wattgrind {

// Returns the built-in network of that name, which must be one of builtin_names("networks").
Network builtin_network(std::string_view name);

// The sizes of dimensions that a model names and leaves open.
using DimensionSizes = std::map<std::string, int64_t>;

// `argument` is a built-in name, found by its spelling (same_spelling), a file, which ends in
// ".json" (ours, Paleo's or DeepMeter's, told apart by their keys), ".param" (ncnn's) or ".onnx",
// or a short form, which holds a ":", of a topology (short_form.h) or a layer (layer_source.h).
// Throws Error(kInput) for a name that is not known, with those near it, and whatever the readers
// throw; Error(kUsage) for a model with a dimension whose size nobody gave.
Network find_network(const std::string& argument, const DimensionSizes& sizes = {});

bool is_onnx_file(const std::string& argument);

// A network with what it takes to run it: for a model its parameters, and how its inputs and
// outputs lie in the network's; for other networks empty parameters, and maps as frameworks have
// them.
ImportedModel find_runnable(const std::string& argument, const OnnxModel& model,
                            const OnnxImportOptions& options);
ImportedModel find_runnable(const std::string& argument);

}  // namespace wattgrind
