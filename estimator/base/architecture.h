// The families of processors that kernels are generated for.
#pragma once

#include <string_view>

#include "estimator/base/isa.h"

namespace wattgrind {

enum class Architecture { kX86, kAarch64 };

constexpr Architecture architecture_of(Isa isa) {
  return isa == Isa::kNeon ? Architecture::kAarch64 : Architecture::kX86;
}

constexpr std::string_view name(Architecture architecture) {
  return architecture == Architecture::kAarch64 ? "AArch64" : "x86-64";
}

}  // namespace wattgrind
