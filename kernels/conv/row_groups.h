// How many rows of a convolution are computed for all blocks of filters before the next rows begin.
#pragma once

#include <cstdint>

#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// Into how many passes over a group's rows a block's reduction is cut.
struct ReductionPasses {
  int64_t of_taps = 1;  // that read the same channels again, for other taps
  int64_t in_all = 1;
};

// Of the divisors of the rows, the one is taken that moves the fewest bytes between L2 and what
// lies below, where a byte from memory counts more than one from the last level (distance_from_l2).
// Weights move once a group of rows. The input moves once where a group's rows stay in L2,
// otherwise once for each block of channels and pass of taps. Partial sums move in and out for
// every pass after the first, unless those of a block stay in L2.
int64_t choose_group_rows(const DirectConv& conv, const ReductionPasses& passes, Isa isa);

}  // namespace wattgrind
