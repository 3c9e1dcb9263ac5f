// Where buffers that live for a time lie in memory that they share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace wattgrind {

// A buffer lives from the step that writes it first to the one that uses it last, both included.
struct Lifetime {
  uint64_t bytes = 0;
  uint64_t first = 0, last = 0;
};

struct MemoryPlan {
  std::vector<uint64_t> offsets;  // by buffer; multiples of a line
  uint64_t bytes = 0;             // in all
  // The most that is alive at once, which no plan can undercut.
  uint64_t lower_bound = 0;
};

// The bytes of the lines that so many bytes lie on.
uint64_t whole_lines(uint64_t bytes);

// No two buffers that live at the same time overlap. Buffers are placed one after the other in the
// tightest gap that holds them, in several orders (the largest first; the longest-lived first; as
// they come), then in orders changed at random by a fixed seed as long as that helps; for a few
// buffers every order is tried. The least memory wins.
MemoryPlan plan_memory(std::span<const Lifetime> buffers);

}  // namespace wattgrind
