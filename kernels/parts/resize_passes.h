// Resizing as passes over maps: one that goes along rows and columns at once where few different
// pixels come of it, else one along the columns into scratch memory and one along the rows.
#pragma once

#include <functional>
#include <vector>

#include "estimator/network/resize_runs.h"
#include "kernels/parts/strided_copy.h"

namespace wattgrind {

struct ResizePass {
  std::vector<ResizeRun> rows, columns;
  MapLayout source, result;  // of one image
};

std::vector<ResizePass> resize_passes(const std::vector<ResizeRun>& rows,
                                      const std::vector<ResizeRun>& columns, const MapLayout& input,
                                      const MapLayout& output);

// The pixels of a run of rows and a run of columns. In an iteration of the loop over its rows, they
// begin at `source_bytes` of an image, moved by `source_row_bytes` an iteration.
struct ResizeStep {
  LoopVariable row;
  int64_t source_bytes = 0, source_row_bytes = 0;
  int64_t result_bytes = 0, result_row_bytes = 0;
  std::vector<CopyDimension> dimensions;  // columns and channels, from the source to the result
  // How far the other row and column lie between which a pixel is interpolated, and their weights;
  // 0 where there is none.
  int64_t row_bytes = 0, column_bytes = 0;
  double row_weight = 0, column_weight = 0;
};

// Calls body(ResizeStep) inside its loop over rows.
void for_each_resized(NestBuilder& nest, const ResizePass& pass,
                      const std::function<void(const ResizeStep&)>& body);

}  // namespace wattgrind
