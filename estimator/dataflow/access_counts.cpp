#include "estimator/dataflow/access_counts.h"

#include <fmt/format.h>

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, kStorageLevels> kPlaces = {"DRAM", "buffer", "array",
                                                                  "registers"};

}  // namespace

std::string to_text(const Mapping& mapping) {
  std::string text;
  size_t depth = 0;
  for (const MappingLoop& loop : mapping.loops) {
    text += fmt::format("{:{}}{}: {} {} in {}\n", "", 2 * depth++, kPlaces[index_of(loop.level)],
                        loop.parallel ? "parallel-for" : "for", loop.dimension, loop.extent);
  }
  return text;
}

}  // namespace wattgrind
