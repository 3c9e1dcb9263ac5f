// What a dataflow maps: a layer as seven loops,
//
//   for n in N, m in M, c in C, e in E, f in F, r in R, s in S:
//     ofmap[n][m][e][f] += ifmap[n][c][e U + r][f V + s] * weights[m][c][r][s]
//
// done `groups` times on data of their own. Pooling is the same without weights and with one input
// channel for each output channel (C = 1, channels counted by M).
//
// A transposed convolution of stride U x V is what an array can do of it without multiplying by the
// zeros between its inputs: outputs U rows and V columns apart see the same taps, so that it is a
// convolution of stride 1 with U V times the filters, each of every U-th row and V-th column of the
// kernel, whose outputs lie between each other. Where strides do not divide the kernel or the
// output, the shorter ones are filled up with zeros and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "estimator/accelerator/accelerator.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct LayerProblem {
  bool pooling = false;
  uint64_t groups = 1;
  uint64_t images = 1;                           // N
  uint64_t filters = 1;                          // M, of one group
  uint64_t channels = 1;                         // C, of one group
  uint64_t ofmap_rows = 1, ofmap_columns = 1;    // E, F
  uint64_t filter_rows = 1, filter_columns = 1;  // R, S
  uint64_t stride_rows = 1, stride_columns = 1;  // U, V
  uint64_t span_rows = 1, span_columns = 1;      // from the first tap to the last

  // The rows and columns of the input, padding included, that a window touches: H, W.
  uint64_t ifmap_rows() const { return strip_rows(ofmap_rows); }
  uint64_t ifmap_columns() const { return strip_columns(ofmap_columns); }
  // Those of a strip of so many output rows or columns.
  uint64_t strip_rows(uint64_t rows) const { return (rows - 1) * stride_rows + span_rows; }
  uint64_t strip_columns(uint64_t columns) const {
    return (columns - 1) * stride_columns + span_columns;
  }

  // Of all groups and images. A pooling layer's "multiply-accumulates" are its comparisons or
  // additions.
  uint64_t macs() const;
  uint64_t words(DataKind kind) const;

  friend bool operator==(const LayerProblem&, const LayerProblem&) = default;
};

// The largest that one layer may be, so that every count of accesses fits 64 bits.
inline constexpr uint64_t kMostLayerMacs = uint64_t{1} << 48;
inline constexpr int64_t kMostImages = 65'536;

// The layer on `images` images (1 to kMostImages); absent for layers that no dataflow maps:
// everything but convolutions, transposed or not, dense layers, products of maps, and pooling. The
// second operand of a product of maps counts as weights, of which each image has its own. Padding
// is part of the input, as in the literature, and bias is left out. A dense layer is a convolution
// with filters as large as the map, `dense_input`: what it reads or, behind a flatten, what was
// flattened. Throws Error(kInput), naming the layer, where it exceeds kMostLayerMacs.
std::optional<LayerProblem> layer_problem(const Layer& layer, const FeatureShape& dense_input,
                                          int64_t images);
inline std::optional<LayerProblem> layer_problem(const Layer& layer, int64_t images) {
  return layer_problem(layer, layer.input_shape(), images);
}

// What `dense_input` is of a layer of the network.
FeatureShape unflattened_input(const Network& network, const Layer& layer);

// A layer whose filters are as large as its map, as one of maps of one pixel; absent for others.
std::optional<LayerProblem> flattened(const LayerProblem& problem);

// The layer with its filters cut into so many pieces side by side, each with channels of its own:
// what rows of filters that register files cannot hold are done as. The input words that pieces
// share are counted for each. Absent of pooling, and where pieces do not divide the columns.
std::optional<LayerProblem> with_column_pieces(const LayerProblem& problem, uint64_t pieces);

// "N16 M96 C3 E55 F55 R11 S11 U4", with what differs from its default.
std::string to_string(const LayerProblem& problem);

}  // namespace wattgrind
