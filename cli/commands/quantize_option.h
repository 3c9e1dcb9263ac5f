// --quantize: a network of single precision is made to compute on bytes.
#pragma once

#include <CLI/CLI.hpp>

#include "estimator/network/network.h"
#include "estimator/network/quantization.h"

namespace wattgrind {

struct QuantizeOptions {
  bool quantize = false;
  int weight_bits = 8;
};

// Adds --quantize and --weight-bits. `options` must live as long as the command.
void add_quantize_options(CLI::App& command, QuantizeOptions& options);

// The network on bytes with scales that nothing was measured for: what it costs depends on no
// scale.
Network quantized_for_counts(const Network& network, const QuantizeOptions& options);

// The name of the first layer that needs scales.
const std::string& first_product(const Network& network);

}  // namespace wattgrind
