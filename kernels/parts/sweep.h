// Loops over the vectors of a map, beside maps that are repeated along it: what layers need whose
// values come from the values in their places.
//
// Where all maps lie alike, an image or a row is one run of values. Else a pixel's channels are
// passed vector by vector; what does not change along a row is loaded before it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// Each extent of its shape is that of the loops or 1, which is repeated.
struct SweptMap {
  Address buffer;
  MapLayout layout;
  bool has_images = true;  // false: one image serves the whole batch, as parameters do
};

// The layout of parameters that are repeated along maps, packed as kernels/layout/packing.h says.
MapLayout parameter_layout(const FeatureShape& shape, const MapLayout& map);

// The bytes of their buffer.
uint64_t parameter_bytes(const MapLayout& layout);

class Sweep {
 public:
  // The loops go over `shape`. `with_padding`: what is computed of padding channels may be stored
  // over them, for zeros make zeros.
  Sweep(NestBuilder& nest, int64_t batch, const FeatureShape& shape, std::vector<SweptMap> maps,
        bool with_padding);

  // Calls body() for the vectors; in it the functions below tell of the vector at hand.
  template <typename Body>
  void run(const Body& body);

  // Adds up what body() returns for each vector, a register for each of `results` maps that begin
  // at `first`. They are alike, and the sums go over the extents that are repeated in them and over
  // the batch where they have no images. `with_padding` says here that padding channels add zeros.
  template <typename Body>
  void add_up(size_t first, size_t results, const Body& body);

  int lanes() const { return lanes_; }
  Register load(size_t map);
  // Where the vector is stored, in a map that is not repeated.
  Address at(size_t map) const;
  Register constant(double value) { return nest_.constant(lanes_, static_cast<float>(value)); }
  Register apply(Opcode opcode, Register a, Register b = kNoRegister, Register c = kNoRegister,
                 Register d = kNoRegister) {
    return nest_.apply(opcode, a, b, c, d);
  }

 private:
  // The most vectors of a pixel that are passed without a loop, and the most of their operands that
  // then stay in registers along a row.
  static constexpr int64_t kFewVectors = 4, kFewOperands = 8;

  // A sum for each result, of each of some vectors.
  using Sums = std::vector<std::vector<Register>>;

  bool repeats_channels(const SweptMap& map) const {
    return map.layout.shape.channels != shape_.channels;
  }
  bool repeats_columns(const SweptMap& map) const { return map.layout.shape.width != shape_.width; }
  bool is_flat() const;
  int64_t covered_channels() const;
  Address pixel(const SweptMap& map) const;
  // Loads what repeats along the row, or in each of its pixels.
  void load_repeated(bool along_row);
  // Takes vector number `vector` of the piece, or of each step of a loop over `step` vectors.
  void select(const Tiles& piece, int64_t vector, LoopVariable channel, int64_t step = 1);

  void set_to_zero(size_t first, size_t results);
  Sums zeros(int lanes, int64_t vectors, size_t results);
  // Adds to the results' vector at hand.
  void add_to_results(size_t first, const std::vector<Register>& sums);
  // Adds the lanes of all sums to the results' value at hand.
  void add_lanes_to_results(size_t first, const std::vector<Sums>& sums);
  template <typename Body>
  void add_up_row(size_t first, size_t results, const Body& body);
  template <typename Body>
  void add_up_channels(std::vector<Sums>& sums, const Body& body);

  NestBuilder& nest_;
  const int64_t batch_;
  const FeatureShape shape_;
  const std::vector<SweptMap> maps_;
  const bool with_padding_;

  std::vector<Tiles> pieces_;
  bool has_few_vectors_ = false;
  LoopVariable image_, row_, column_, channel_;
  int lanes_ = 0;
  int64_t first_channel_ = 0;  // of the vector, or of the loop's first
  int64_t channel_step_ = 1;   // vectors
  bool in_flat_run_ = false;
  bool channels_outside_ = false;  // the loop over channels is around the one over columns
  // By map and first channel, or -1 and the number of lanes where the channels are repeated.
  std::map<std::pair<size_t, std::pair<int64_t, int>>, Register> loaded_;
};

template <typename Body>
void Sweep::run(const Body& body) {
  in_flat_run_ = is_flat();
  if (in_flat_run_) {
    bool one_row = true;
    for (const SweptMap& map : maps_) one_row = one_row && map.layout.rows_touch();
    const int64_t values =
        shape_.width * maps_.front().layout.channel_pitch * (one_row ? shape_.height : 1);
    nest_.loop("image", batch_, [&](LoopVariable n) {
      nest_.loop("row", one_row ? 1 : shape_.height, [&](LoopVariable y) {
        image_ = n, row_ = y, column_ = {};
        for (const Tiles& piece : vector_pieces(values, nest_.max_lanes())) {
          nest_.loop("vector", piece.count, [&](LoopVariable i) {
            select(piece, 0, i);
            body();
          });
        }
      });
    });
    return;
  }
  nest_.loop("image", batch_, [&](LoopVariable n) {
    nest_.loop("row", shape_.height, [&](LoopVariable y) {
      image_ = n, row_ = y, column_ = {};
      loaded_.clear();
      load_repeated(true);
      nest_.loop("column", shape_.width, [&](LoopVariable x) {
        column_ = x;
        load_repeated(false);
        for (const Tiles& piece : pieces_) {
          if (has_few_vectors_) {
            for (int64_t i = 0; i < piece.count; ++i) {
              select(piece, i, {});
              body();
            }
          } else {
            nest_.loop("channel", piece.count, [&](LoopVariable c) {
              select(piece, 0, c);
              body();
            });
          }
        }
      });
    });
  });
}

template <typename Body>
void Sweep::add_up(size_t first, size_t results, const Body& body) {
  in_flat_run_ = false;
  set_to_zero(first, results);
  nest_.loop("image", batch_, [&](LoopVariable n) {
    nest_.loop("row", shape_.height, [&](LoopVariable y) {
      image_ = n, row_ = y, column_ = {};
      loaded_.clear();
      load_repeated(true);
      if (!repeats_channels(maps_[first])) {
        channels_outside_ = true;
        add_up_row(first, results, body);
        return;
      }
      const auto all_zeros = [&] {
        std::vector<Sums> sums;
        for (const Tiles& piece : pieces_) {
          sums.push_back(
              zeros(static_cast<int>(piece.size), std::min(piece.count, kFewVectors), results));
        }
        return sums;
      };
      const bool is_sum_of_row = repeats_columns(maps_[first]);
      std::vector<Sums> sums;
      if (is_sum_of_row) sums = all_zeros();
      nest_.loop("column", shape_.width, [&](LoopVariable x) {
        column_ = x;
        load_repeated(false);
        if (!is_sum_of_row) sums = all_zeros();
        add_up_channels(sums, body);
        if (!is_sum_of_row) add_lanes_to_results(first, sums);
      });
      column_ = {};
      if (is_sum_of_row) add_lanes_to_results(first, sums);
    });
  });
}

// Each vector of channels has sums of its own.
template <typename Body>
void Sweep::add_up_row(size_t first, size_t results, const Body& body) {
  const bool is_sum_of_row = repeats_columns(maps_[first]);
  const int64_t most = kFewVectors / static_cast<int64_t>(results);
  for (const Tiles& piece : pieces_) {
    const int lanes = static_cast<int>(piece.size);
    for (const Tiles& group : full_tiles(piece.count, most)) {
      nest_.loop("channel", group.count, [&](LoopVariable c) {
        const auto select_vector = [&](int64_t v) {
          select(piece, group.start + v, c, group.size);
        };
        Sums sums;
        if (is_sum_of_row) sums = zeros(lanes, group.size, results);
        nest_.loop("column", shape_.width, [&](LoopVariable x) {
          column_ = x;
          load_repeated(false);
          for (int64_t v = 0; v < group.size; ++v) {
            select_vector(v);
            const std::vector<Register> values = body();
            if (!is_sum_of_row) {
              add_to_results(first, values);
              continue;
            }
            for (size_t r = 0; r < results; ++r) {
              const Register sum = sums[static_cast<size_t>(v)][r];
              nest_.assign(sum, Opcode::kAdd, sum, values[r]);
            }
          }
        });
        column_ = {};
        for (int64_t v = 0; is_sum_of_row && v < group.size; ++v) {
          select_vector(v);
          add_to_results(first, sums[static_cast<size_t>(v)]);
        }
      });
    }
  }
}

// All vectors of a pixel's channels are added to the same few sums.
template <typename Body>
void Sweep::add_up_channels(std::vector<Sums>& sums, const Body& body) {
  for (size_t p = 0; p < pieces_.size(); ++p) {
    const Tiles& piece = pieces_[p];
    for (const Tiles& group : full_tiles(piece.count, kFewVectors)) {
      nest_.loop("channel", group.count, [&](LoopVariable c) {
        for (int64_t v = 0; v < group.size; ++v) {
          select(piece, group.start + v, c, group.size);
          const std::vector<Register> values = body();
          for (size_t r = 0; r < values.size(); ++r) {
            const Register sum = sums[p][static_cast<size_t>(v)][r];
            nest_.assign(sum, Opcode::kAdd, sum, values[r]);
          }
        }
      });
    }
  }
}

}  // namespace wattgrind
