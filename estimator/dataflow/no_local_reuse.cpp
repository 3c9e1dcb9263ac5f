// No local reuse: elements keep nothing, all storage is buffer; maps are broadcast to filters and
// partial sums of several channels add up along the array. Tiles: n images, m filters and e x f
// pixels in the buffer, p filters and q channels side by side.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum NoLocalReuseTile : size_t {
  kNlImages,
  kNlChannels,
  kNlRows,
  kNlColumns,
  kNlFilters,
  kNlParallel
};

class NoLocalReuseForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"n", "q", "e", "f", "m", "p"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.images,        problem.channels, problem.ofmap_rows,
            problem.ofmap_columns, problem.filters,  problem.filters};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t images = tiles[kNlImages], channels = tiles[kNlChannels];
    const uint64_t filters = tiles[kNlFilters];
    const uint64_t maps = images * channels * problem.strip_rows(tiles[kNlRows]) *
                          problem.strip_columns(tiles[kNlColumns]);
    const uint64_t weights = filters * channels * problem.filter_rows * problem.filter_columns;
    const uint64_t sums = images * filters * tiles[kNlRows] * tiles[kNlColumns];
    return {maps + weights + sums, tiles[kNlParallel] * channels, 0};
  }

  bool related(const LayerProblem&, const Tiles& tiles, size_t known) const override {
    return known <= kNlFilters || tiles[kNlParallel] <= tiles[kNlFilters];
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    const double map = ifmap_planes(problem) * fetched_rows(problem, tiles[kNlRows]) *
                       fetched_columns(problem, tiles[kNlColumns]);
    const auto tiles_of_pixels =
        static_cast<double>(ceil_tiles(problem.images, tiles[kNlImages]) *
                            ceil_tiles(problem.ofmap_rows, tiles[kNlRows]) *
                            ceil_tiles(problem.ofmap_columns, tiles[kNlColumns]));
    // Each tap in each tile of channels adds once to a partial sum in the buffer.
    const auto visits = static_cast<double>(ceil_tiles(problem.channels, tiles[kNlChannels]) *
                                            problem.filter_rows * problem.filter_columns);
    const double outputs = ofmap_words(problem), products = product_count(problem);
    const double windows = products / static_cast<double>(problem.filters);
    TileAccesses words{};
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kWeights)] =
        weight_words(problem) * tiles_of_pixels;
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kIfmap)] =
        map * static_cast<double>(ceil_tiles(problem.filters, tiles[kNlFilters]));
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kPsum)] = outputs;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kWeights)] =
        problem.pooling ? 0 : products;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kIfmap)] =
        windows * static_cast<double>(ceil_tiles(problem.filters, tiles[kNlParallel]));
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kPsum)] = 2 * outputs * (visits - 1);
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kIfmap)] = products;
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kPsum)] = products - outputs * visits;
    return words;
  }

  uint64_t active(const LayerProblem&, const Tiles& tiles) const override {
    return tiles[kNlParallel] * tiles[kNlChannels];
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "N", ceil_tiles(problem.images, tiles[kNlImages])},
            {StorageLevel::kDram, false, "E", ceil_tiles(problem.ofmap_rows, tiles[kNlRows])},
            {StorageLevel::kDram, false, "F", ceil_tiles(problem.ofmap_columns, tiles[kNlColumns])},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kNlFilters])},
            {StorageLevel::kDram, false, "C", ceil_tiles(problem.channels, tiles[kNlChannels])},
            {StorageLevel::kBuffer, false, "M", ceil_tiles(tiles[kNlFilters], tiles[kNlParallel])},
            {StorageLevel::kBuffer, false, "N", tiles[kNlImages]},
            {StorageLevel::kBuffer, false, "E", tiles[kNlRows]},
            {StorageLevel::kBuffer, false, "F", tiles[kNlColumns]},
            {StorageLevel::kBuffer, false, "R", problem.filter_rows},
            {StorageLevel::kBuffer, false, "S", problem.filter_columns},
            {StorageLevel::kArray, true, "M", tiles[kNlParallel]},
            {StorageLevel::kArray, true, "C", tiles[kNlChannels]}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> no_local_reuse_form() { return std::make_unique<NoLocalReuseForm>(); }

}  // namespace wattgrind
