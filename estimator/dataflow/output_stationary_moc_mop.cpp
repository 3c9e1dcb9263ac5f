// Output stationary, many output channels and many of their pixels at once (MOC-MOP): each element
// keeps a partial sum; weights are broadcast to pixels and maps to filters. Tiles: m filters in the
// buffer, n images, p filters and f pixels of a row side by side.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum MocMopTile : size_t { kMmImages, kMmColumns, kMmFilters, kMmParallel };

class MocMopForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"n", "f", "m", "p"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.images, problem.ofmap_columns, problem.filters, problem.filters};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t row = problem.channels * problem.filter_rows;
    const uint64_t maps = tiles[kMmImages] * row * problem.strip_columns(tiles[kMmColumns]);
    return {tiles[kMmFilters] * row * problem.filter_columns + maps,
            tiles[kMmImages] * tiles[kMmParallel] * tiles[kMmColumns], problem.stride_rows + 1};
  }

  bool related(const LayerProblem&, const Tiles& tiles, size_t known) const override {
    return known <= kMmFilters || tiles[kMmParallel] <= tiles[kMmFilters];
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    // A row of pixels needs as many rows of the map as a filter has, fetched anew for each.
    const double map = ifmap_planes(problem) *
                       static_cast<double>(problem.ofmap_rows * problem.filter_rows) *
                       fetched_columns(problem, tiles[kMmColumns]);
    return output_stationary_accesses(
        problem, {map, ceil_tiles(problem.filters, tiles[kMmFilters]),
                  ceil_tiles(problem.filters, tiles[kMmParallel]),
                  ceil_tiles(problem.images, tiles[kMmImages]) * problem.ofmap_rows *
                      ceil_tiles(problem.ofmap_columns, tiles[kMmColumns])});
  }

  uint64_t active(const LayerProblem&, const Tiles& tiles) const override {
    return tiles[kMmImages] * tiles[kMmParallel] * tiles[kMmColumns];
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kMmFilters])},
            {StorageLevel::kDram, false, "N", ceil_tiles(problem.images, tiles[kMmImages])},
            {StorageLevel::kDram, false, "E", problem.ofmap_rows},
            {StorageLevel::kDram, false, "F", ceil_tiles(problem.ofmap_columns, tiles[kMmColumns])},
            {StorageLevel::kBuffer, false, "M", ceil_tiles(tiles[kMmFilters], tiles[kMmParallel])},
            {StorageLevel::kBuffer, false, "C", problem.channels},
            {StorageLevel::kBuffer, false, "R", problem.filter_rows},
            {StorageLevel::kBuffer, false, "S", problem.filter_columns},
            {StorageLevel::kArray, true, "N", tiles[kMmImages]},
            {StorageLevel::kArray, true, "M", tiles[kMmParallel]},
            {StorageLevel::kArray, true, "F", tiles[kMmColumns]}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> output_stationary_moc_mop_form() {
  return std::make_unique<MocMopForm>();
}

}  // namespace wattgrind
