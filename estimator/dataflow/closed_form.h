// Dataflows whose accesses have closed forms in a few tile sizes: ISCA'16's framework (Chen, Emer,
// Sze 2016; the formulas are those of the authors' published scripts), by which they compared
// dataflows. In its words the reuse of a datum is split into a (DRAM to buffer), b (buffer to
// array), c (array to register file) and d (register file to multiplier), and
//
//   a map's value or a weight costs   a dram + a b buffer + a b c array + a b c d registers
//   a partial sum costs   (2a - 1) dram + 2a (b - 1) buffer + ab (c - 1) array + 2abc (d - 1)
//   registers
//
// A level without reuse is passed by and costs a partial sum nothing.
//
// Tile sizes are any whole numbers. Filters, channels and images in ragged tiles are counted as
// they are. Of ragged tiles of pixels the forms take the part that is there of what a whole one
// would fetch, halo included, as the framework does: counts are then rounded, and are exact where
// tiles of pixels divide the output.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "estimator/dataflow/dataflow.h"

namespace wattgrind {

// E = a e_dram + a b e_buffer + ..., as above, for one datum: [dram, buffer, array, registers].
double input_energy(const std::array<double, kStorageLevels>& reuse,
                    const std::array<double, kStorageLevels>& energy);
double psum_energy(const std::array<double, kStorageLevels>& reuse,
                   const std::array<double, kStorageLevels>& energy);

inline constexpr size_t kMostTiles = 7;
using Tiles = std::array<uint64_t, kMostTiles>;

// In words of the widest width, and elements.
struct TileRoom {
  uint64_t buffer_words = 0, elements = 0, register_words = 0;
};
TileRoom room_of(const Accelerator& accelerator);

// Words by level and kind, before rounding.
using TileAccesses = std::array<std::array<double, kDataKinds>, kStorageLevels>;

// A closed form. Tiles stand in the order in which they are searched. No need falls and no access
// rises when a tile grows: the search rests on both.
class ReuseForm {
 public:
  virtual ~ReuseForm() = default;

  virtual std::vector<std::string> names() const = 0;
  virtual std::vector<uint64_t> most(const LayerProblem& problem) const = 0;
  virtual TileRoom needs(const LayerProblem& problem, const Tiles& tiles) const = 0;
  // What binds tiles to each other beside their needs, of the first `known` of them.
  virtual bool related(const LayerProblem&, const Tiles&, size_t) const { return true; }
  virtual TileAccesses accesses(const LayerProblem& problem, const Tiles& tiles) const = 0;
  virtual uint64_t active(const LayerProblem& problem, const Tiles& tiles) const = 0;
  virtual std::vector<MappingLoop> loops(const LayerProblem& problem, const Tiles& tiles) const = 0;
};

// The cycles that the array takes or, where they are more, the way to the buffer or to DRAM.
double tile_cycles(const LayerProblem& problem, uint64_t active, const TileAccesses& accesses,
                   const Accelerator& accelerator);

// The best tiles, by branch and bound; absent where none fit. `value` is of accesses and cycles.
struct TileChoice {
  Tiles tiles{};
  double value = 0;
  double secondary = 0;
};
std::optional<TileChoice> best_tiles(const ReuseForm& form, const LayerProblem& problem,
                                     const Accelerator& accelerator, const WordPrices& prices,
                                     MappingObjective objective);

// The objective's value and what breaks ties of it: cycles or energy, then idle elements. Partial
// sums on the array count twice, as in the framework's search, and once in what it reports.
std::array<double, 3> tiles_value(const ReuseForm& form, const LayerProblem& problem,
                                  const Tiles& tiles, const Accelerator& accelerator,
                                  const WordPrices& prices, MappingObjective objective);

bool tiles_fit(const ReuseForm& form, const LayerProblem& problem, const TileRoom& room,
               const Tiles& tiles, size_t known);

// Pooling as the closed forms take it: each channel a group of its own.
LayerProblem by_channel(const LayerProblem& problem);

std::unique_ptr<Dataflow> make_closed_form(std::string_view name, std::string_view description,
                                           std::optional<double> register_bytes,
                                           std::unique_ptr<ReuseForm> form);

// Each is defined in its own file.
std::unique_ptr<ReuseForm> weight_stationary_form();
std::unique_ptr<ReuseForm> output_stationary_soc_mop_form();
std::unique_ptr<ReuseForm> output_stationary_moc_mop_form();
std::unique_ptr<ReuseForm> output_stationary_moc_sop_form();
std::unique_ptr<ReuseForm> no_local_reuse_form();
std::unique_ptr<ReuseForm> row_stationary_reuse_form();

// Arithmetic that the forms share.
constexpr uint64_t ceil_tiles(uint64_t all, uint64_t tile) { return (all + tile - 1) / tile; }
// The input rows (columns) that all strips of `tile` output rows (columns) fetch, of the whole map.
// Where windows leave gaps, strips do not overlap, and the map is fetched as a whole.
double fetched_rows(const LayerProblem& problem, uint64_t tile);
double fetched_columns(const LayerProblem& problem, uint64_t tile);
// Words and multiply-accumulates of all groups, as floating-point numbers: exact below 2^53.
double ifmap_planes(const LayerProblem& problem);  // G N C
double weight_words(const LayerProblem& problem);  // none of pooling
double ofmap_words(const LayerProblem& problem);
double product_count(const LayerProblem& problem);

// What the output-stationary forms fetch. Sums stay where they are and go out once; weights come to
// the buffer once and to the array once for each tile of pixels; every product takes a weight and a
// map's value from the array.
struct StationaryFetches {
  double map = 0;                // words of the map that its tiles fetch together
  uint64_t map_from_dram = 1;    // how often those come from DRAM
  uint64_t map_from_buffer = 1;  // and from the buffer
  uint64_t tiles_of_pixels = 1;
};
TileAccesses output_stationary_accesses(const LayerProblem& problem,
                                        const StationaryFetches& fetches);

}  // namespace wattgrind
