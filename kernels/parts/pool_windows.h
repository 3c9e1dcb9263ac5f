// Pooling as a part of kernels: windows of a map's pixels, reduced channel by channel.
#pragma once

#include <cstdint>
#include <optional>

#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"
#include "kernels/layout/window_spans.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

enum class PoolMethod : uint8_t { kMax, kAverage };

struct PoolWindows {
  PoolMethod method = PoolMethod::kMax;
  Window2d window;
  bool counts_padding = false;  // as in AvgPool2d
  MapLayout input, output;
};

// A pooling layer's windows, without layouts; absent of other operations and of global pooling.
std::optional<PoolWindows> pooling_of(const Operation& operation);

// Pools a row of the output, the padding channels of its pixels included. `row` is its span;
// `from` is the first pixel of the first row that its windows read, `to` its own first pixel.
void emit_pooled_row(NestBuilder& nest, const PoolWindows& pool, const WindowSpan& row,
                     const Address& from, const Address& to);

}  // namespace wattgrind
