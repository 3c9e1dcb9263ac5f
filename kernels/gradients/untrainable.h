// Layers whose gradients are not computed.
#pragma once

#include <string_view>

namespace wattgrind {

// Throws Error(kInput): "WHAT cannot be trained: ...". Lowering throws it before anything runs.
[[noreturn]] void fail_untrainable(std::string_view what);

}  // namespace wattgrind
