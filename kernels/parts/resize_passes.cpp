#include "kernels/parts/resize_passes.h"

#include <string>

namespace wattgrind {
namespace {

// Each pair of runs is code of its own.
constexpr size_t kMostPairs = 16;

std::vector<ResizeRun> unchanged_run(int64_t extent) { return {{0, extent, 1, 0, 0, 1, 0}}; }

}  // namespace

std::vector<ResizePass> resize_passes(const std::vector<ResizeRun>& rows,
                                      const std::vector<ResizeRun>& columns, const MapLayout& input,
                                      const MapLayout& output) {
  if (rows.size() * columns.size() <= kMostPairs) return {{rows, columns, input, output}};
  const FeatureShape between{input.shape.channels, input.shape.height, output.shape.width};
  const MapLayout scratch{between, input.shape.channels, {}};
  return {{unchanged_run(between.height), columns, input, scratch},
          {rows, unchanged_run(between.width), scratch, output}};
}

void for_each_resized(NestBuilder& nest, const ResizePass& pass,
                      const std::function<void(const ResizeStep&)>& body) {
  const MapLayout& source = pass.source;
  const MapLayout& result = pass.result;
  const bool same_pitch = source.channel_pitch == result.channel_pitch;
  const int64_t channels = same_pitch ? source.channel_pitch : source.shape.channels;
  for (const ResizeRun& row : pass.rows) {
    nest.loop("row", row.count, [&](LoopVariable y) {
      for (const ResizeRun& column : pass.columns) {
        ResizeStep step;
        step.row = y;
        step.source_bytes = source.pixel_bytes(row.low, column.low);
        step.source_row_bytes = row.source_step * source.row_bytes();
        step.result_bytes = result.pixel_bytes(row.first, column.first);
        step.result_row_bytes = row.step * result.row_bytes();
        step.dimensions = {{"column", column.count, column.source_step * source.channel_bytes(),
                            column.step * result.channel_bytes()},
                           {"channel", channels, kFloatBytes, kFloatBytes}};
        step.row_bytes = (row.high - row.low) * source.row_bytes();
        step.column_bytes = (column.high - column.low) * source.channel_bytes();
        step.row_weight = row.weight;
        step.column_weight = column.weight;
        body(step);
      }
    });
  }
}

}  // namespace wattgrind
