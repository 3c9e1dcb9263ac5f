#include "cli/commands/quantize_option.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/network/byte_layers.h"

namespace wattgrind {

void add_quantize_options(CLI::App& command, QuantizeOptions& options) {
  command.add_flag("--quantize", options.quantize,
                   "Compute on bytes: 8-bit weights and maps, 32-bit sums; what it costs depends "
                   "on no scale");
  command
      .add_option("--weight-bits", options.weight_bits,
                  "Of quantized weights; 7 let AVX2 and SSE add pairs of products in 16 bits")
      ->check(CLI::IsMember({7, 8}).description(""))
      ->type_name("7|8")
      ->capture_default_str();
}

Network quantized_for_counts(const Network& network, const QuantizeOptions& options) {
  const NetworkValues folded = folded_for_bytes(network, {});
  const ValueRange any{-1, 1};
  const MapRanges ranges{std::vector(folded.network.inputs.size(), any),
                         std::vector(folded.network.layers.size(), any)};
  return quantized(folded, ranges, options.weight_bits).on_bytes.network;
}

const std::string& first_product(const Network& network) {
  const auto product = std::ranges::find_if(network.layers, [](const Layer& layer) {
    return byte_work(layer.operation) == ByteWork::kProduct;
  });
  return product == network.layers.end() ? network.layers.front().name : product->name;
}

}  // namespace wattgrind
