#include "estimator/dataflow/closed_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr size_t kSums = index_of(DataKind::kPsum);

class TileSearch {
 public:
  TileSearch(const ReuseForm& form, const LayerProblem& problem, const Accelerator& accelerator,
             const WordPrices& prices, MappingObjective objective)
      : form_(form),
        problem_(problem),
        accelerator_(accelerator),
        room_(room_of(accelerator)),
        prices_(prices),
        objective_(objective),
        most_(form.most(problem)) {}

  std::optional<TileChoice> run() {
    Tiles tiles;
    tiles.fill(1);
    if (tiles_fit(form_, problem_, room_, tiles, 0)) visit(0, tiles);
    return best_;
  }

 private:
  // The largest value of a tile that fits beside the first `known`, all others being 1. Needs never
  // fall when a tile grows, so all smaller ones fit as well, and no mapping with the same first
  // tiles has a larger one.
  uint64_t largest_fitting(size_t index, size_t known, Tiles tiles) const {
    uint64_t fitting = 0, failing = most_[index] + 1;
    while (failing - fitting > 1) {
      // The largest there is fits most of the time.
      const uint64_t middle =
          failing > most_[index] ? most_[index] : fitting + (failing - fitting) / 2;
      tiles[index] = middle;
      const bool fitted =
          tiles_fit(form_, problem_, room_, tiles, index == known ? known + 1 : known);
      (fitted ? fitting : failing) = middle;
    }
    return fitting;
  }

  // Takes values from the largest down. The bound of a value takes every later tile as large as it
  // could be by itself; no access rises when a tile grows, so whatever fits beside this value has
  // at least the bound's value. Of the last tile only the largest that fits is worth trying.
  void visit(size_t index, Tiles tiles) {
    const uint64_t largest = largest_fitting(index, index, tiles);
    if (index + 1 == most_.size()) {
      if (largest == 0) return;
      tiles[index] = largest;
      consider(tiles);
      return;
    }
    for (uint64_t value = largest; value >= 1; --value) {
      tiles[index] = value;
      if (best_ && bound(index, tiles) > best_->value) continue;
      visit(index + 1, tiles);
    }
  }

  double bound(size_t index, const Tiles& tiles) const {
    Tiles caps = tiles;
    for (size_t later = index + 1; later < most_.size(); ++later) {
      caps[later] = std::max<uint64_t>(1, largest_fitting(later, index + 1, tiles));
    }
    return tiles_value(form_, problem_, caps, accelerator_, prices_, objective_)[0];
  }

  void consider(const Tiles& tiles) {
    const auto value = tiles_value(form_, problem_, tiles, accelerator_, prices_, objective_);
    if (best_ && value >= value_) return;
    value_ = value;
    best_ = {tiles, value[0], value[1]};
  }

  const ReuseForm& form_;
  const LayerProblem& problem_;
  const Accelerator& accelerator_;
  const TileRoom room_;
  const WordPrices& prices_;
  const MappingObjective objective_;
  const std::vector<uint64_t> most_;
  std::array<double, 3> value_{};
  std::optional<TileChoice> best_;
};

class ClosedFormDataflow : public Dataflow {
 public:
  ClosedFormDataflow(std::string_view name, std::string_view description,
                     std::optional<double> register_bytes, std::unique_ptr<ReuseForm> form)
      : name_(name),
        description_(description),
        register_bytes_(register_bytes),
        form_(std::move(form)) {}

  std::string_view name() const override { return name_; }
  std::string_view description() const override { return description_; }
  std::optional<double> register_bytes() const override { return register_bytes_; }

  MappingResult map(const LayerProblem& layer, const Accelerator& accelerator,
                    const WordPrices& prices, MappingObjective objective) const override {
    const LayerProblem problem = by_channel(layer);
    const auto best = best_tiles(*form_, problem, accelerator, prices, objective);
    if (!best) return least_room(problem, accelerator);
    MappedLayer mapped;
    const TileAccesses accesses = form_->accesses(problem, best->tiles);
    for (size_t level = 0; level < kStorageLevels; ++level) {
      for (size_t kind = 0; kind < kDataKinds; ++kind) {
        mapped.counts.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind)) =
            static_cast<uint64_t>(std::llround(accesses[level][kind]));
      }
    }
    mapped.macs = problem.macs();
    mapped.active_elements = form_->active(problem, best->tiles);
    mapped.cycles =
        static_cast<uint64_t>(tile_cycles(problem, mapped.active_elements, accesses, accelerator));
    const std::vector<std::string> names = form_->names();
    for (size_t i = 0; i < names.size(); ++i) {
      mapped.mapping.parameters.push_back({names[i], best->tiles[i]});
    }
    for (const MappingLoop& loop : form_->loops(problem, best->tiles)) {
      if (loop.extent > 1) mapped.mapping.loops.push_back(loop);
    }
    return mapped;
  }

 private:
  NoMapping least_room(const LayerProblem& problem, const Accelerator& accelerator) const {
    const TileRoom room = room_of(accelerator);
    Tiles ones;
    ones.fill(1);
    const TileRoom least = form_->needs(problem, ones);
    const auto bytes = [&](uint64_t words) {
      return std::ceil(static_cast<double>(words * accelerator.widest_bits()) / kBitsAByte);
    };
    if (least.elements > room.elements) {
      return {fmt::format("an array of {} elements", room.elements),
              fmt::format("at least {}", least.elements)};
    }
    if (least.register_words > room.register_words) {
      return {fmt::format("register files of {:.9g} B", accelerator.register_bytes()),
              fmt::format("at least {:.0f} B", bytes(least.register_words))};
    }
    return {fmt::format("a buffer of {:.9g} B", accelerator.buffer_bytes.value),
            fmt::format("at least {:.0f} B", bytes(least.buffer_words)),
            static_cast<uint64_t>(bytes(least.buffer_words))};
  }

  const std::string name_, description_;
  const std::optional<double> register_bytes_;
  const std::unique_ptr<ReuseForm> form_;
};

}  // namespace

double input_energy(const std::array<double, kStorageLevels>& reuse,
                    const std::array<double, kStorageLevels>& energy) {
  double product = 1, sum = 0;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    product *= reuse[level];
    sum += product * energy[level];
  }
  return sum;
}

double psum_energy(const std::array<double, kStorageLevels>& reuse,
                   const std::array<double, kStorageLevels>& energy) {
  const auto [a, b, c, d] = reuse;
  return (2 * a - 1) * energy[0] + 2 * a * (b - 1) * energy[1] + a * b * (c - 1) * energy[2] +
         2 * a * b * c * (d - 1) * energy[3];
}

LayerProblem by_channel(const LayerProblem& problem) {
  if (!problem.pooling) return problem;
  LayerProblem channel = problem;
  channel.groups = problem.groups * problem.filters;
  channel.filters = 1;
  return channel;
}

double fetched_rows(const LayerProblem& problem, uint64_t tile) {
  if (problem.span_rows < problem.stride_rows) return static_cast<double>(problem.ifmap_rows());
  return static_cast<double>(problem.ofmap_rows * problem.strip_rows(tile)) /
         static_cast<double>(tile);
}

double fetched_columns(const LayerProblem& problem, uint64_t tile) {
  if (problem.span_columns < problem.stride_columns) {
    return static_cast<double>(problem.ifmap_columns());
  }
  return static_cast<double>(problem.ofmap_columns * problem.strip_columns(tile)) /
         static_cast<double>(tile);
}

double ifmap_planes(const LayerProblem& problem) {
  return static_cast<double>(problem.groups * problem.images * problem.channels);
}

double weight_words(const LayerProblem& problem) {
  return static_cast<double>(problem.words(DataKind::kWeights));
}

double ofmap_words(const LayerProblem& problem) {
  return static_cast<double>(problem.words(DataKind::kPsum));
}

double product_count(const LayerProblem& problem) { return static_cast<double>(problem.macs()); }

TileRoom room_of(const Accelerator& accelerator) {
  return {accelerator.buffer_words(), accelerator.elements(), accelerator.register_words()};
}

double tile_cycles(const LayerProblem& problem, uint64_t active, const TileAccesses& accesses,
                   const Accelerator& accelerator) {
  double cycles = product_count(problem) / static_cast<double>(active);
  double dram_bits = 0, buffer_words = 0;
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    dram_bits += accesses[index_of(StorageLevel::kDram)][kind] * accelerator.word_bits[kind].value;
    buffer_words += accesses[index_of(StorageLevel::kBuffer)][kind];
  }
  if (const auto& rate = accelerator.bandwidth.dram_bytes_per_cycle) {
    cycles = std::max(cycles, dram_bits / kBitsAByte / rate->value);
  }
  if (const auto& rate = accelerator.bandwidth.buffer_words_per_cycle) {
    cycles = std::max(cycles, buffer_words / rate->value);
  }
  return std::ceil(cycles);
}

bool tiles_fit(const ReuseForm& form, const LayerProblem& problem, const TileRoom& room,
               const Tiles& tiles, size_t known) {
  const TileRoom needs = form.needs(problem, tiles);
  return needs.buffer_words <= room.buffer_words && needs.elements <= room.elements &&
         needs.register_words <= room.register_words && form.related(problem, tiles, known);
}

std::array<double, 3> tiles_value(const ReuseForm& form, const LayerProblem& problem,
                                  const Tiles& tiles, const Accelerator& accelerator,
                                  const WordPrices& prices, MappingObjective objective) {
  const TileAccesses accesses = form.accesses(problem, tiles);
  const double cycles = tile_cycles(problem, form.active(problem, tiles), accesses, accelerator);
  double energy = cycles * prices.cycle;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      energy += accesses[level][kind] * prices.word[level][kind];
    }
  }
  constexpr size_t kArray = index_of(StorageLevel::kArray);
  energy += accesses[kArray][kSums] * prices.word[kArray][kSums];
  return {objective_value(objective, energy, cycles),
          objective == MappingObjective::kDelay ? energy : cycles,
          -static_cast<double>(form.active(problem, tiles))};
}

std::optional<TileChoice> best_tiles(const ReuseForm& form, const LayerProblem& problem,
                                     const Accelerator& accelerator, const WordPrices& prices,
                                     MappingObjective objective) {
  return TileSearch(form, problem, accelerator, prices, objective).run();
}

std::unique_ptr<Dataflow> make_closed_form(std::string_view name, std::string_view description,
                                           std::optional<double> register_bytes,
                                           std::unique_ptr<ReuseForm> form) {
  return std::make_unique<ClosedFormDataflow>(name, description, register_bytes, std::move(form));
}

TileAccesses output_stationary_accesses(const LayerProblem& problem,
                                        const StationaryFetches& fetches) {
  const auto at = [](TileAccesses& words, StorageLevel level, DataKind kind) -> double& {
    return words[index_of(level)][index_of(kind)];
  };
  const double products = product_count(problem);
  TileAccesses words{};
  at(words, StorageLevel::kDram, DataKind::kWeights) = weight_words(problem);
  at(words, StorageLevel::kDram, DataKind::kIfmap) =
      fetches.map * static_cast<double>(fetches.map_from_dram);
  at(words, StorageLevel::kDram, DataKind::kPsum) = ofmap_words(problem);
  at(words, StorageLevel::kBuffer, DataKind::kWeights) =
      weight_words(problem) * static_cast<double>(fetches.tiles_of_pixels);
  at(words, StorageLevel::kBuffer, DataKind::kIfmap) =
      fetches.map * static_cast<double>(fetches.map_from_buffer);
  at(words, StorageLevel::kArray, DataKind::kWeights) = problem.pooling ? 0 : products;
  at(words, StorageLevel::kArray, DataKind::kIfmap) = products;
  at(words, StorageLevel::kRegisterFile, DataKind::kPsum) = 2 * (products - ofmap_words(problem));
  return words;
}

}  // namespace wattgrind
