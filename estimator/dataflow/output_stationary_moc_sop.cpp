// Output stationary, many output channels and a single pixel of each at once (MOC-SOP): maps are
// broadcast to filters, and nothing is shared between pixels. Tiles: m filters in the buffer, n
// images, p filters side by side.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum MocSopTile : size_t { kMsImages, kMsFilters, kMsParallel };

class MocSopForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"n", "m", "p"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.images, problem.filters, problem.filters};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t kernel = problem.channels * problem.filter_rows * problem.filter_columns;
    return {(tiles[kMsFilters] + tiles[kMsImages]) * kernel, tiles[kMsImages] * tiles[kMsParallel],
            1};
  }

  bool related(const LayerProblem&, const Tiles& tiles, size_t known) const override {
    return known <= kMsFilters || tiles[kMsParallel] <= tiles[kMsFilters];
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    // Each pixel's window is fetched by itself.
    const double map =
        ofmap_words(problem) / static_cast<double>(problem.filters) *
        static_cast<double>(problem.channels * problem.filter_rows * problem.filter_columns);
    return output_stationary_accesses(problem, {map, ceil_tiles(problem.filters, tiles[kMsFilters]),
                                                ceil_tiles(problem.filters, tiles[kMsParallel]),
                                                ceil_tiles(problem.images, tiles[kMsImages]) *
                                                    problem.ofmap_rows * problem.ofmap_columns});
  }

  uint64_t active(const LayerProblem&, const Tiles& tiles) const override {
    return tiles[kMsImages] * tiles[kMsParallel];
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kMsFilters])},
            {StorageLevel::kDram, false, "N", ceil_tiles(problem.images, tiles[kMsImages])},
            {StorageLevel::kDram, false, "E", problem.ofmap_rows},
            {StorageLevel::kDram, false, "F", problem.ofmap_columns},
            {StorageLevel::kBuffer, false, "M", ceil_tiles(tiles[kMsFilters], tiles[kMsParallel])},
            {StorageLevel::kBuffer, false, "C", problem.channels},
            {StorageLevel::kBuffer, false, "R", problem.filter_rows},
            {StorageLevel::kBuffer, false, "S", problem.filter_columns},
            {StorageLevel::kArray, true, "N", tiles[kMsImages]},
            {StorageLevel::kArray, true, "M", tiles[kMsParallel]}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> output_stationary_moc_sop_form() {
  return std::make_unique<MocSopForm>();
}

}  // namespace wattgrind
