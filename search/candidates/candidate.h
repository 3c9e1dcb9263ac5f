// What a configuration of a search stands for: a network, and how it is trained.
//
// Parameters by name:
//   dffr            layers; width, or widths (one a layer)
//   dffr_triangle   layers
//   cnn             layers; filters; filter_size, or filter_sizes (one a layer); optional: pooling
//                   ("none", "max" or "average"). filters and pooling are one value or one a layer.
//   residual        blocks; filters (of the first block)
//   separable       blocks; filters (of the first block)
//   all             batch, optimizer ("adam", "rmsprop" or "sgd"), optional: learning_rate; and of
//                   the accelerator, if costs are those of one: array_rows, array_columns,
//                   register_file_bytes (of one element, whatever lies there), buffer_bytes
// What the topologies are is told in estimator/network/short_form.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "estimator/network/network.h"
#include "estimator/network/short_form.h"
#include "kernels/gradients/optimizer.h"

namespace wattgrind {

// What a candidate changes of the accelerator; what is absent is the profile's.
struct AcceleratorDesign {
  std::optional<int64_t> rows, columns, register_file_bytes, buffer_bytes;

  friend bool operator==(const AcceleratorDesign&, const AcceleratorDesign&) = default;
};

struct Candidate {
  Network network;
  int64_t batch = 0;
  Optimizer optimizer;
  AcceleratorDesign design = {};
};

// Whether the parameter is one of the accelerator.
bool is_design_parameter(std::string_view name);

// What all candidates of a search share.
struct CandidateForm {
  std::string topology;  // "dffr", "dffr_triangle", "cnn", "residual" or "separable"
  Task task;
  // Values, by the parameter's name, for candidates that name none of their own. Batch and
  // optimizer are always among them.
  nlohmann::ordered_json fixed;
};

// Throws Error(kInput), begun by `where`, unless candidates of the topology have the parameter:
// where `one_a_layer` as a list, else as one value for all layers.
void check_parameter(std::string_view topology, std::string_view parameter, bool one_a_layer,
                     std::string_view where);

// Throws Error(kInput), begun by `where`, unless `value` is one that the parameter, or an element
// of it, may have: sizes are integers from 1 to kMaxSize, learning rates positive.
void check_value(std::string_view parameter, const nlohmann::ordered_json& value,
                 std::string_view where);

// The candidate that `values` ({"layers": 2, "widths": [4, 7]}) and the form describe. Throws
// Error(kInput), begun by `where`, when a parameter is missing, unknown or given in two forms, or
// no network can be built of them.
Candidate make_candidate(const CandidateForm& form, const nlohmann::ordered_json& values,
                         std::string_view where);

}  // namespace wattgrind
