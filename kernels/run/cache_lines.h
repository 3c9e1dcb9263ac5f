// Dropping memory from all caches. One source for each family of processors implements it
// (cache_lines_*.cpp); both let any program drop lines that it may write.
#pragma once

#include <cstddef>
#include <span>

namespace wattgrind {

// Writes every line of the memory back, and leaves no cache with any of them.
void drop_from_caches(std::span<const std::byte> memory);

}  // namespace wattgrind
