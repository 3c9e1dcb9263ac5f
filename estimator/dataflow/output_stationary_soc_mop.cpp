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
    const auto tiles_of_pixels =
        static_cast<double>(ceil_tiles(problem.images, tiles[kSmImages]) *
                            ceil_tiles(problem.ofmap_rows, tiles[kSmRows]) *
                            ceil_tiles(problem.ofmap_columns, tiles[kSmColumns]));
    const double weights = problem.pooling ? 0 : product_count(problem);
    TileAccesses words{};
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kWeights)] = weight_words(problem);
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kIfmap)] =
        map * static_cast<double>(ceil_tiles(problem.filters, tiles[kSmFilters]));
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kPsum)] = ofmap_words(problem);
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kWeights)] =
        weight_words(problem) * tiles_of_pixels;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kIfmap)] =
        map * static_cast<double>(problem.filters);
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kWeights)] = weights;
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kIfmap)] = product_count(problem);
    words[index_of(StorageLevel::kRegisterFile)][index_of(DataKind::kPsum)] =
        2 * (product_count(problem) - ofmap_words(problem));
    return words;
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
