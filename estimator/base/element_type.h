// The types that the values of a tensor may have.
#pragma once

#include <cstdint>

namespace wattgrind {

enum class ElementType { kFloat32, kInt64 };

constexpr uint64_t element_bytes(ElementType type) { return type == ElementType::kInt64 ? 8 : 4; }

}  // namespace wattgrind
