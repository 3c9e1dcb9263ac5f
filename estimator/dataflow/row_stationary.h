// Row stationary (Chen, Emer, Sze, ISCA 2016), laid on the array as nn_dataflow does it (Gao et
// al., ASPLOS 2017), which reproduces the chip's mapping of JSSC 2017.
//
// A primitive convolves one row of a filter with one row of an input map to one row of partial
// sums. A logical set is R x E primitives: elements in a row share a filter row, those on a
// diagonal an input row, and partial sums add up along a column. There are N * M * C sets.
//
//   folding      A set that is higher or wider than the array is cut into pieces that take turns,
//                filter rows within a unit pass, strips of output rows like further images. Where
//                rows of the array are left over, strips lie on top of each other instead.
//   replication  A set that leaves room lies there several times: columns for other filters, rows
//                for other channels or filters. A split that takes more passes than one with fewer
//                channels side by side is no mapping, as in nn_dataflow.
//   passes       The loops over what is left are blocked (loop_blocking.h).
//
// Partly filled sets and passes count as many turns as full ones. Bias is left out. A word is sent
// over the array to each element that takes it: in every copy of a set, and in the last, ragged
// piece of one as if it were whole.
#pragma once

#include <vector>

#include "estimator/dataflow/dataflow.h"
#include "estimator/dataflow/loop_blocking.h"

namespace wattgrind {

// How a set lies on the array.
struct RowStationaryFold {
  uint64_t fold_rows = 1, fold_columns = 1;      // pieces that take turns
  uint64_t set_rows = 1, set_columns = 1;        // of one piece: filter rows, output rows
  uint64_t copies_rows = 1, copies_columns = 1;  // replication

  uint64_t set_elements() const { return set_rows * set_columns; }
};
RowStationaryFold fold_set(const LayerProblem& problem, uint64_t array_rows,
                           uint64_t array_columns);

// One split of the copies: so many channels side by side, and so many filters.
struct RowStationaryPass {
  uint64_t channels = 1, filters = 1;
  BlockingProblem blocking;  // of one group
};
// The splits, by channels; at least one.
std::vector<RowStationaryPass> row_stationary_passes(const LayerProblem& problem,
                                                     const RowStationaryFold& fold);

}  // namespace wattgrind
