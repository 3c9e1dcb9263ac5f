// Loop blocking: how often data is fetched when three loops (input channels, filters, images) are
// each cut in three factors, one a place:
//
//   DRAM        for c0, m0, n0 (in some order)     what lies below is held in the buffer
//   buffer        for c1, m1, n1 (in some order)   what lies below is held in register files
//   registers       for c2, m2, n2
//
// Each kind of data depends on some of the loops (weights on channels and filters, say). While a
// loop that it does not depend on turns innermost, it stays where it is; under any other loop it is
// fetched anew. This is the model of nn_dataflow (Gao et al., TETRIS, ASPLOS 2017), which it calls
// loop blocking and reordering.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "estimator/accelerator/accelerator.h"
#include "estimator/dataflow/access_energy.h"
#include "estimator/dataflow/dataflow.h"

namespace wattgrind {

inline constexpr size_t kBlockedLoops = 3;
enum class BlockedLoop : uint8_t { kChannels, kFilters, kImages };

// What is moved while every loop turns, if each kind were fetched once; and what one turn needs.
struct BlockedKind {
  std::array<bool, kBlockedLoops> depends{};
  uint64_t dram_words = 0, buffer_words = 0, array_words = 0;  // in all, fetched once
  uint64_t buffer_unit = 0, register_unit = 0;                 // words that one turn holds there
};

struct BlockingProblem {
  std::array<uint64_t, kBlockedLoops> trips{};
  std::array<BlockedKind, kDataKinds> kinds{};
  uint64_t compute_cycles = 0;  // of all turns
  // The products that an element adds up, of one input channel, before it passes the sum on: its
  // register file has room for a sum a filter, not for a row of them.
  uint64_t products_a_sum = 1;
  uint64_t register_accesses = 0;  // multiply-accumulates: a read each of a map and of a weight
};

// Factors of every loop, [place][loop], whose product over places is the loop's trips; and which
// loop turns innermost at DRAM and at the buffer: one of several turns, where there is one. The
// order of the others changes nothing.
struct Blocking {
  std::array<std::array<uint64_t, kBlockedLoops>, 3> factors{};
  std::array<BlockedLoop, 2> innermost{};
};

// How often each kind is fetched from DRAM and from the buffer; of partial sums, how often they are
// taken there. A sum's first visit needs no read: it is accessed 2 f - 1 times.
struct Fetches {
  std::array<uint64_t, kDataKinds> dram{}, buffer{};
};
Fetches fetches_of(const BlockingProblem& problem, const Blocking& blocking);

AccessCounts blocked_counts(const BlockingProblem& problem, const Fetches& fetches);
// `channels` are those that an element adds up by itself: their factor at the registers.
uint64_t blocked_cycles(const BlockingProblem& problem, const Fetches& fetches, uint64_t channels,
                        const Accelerator& accelerator);

// Whether what a blocking holds fits the buffer and the register files.
bool fits(const BlockingProblem& problem, const Blocking& blocking, const Accelerator& accelerator);

struct BlockingChoice {
  Blocking blocking;
  double value = 0;      // of the objective
  double secondary = 0;  // what ties are broken by
};

// The best blocking of all; absent where none fits. Where several are equal, the first in a fixed
// order.
std::optional<BlockingChoice> best_blocking(const BlockingProblem& problem,
                                            const Accelerator& accelerator,
                                            const WordPrices& prices, MappingObjective objective);

}  // namespace wattgrind
