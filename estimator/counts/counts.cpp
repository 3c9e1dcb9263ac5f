#include "estimator/counts/counts.h"

#include <algorithm>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

uint64_t add(uint64_t a, uint64_t b) {
  const auto sum = checked_sum({a, b});
  if (!sum) fail(ErrorKind::kFailed, "event counts add up to more than 64 bits hold");
  return *sum;
}

uint64_t subtract(uint64_t a, uint64_t b) {
  if (a < b) {
    fail(ErrorKind::kFailed, "the longer of two countings has {} events of a kind, the shorter {}",
         a, b);
  }
  return a - b;
}

// Applies `combine` to every count of a and b. A count is absent where it is absent in either.
template <typename Combine>
std::optional<uint64_t> combined(std::optional<uint64_t> a, std::optional<uint64_t> b,
                                 Combine combine) {
  if (!a || !b) return std::nullopt;
  return combine(*a, *b);
}

template <typename Combine>
References combined(const References& a, const References& b, Combine combine) {
  return {combine(a.reads, b.reads), combine(a.writes, b.writes)};
}

template <typename Combine>
std::optional<InstructionCounts> combined(const std::optional<InstructionCounts>& a,
                                          const std::optional<InstructionCounts>& b,
                                          Combine combine) {
  if (!a || !b) return std::nullopt;
  InstructionCounts result;
  for (size_t i = 0; i < result.by_class.size(); ++i) {
    result.by_class[i] = combine(a->by_class[i], b->by_class[i]);
  }
  result.memory_operands = combine(a->memory_operands, b->memory_operands);
  result.vector_128_bits = combine(a->vector_128_bits, b->vector_128_bits);
  return result;
}

// Applies `combine` to all counts of a level except its hits.
template <typename Combine>
EventCounts combined(const EventCounts& a, const EventCounts& b, Combine combine) {
  CHECK(a.levels.size() == b.levels.size(), "{} and {} levels", a.levels.size(), b.levels.size());
  EventCounts result;
  result.refs = combined(a.refs, b.refs, combine);
  if (a.bytes && b.bytes) result.bytes = combined(*a.bytes, *b.bytes, combine);
  for (size_t i = 0; i < a.levels.size(); ++i) {
    const LevelCounts& left = a.levels[i];
    const LevelCounts& right = b.levels[i];
    LevelCounts& level = result.levels.emplace_back();
    level.accesses = combine(left.accesses, right.accesses);
    level.misses = combine(left.misses, right.misses);
    level.read_misses = combined(left.read_misses, right.read_misses, combine);
    level.write_misses = combined(left.write_misses, right.write_misses, combine);
    level.write_backs = combined(left.write_backs, right.write_backs, combine);
    level.lines_from_above = combined(left.lines_from_above, right.lines_from_above, combine);
    level.compulsory_misses = combined(left.compulsory_misses, right.compulsory_misses, combine);
  }
  result.dram.reads = combine(a.dram.reads, b.dram.reads);
  result.dram.write_backs = combined(a.dram.write_backs, b.dram.write_backs, combine);
  result.executed_instructions =
      combined(a.executed_instructions, b.executed_instructions, combine);
  result.instructions = combined(a.instructions, b.instructions, combine);
  result.core_cycles = combined(a.core_cycles, b.core_cycles, combine);
  return result;
}

}  // namespace

EventCounts sum(const EventCounts& a, const EventCounts& b) {
  EventCounts result = combined(a, b, add);
  for (size_t i = 0; i < result.levels.size(); ++i) {
    result.levels[i].hits = combined(a.levels[i].hits, b.levels[i].hits, add);
  }
  return result;
}

EventCounts scaled(const EventCounts& counts, uint64_t times) {
  const auto scale = [times](uint64_t count, uint64_t) {
    const auto product = checked_product({count, times});
    if (!product) fail(ErrorKind::kFailed, "event counts multiply to more than 64 bits hold");
    return *product;
  };
  EventCounts result = combined(counts, counts, scale);
  for (size_t i = 0; i < result.levels.size(); ++i) {
    result.levels[i].hits = combined(counts.levels[i].hits, counts.levels[i].hits, scale);
  }
  return result;
}

std::optional<uint64_t> bytes_moved(const EventCounts& counts, size_t level, uint64_t line_bytes) {
  if (level == 0) {
    if (!counts.bytes) return std::nullopt;
    return add(counts.bytes->reads, counts.bytes->writes);
  }
  const LevelCounts& here = counts.levels.at(level);
  if (!here.lines_from_above) return std::nullopt;
  const auto bytes = checked_product({add(here.accesses, *here.lines_from_above), line_bytes});
  if (!bytes) fail(ErrorKind::kFailed, "bytes moved are more than 64 bits hold");
  return *bytes;
}

EventCounts difference(const EventCounts& a, const EventCounts& b) {
  EventCounts result = combined(a, b, subtract);
  for (size_t i = 0; i < result.levels.size(); ++i) {
    const auto minuend = a.levels[i].hits;
    const auto subtrahend = b.levels[i].hits;
    if (minuend && subtrahend && *minuend >= *subtrahend) {
      result.levels[i].hits = *minuend - *subtrahend;
    }
  }
  return result;
}

OperationCounts sum(const OperationCounts& a, const OperationCounts& b) {
  return {a.macs + b.macs,
          a.other + b.other,
          a.padding_macs + b.padding_macs,
          a.byte_macs + b.byte_macs,
          a.other_byte + b.other_byte,
          a.saved_macs + b.saved_macs,
          a.transform_operations + b.transform_operations};
}

}  // namespace wattgrind
