// Output stationary, a single output channel and many of its pixels at once (SOC-MOP): each element
// keeps a partial sum until it is complete; weights are broadcast, maps pass from neighbour to
// neighbour. Tiles: m filters in the buffer, n images, e x f pixels side by side.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum SocMopTile : size_t { kSmImages, kSmRows, kSmColumns, kSmFilters };

class SocMopForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"n", "e", "f", "m"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.images, problem.ofmap_rows, problem.ofmap_columns, problem.filters};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t kernel = problem.channels * problem.filter_rows * problem.filter_columns;
    const uint64_t maps = tiles[kSmImages] * problem.channels * problem.strip_rows(tiles[kSmRows]) *
                          problem.strip_columns(tiles[kSmColumns]);
    // A sum, and the pixels that wait to be passed on.
    const uint64_t registers = problem.stride_rows + problem.stride_rows * problem.filter_rows + 1;
    return {tiles[kSmFilters] * kernel + maps,
            tiles[kSmImages] * tiles[kSmRows] * tiles[kSmColumns], registers};
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    const double map = ifmap_planes(problem) * fetched_rows(problem, tiles[kSmRows]) *
                       fetched_columns(problem, tiles[kSmColumns]);
    return output_stationary_accesses(
        problem, {map, ceil_tiles(problem.filters, tiles[kSmFilters]), problem.filters,
                  ceil_tiles(problem.images, tiles[kSmImages]) *
                      ceil_tiles(problem.ofmap_rows, tiles[kSmRows]) *
                      ceil_tiles(problem.ofmap_columns, tiles[kSmColumns])});
  }

  uint64_t active(const LayerProblem&, const Tiles& tiles) const override {
    return tiles[kSmImages] * tiles[kSmRows] * tiles[kSmColumns];
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kSmFilters])},
            {StorageLevel::kDram, false, "N", ceil_tiles(problem.images, tiles[kSmImages])},
            {StorageLevel::kDram, false, "E", ceil_tiles(problem.ofmap_rows, tiles[kSmRows])},
            {StorageLevel::kDram, false, "F", ceil_tiles(problem.ofmap_columns, tiles[kSmColumns])},
            {StorageLevel::kBuffer, false, "M", tiles[kSmFilters]},
            {StorageLevel::kBuffer, false, "C", problem.channels},
            {StorageLevel::kBuffer, false, "R", problem.filter_rows},
            {StorageLevel::kBuffer, false, "S", problem.filter_columns},
            {StorageLevel::kArray, true, "N", tiles[kSmImages]},
            {StorageLevel::kArray, true, "E", tiles[kSmRows]},
            {StorageLevel::kArray, true, "F", tiles[kSmColumns]}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> output_stationary_soc_mop_form() {
  return std::make_unique<SocMopForm>();
}

}  // namespace wattgrind
