// Row stationary by the closed forms of ISCA'16's framework: the same dataflow as row_stationary.h,
// with tiles of any size in place of passes and loop orders. Tiles: m filters, n images and strips
// of f output columns in the buffer; p filters and q channels in an element; r sets of other
// channels and t sets of other filters side by side. Weights stream past the buffer.
#include <algorithm>

#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

enum RowReuseTile : size_t {
  kRrColumns,
  kRrSets,
  kRrFilterSets,
  kRrImages,
  kRrChannels,
  kRrFilters,
  kRrOwnFilters
};

class RowReuseForm : public ReuseForm {
 public:
  std::vector<std::string> names() const override { return {"f", "r", "t", "n", "q", "m", "p"}; }

  std::vector<uint64_t> most(const LayerProblem& problem) const override {
    return {problem.ofmap_columns, problem.channels, problem.filters, problem.images,
            problem.channels,      problem.filters,  problem.filters};
  }

  TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const override {
    const uint64_t sums =
        tiles[kRrImages] * tiles[kRrFilters] * problem.ofmap_rows * tiles[kRrColumns];
    const uint64_t maps = tiles[kRrImages] * tiles[kRrChannels] * tiles[kRrSets] *
                          problem.ifmap_rows() * problem.strip_columns(tiles[kRrColumns]);
    const uint64_t own = tiles[kRrOwnFilters], row = tiles[kRrChannels] * problem.filter_columns;
    return {sums + maps,
            problem.filter_rows * tiles[kRrColumns] * tiles[kRrSets] * tiles[kRrFilterSets],
            own * row + row + own};
  }

  bool related(const LayerProblem& problem, const Tiles& tiles, size_t known) const override {
    if (tiles[kRrChannels] * tiles[kRrSets] > problem.channels) return false;
    const uint64_t filters = known > kRrFilters ? tiles[kRrFilters] : problem.filters;
    return tiles[kRrOwnFilters] * tiles[kRrFilterSets] <= filters;
  }

  TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const override {
    const auto number = [](uint64_t count) { return static_cast<double>(count); };
    const double map = ifmap_planes(problem) * number(problem.ifmap_rows());
    const double image_tiles = number(ceil_tiles(problem.images, tiles[kRrImages]));
    const uint64_t filters = tiles[kRrOwnFilters] * tiles[kRrFilterSets];
    const uint64_t channels = tiles[kRrChannels] * tiles[kRrSets];
    const double strips = fetched_columns(problem, tiles[kRrColumns]);
    const double columns = number(problem.ofmap_columns);
    // Sums that leave an element, and of these such as leave the array.
    const double rows_left =
        number(ceil_tiles(problem.channels, tiles[kRrChannels]) * problem.filter_rows);
    const double left = number(ceil_tiles(problem.channels, channels));
    const double outputs = ofmap_words(problem), products = product_count(problem);
    TileAccesses words{};
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kWeights)] =
        weight_words(problem) * image_tiles *
        number(ceil_tiles(problem.ofmap_columns, tiles[kRrColumns]));
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kIfmap)] =
        map * number(ceil_tiles(problem.filters, tiles[kRrFilters])) * strips;
    words[index_of(StorageLevel::kDram)][index_of(DataKind::kPsum)] = outputs;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kIfmap)] =
        map * number(ceil_tiles(problem.filters, filters)) * strips;
    words[index_of(StorageLevel::kBuffer)][index_of(DataKind::kPsum)] = 2 * outputs * (left - 1);
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kWeights)] =
        weight_words(problem) * image_tiles * columns;
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kIfmap)] =
        map * number(ceil_tiles(problem.filters, tiles[kRrOwnFilters]) * problem.filter_columns) *
        columns;
    words[index_of(StorageLevel::kArray)][index_of(DataKind::kPsum)] = outputs * (rows_left - left);
    words[index_of(StorageLevel::kRegisterFile)][index_of(DataKind::kWeights)] =
        problem.pooling ? 0 : products;
    words[index_of(StorageLevel::kRegisterFile)][index_of(DataKind::kIfmap)] = products;
    words[index_of(StorageLevel::kRegisterFile)][index_of(DataKind::kPsum)] =
        2 * (products - outputs * rows_left);
    return words;
  }

  uint64_t active(const LayerProblem& problem, const Tiles& tiles) const override {
    return problem.filter_rows * tiles[kRrColumns] * tiles[kRrSets] * tiles[kRrFilterSets];
  }

  std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const override {
    return {{StorageLevel::kDram, false, "G", problem.groups},
            {StorageLevel::kDram, false, "M", ceil_tiles(problem.filters, tiles[kRrFilters])},
            {StorageLevel::kDram, false, "N", ceil_tiles(problem.images, tiles[kRrImages])},
            {StorageLevel::kDram, false, "F", ceil_tiles(problem.ofmap_columns, tiles[kRrColumns])},
            {StorageLevel::kBuffer, false, "C",
             ceil_tiles(problem.channels, tiles[kRrChannels] * tiles[kRrSets])},
            {StorageLevel::kBuffer, false, "M",
             ceil_tiles(tiles[kRrFilters], tiles[kRrOwnFilters] * tiles[kRrFilterSets])},
            {StorageLevel::kArray, true, "M", tiles[kRrFilterSets]},
            {StorageLevel::kArray, true, "C", tiles[kRrSets]},
            {StorageLevel::kArray, true, "R", problem.filter_rows},
            {StorageLevel::kArray, true, "F", tiles[kRrColumns]},
            {StorageLevel::kRegisterFile, false, "N", tiles[kRrImages]},
            {StorageLevel::kRegisterFile, false, "E", problem.ofmap_rows},
            {StorageLevel::kRegisterFile, false, "M", tiles[kRrOwnFilters]},
            {StorageLevel::kRegisterFile, false, "C", tiles[kRrChannels]},
            {StorageLevel::kRegisterFile, false, "S", problem.filter_columns}};
  }
};

}  // namespace

std::unique_ptr<ReuseForm> row_stationary_reuse_form() { return std::make_unique<RowReuseForm>(); }

}  // namespace wattgrind
