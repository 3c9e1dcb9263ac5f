// The loops of a blocking, executed one by one with explicit buffers: what a count must come to.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "estimator/dataflow/loop_blocking.h"

namespace wattgrind {

// The words of one unit of each kind, by the turns of the loops it depends on, at each place.
struct UnitWords {
  uint64_t dram = 0, buffer = 0, array = 0;
};

class BlockingWalk {
 public:
  using Turns = std::array<uint64_t, kBlockedLoops>;

  // `orders` are the loops from the outermost in, at DRAM and at the buffer.
  template <typename WordsOf>
  BlockingWalk(const BlockingProblem& problem, const Blocking& blocking,
               const std::array<std::array<size_t, 3>, 2>& orders, const WordsOf& words_of)
      : problem_(problem), blocking_(blocking) {
    Turns outer{}, middle{}, inner{};
    turn(0, orders[0], blocking.factors[0], outer, [&] {
      turn(0, orders[1], blocking.factors[1], middle, [&] {
        turn(0, {0, 1, 2}, blocking.factors[2], inner, [&] {
          for (size_t kind = 0; kind < kDataKinds; ++kind)
            enter(kind, outer, middle, inner, words_of);
        });
      });
    });
  }

  AccessCounts counts() const {
    AccessCounts all = counts_;
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      if (problem_.kinds[kind].register_unit == 0) continue;
      all.at(StorageLevel::kRegisterFile, static_cast<DataKind>(kind)) =
          problem_.register_accesses * (kind == 2 ? 2 : 1);
    }
    return all;
  }

 private:
  // What a kind has in one place: the units that are there, and those that ever were.
  struct Place {
    std::optional<std::vector<uint64_t>> held;  // by the turns of loops outside
    std::set<std::vector<uint64_t>> units, seen;
  };

  template <typename Body>
  static void turn(size_t depth, const std::array<size_t, 3>& order, const Turns& factors,
                   Turns& now, const Body& body) {
    if (depth == 3) {
      body();
      return;
    }
    for (now[order[depth]] = 0; now[order[depth]] < factors[order[depth]]; ++now[order[depth]]) {
      turn(depth + 1, order, factors, now, body);
    }
  }

  std::vector<uint64_t> depending(size_t kind, const Turns& turns) const {
    std::vector<uint64_t> chosen;
    for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
      if (problem_.kinds[kind].depends[loop]) chosen.push_back(turns[loop]);
    }
    return chosen;
  }

  // A unit comes in the first time it is wanted after what was held has changed. A partial sum is
  // written when it goes (counted as it comes), and read as it comes if it was there before.
  bool arrives(Place& place, const std::vector<uint64_t>& outside,
               const std::vector<uint64_t>& unit) {
    if (place.held != outside) {
      place.held = outside;
      place.units.clear();
    }
    return place.units.insert(unit).second;
  }

  static uint64_t accesses(size_t kind, Place& place, const std::vector<uint64_t>& unit) {
    const bool again = !place.seen.insert(unit).second;
    return kind == 2 && again ? 2 : 1;
  }

  template <typename WordsOf>
  void enter(size_t kind, const Turns& outer, const Turns& middle, const Turns& inner,
             const WordsOf& words_of) {
    Turns whole;
    for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
      whole[loop] =
          (outer[loop] * blocking_.factors[1][loop] + middle[loop]) * blocking_.factors[2][loop] +
          inner[loop];
    }
    const std::vector<uint64_t> unit = depending(kind, whole);
    const UnitWords words = words_of(kind, whole);
    const auto data = static_cast<DataKind>(kind);
    std::vector<uint64_t> outside = depending(kind, outer);
    if (arrives(buffer_[kind], outside, unit)) {
      counts_.at(StorageLevel::kDram, data) += words.dram * accesses(kind, buffer_[kind], unit);
    }
    for (const uint64_t index : depending(kind, middle)) outside.push_back(index);
    if (arrives(registers_[kind], outside, unit)) {
      const uint64_t times = accesses(kind, registers_[kind], unit);
      counts_.at(StorageLevel::kBuffer, data) += words.buffer * times;
      counts_.at(StorageLevel::kArray, data) += words.array * times;
    }
  }

  const BlockingProblem& problem_;
  const Blocking& blocking_;
  std::array<Place, kDataKinds> buffer_, registers_;
  AccessCounts counts_;
};

// Loops with one of them innermost; the order of the others changes nothing.
inline std::array<size_t, 3> with_innermost(BlockedLoop innermost) {
  std::array<size_t, 3> order{};
  size_t place = 0;
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    if (loop != index_of(innermost)) order[place++] = loop;
  }
  order[2] = index_of(innermost);
  return order;
}

}  // namespace wattgrind
