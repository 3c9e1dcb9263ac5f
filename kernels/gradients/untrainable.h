// Layers whose gradients are not computed.
#pragma once

#include <optional>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// What has no gradient in the layer ("embedding"); absent where it can be trained.
std::optional<std::string_view> untrainable_part(const Operation& operation);

}  // namespace wattgrind
