// Weight stationary: each element keeps a weight until all that it is for has passed; maps are
// broadcast, partial sums of a filter row add up along the array and wait in the buffer. Tiles: r
// channels and t filters side by side, strips of f output columns.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum WeightStationaryTile : size_t { kWsChannels, kWsFilters, kWsColumns };

class WeightStationaryForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"r", "t", "f"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.channels, problem.filters, problem.ofmap_columns};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t filters = tiles[kWsFilters], planes = tiles[kWsChannels] * filters;
    // Lines of the strip wait until the filter's last row has seen them.
    const uint64_t beside = problem.strip_columns(tiles[kWsColumns]) - problem.span_columns;
    const uint64_t lines = planes * beside * (problem.filter_rows - 1);
    const uint64_t sums = problem.images * filters * problem.ofmap_rows * problem.ofmap_columns;
    return {sums + lines, planes * problem.filter_rows * problem.filter_columns, 1};
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    const double rows = static_cast<double>(problem.ifmap_rows());
    const double columns = fetched_columns(problem, tiles[kWsColumns]);
    const auto filter_tiles = static_cast<double>(ceil_tiles(problem.filters, tiles[kWsFilters]));
    // Each row of filters in each tile of channels adds once to a partial sum in the buffer.
    const auto visits =
        static_cast<double>(ceil_tiles(problem.channels, tiles[kWsChannels]) * problem.filter_rows);
    const double outputs = ofmap_words(problem);
    TileAccesses words{};
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kWeights)] = weight_words(problem);
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kIfmap)] =
        ifmap_planes(problem) * filter_tiles * rows * columns;
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kPsum)] = outputs;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kPsum)] = 2 * outputs * (visits - 1);
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kIfmap)] = product_count(problem);
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kPsum)] =
        product_count(problem) - outputs * visits;
    words[index_of(StorageLevel::kRegisterFile)][index_of(DataKind::kWeights)] =
        problem.pooling ? 0 : product_count(problem);
    return words;
  }

  uint64_t active(const LayerProblem& problem, const Tiles& tiles) const override {
    return tiles[kWsChannels] * tiles[kWsFilters] * problem.filter_rows * problem.filter_columns;
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kWsFilters])},
            {StorageLevel::kDram, false, "F", ceil_tiles(problem.ofmap_columns, tiles[kWsColumns])},
            {StorageLevel::kBuffer, false, "C", ceil_tiles(problem.channels, tiles[kWsChannels])},
            {StorageLevel::kBuffer, false, "N", problem.images},
            {StorageLevel::kBuffer, false, "E", problem.ofmap_rows},
            {StorageLevel::kBuffer, false, "F", tiles[kWsColumns]},
            {StorageLevel::kArray, true, "M", tiles[kWsFilters]},
            {StorageLevel::kArray, true, "C", tiles[kWsChannels]},
            {StorageLevel::kArray, true, "R", problem.filter_rows},
            {StorageLevel::kArray, true, "S", problem.filter_columns}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> weight_stationary_form() {
  return std::make_unique<WeightStationaryForm>();
}

}  // namespace wattgrind
