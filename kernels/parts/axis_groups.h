// Layers that fold maps along some axes (softmax, reductions): loops over the groups of values that
// belong together, and over the values of each group.
//
// Lanes are neighbouring channels. Where channels are among the folded axes a group's vectors fold
// into one value in the end; where they are not, every lane is a group of its own.
#pragma once

#include <string>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

class AxisGroups {
 public:
  // A vector of a group's values, or of the groups' results: in() finds it in maps of the shape,
  // folded() in maps whose folded axes are 1 long.
  class Vector {
   public:
    int lanes() const { return lanes_; }
    // How many vectors of groups lie side by side here, and the one so many further on.
    int64_t neighbours() const { return neighbours_; }
    Vector neighbour(int64_t vectors) const;
    // Tells apart a group's vectors of different lengths.
    size_t piece() const { return piece_; }
    Address in(const Address& map, const MapLayout& layout) const;
    Address folded(const Address& map, const MapLayout& layout) const;

   private:
    friend class AxisGroups;
    enum class Axis { kImage, kRow, kColumn, kChannel };
    struct Step {
      LoopVariable loop;
      Axis axis;
      int64_t values;  // how many an iteration goes on by
      bool is_folded;
    };
    Address place(const Address& map, const MapLayout& layout, bool without_folded) const;

    int lanes_ = 1;
    int64_t neighbours_ = 1;
    size_t piece_ = 0;
    int64_t first_channel_ = 0;
    bool folds_channels_ = false;
    std::vector<Step> steps_;  // outermost first
  };

  // Where channels are not folded, up to `neighbours` vectors of groups are visited at once.
  AxisGroups(NestBuilder& nest, int64_t batch, const FeatureShape& shape, const MapAxes& axes,
             int64_t neighbours = 1)
      : nest_(nest), batch_(batch), shape_(shape), axes_(axes), neighbours_(neighbours) {}

  // How many values a group has.
  int64_t size() const;

  // Calls body(Vector) for each group; of the vector only folded() means something, and lanes().
  template <typename Body>
  void each(const Body& body) {
    Vector at;
    at.folds_channels_ = axes_.channels;
    loop("image", batch_, Vector::Axis::kImage, false, at, [&](const Vector& image) {
      loop("row", axes_.height ? 1 : shape_.height, Vector::Axis::kRow, false, image,
           [&](const Vector& row) {
             loop("column", axes_.width ? 1 : shape_.width, Vector::Axis::kColumn, false, row,
                  [&](const Vector& column) {
                    if (axes_.channels) return body(column);
                    each_piece(column, false, body);
                  });
           });
    });
  }

  // Calls body(Vector) for each vector of a group.
  template <typename Body>
  void each_value(const Vector& group, const Body& body) {
    loop("row", axes_.height ? shape_.height : 1, Vector::Axis::kRow, true, group,
         [&](const Vector& row) {
           loop("column", axes_.width ? shape_.width : 1, Vector::Axis::kColumn, true, row,
                [&](const Vector& column) {
                  if (!axes_.channels) return body(column);
                  each_piece(column, true, body);
                });
         });
  }

  // A group's running results, one for each length of its vectors.
  std::vector<Register> accumulators(const Vector& group, float start);
  // Their one result: of as many lanes as the group's.
  Register fold(const std::vector<Register>& accumulators, Opcode opcode, Opcode reduction);
  // The result in as many lanes as the group's vectors have, one register for each length.
  std::vector<Register> spread(Register result);

 private:
  template <typename Body>
  void loop(const char* name, int64_t trips, Vector::Axis axis, bool is_folded,
            const Vector& around, const Body& body) {
    nest_.loop(name, trips, [&](LoopVariable i) {
      Vector inner = around;
      inner.steps_.push_back({i, axis, 1, is_folded});
      body(inner);
    });
  }

  template <typename Body>
  void each_piece(const Vector& pixel, bool is_folded, const Body& body) {
    size_t piece = 0;
    for (const Tiles& tiles : vector_pieces(shape_.channels, nest_.max_lanes())) {
      for (const Tiles& block : full_tiles(tiles.count, is_folded ? 1 : neighbours_)) {
        nest_.loop("channel", block.count, [&](LoopVariable c) {
          Vector vector = pixel;
          vector.lanes_ = static_cast<int>(tiles.size);
          vector.neighbours_ = block.size;
          vector.piece_ = is_folded ? piece : 0;
          vector.first_channel_ = tiles.start + block.start * tiles.size;
          vector.steps_.push_back({c, Vector::Axis::kChannel, block.size * tiles.size, is_folded});
          body(vector);
        });
      }
      ++piece;
    }
  }

  NestBuilder& nest_;
  const int64_t batch_;
  const FeatureShape shape_;
  const MapAxes axes_;
  const int64_t neighbours_;
};

}  // namespace wattgrind
