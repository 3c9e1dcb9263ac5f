// Softmax of the values of each group of a map (kernels/parts/axis_groups.h), or its logarithm.
#pragma once

#include <optional>

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/axis_groups.h"

namespace wattgrind {

struct SoftmaxMap {
  Address first;  // of its buffer
  MapLayout layout;
};

struct GroupedSoftmax {
  SoftmaxMap input, output;  // may be the same
  bool log = false;
  // Values are multiplied by it first.
  std::optional<float> scale = std::nullopt;
};

void emit_softmax(NestBuilder& nest, AxisGroups& groups, const GroupedSoftmax& softmax);

}  // namespace wattgrind
