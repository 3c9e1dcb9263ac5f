// A term: one part of a calibrated model, whose price a fit finds.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

enum class TermKind {
  // Terms of energy. Time is charged at a power; the others at multiples of the profile's prices.
  kOperations,    // arithmetic
  kDram,          // lines moved between DRAM and the last cache level
  kLevel,         // accesses of one cache level
  kTime,          // seconds, whatever happens in them
  kInstructions,  // the handling of instructions
  // Terms of time.
  kMacs,        // multiply-accumulates
  kLatencyCost  // cycles of latency cost
};

struct Term {
  TermKind kind = TermKind::kOperations;
  // Which cache level a kLevel is, from 0 for L1, and how its machine calls it.
  size_t level = 0;
  std::string level_name = {};

  // The level's name is no part of a term's identity.
  bool operator==(const Term& other) const { return kind == other.kind && level == other.level; }
};

Term level_term(const Machine& machine, size_t level);

// The word for a term, which no other term of its machine goes by: "operations", "DRAM", "time",
// "MACs", "latency cost", and a level's name. A level whose name is one of these words, or begins
// with "level:", has "level:" put before its name.
std::string name(const Term& term);

// Whether a coefficient of the term multiplies the profile's own price, rather than being a price.
bool is_multiple(const Term& term);

// The place of a term among those that `features` picks from `terms` by index; absent where it is
// not picked.
std::optional<size_t> place_of(const Term& term, std::span<const Term> terms,
                               std::span<const size_t> features);

}  // namespace wattgrind
