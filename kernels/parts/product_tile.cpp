#include "kernels/parts/product_tile.h"

#include <functional>
#include <span>

#include "estimator/base/error.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {
namespace {

class TileEmitter {
 public:
  TileEmitter(NestBuilder& nest, const ProductTile& tile) : nest_(nest), tile_(tile) {}

  void emit() {
    load_sums();
    emit_loops(tile_.reduction, tile_.input, tile_.weights,
               [&](const Address& input, const Address& weights) { emit_parts(input, weights); });
    for (int64_t row = 0; row < tile_.rows; ++row) {
      for (size_t v = 0; v < tile_.vectors.size(); ++v) {
        const Address at = output(row, v);
        nest_.store(tile_.epilogue ? tile_.epilogue(sum(row, v), at) : sum(row, v), at);
      }
    }
  }

 private:
  Register sum(int64_t row, size_t vector) const {
    return sums_[static_cast<size_t>(row) * tile_.vectors.size() + vector];
  }

  Address output(int64_t row, size_t vector) const {
    return moved(tile_.output, row * tile_.output_row_bytes + tile_.vectors[vector].channel_bytes);
  }

  void load_sums() {
    std::vector<Register> biases;
    if (tile_.start == TileStart::kBias) {
      for (const TileVector& vector : tile_.vectors) {
        biases.push_back(nest_.load(tile_.lanes, moved(tile_.bias, vector.channel_bytes)));
      }
    }
    for (int64_t row = 0; row < tile_.rows; ++row) {
      for (size_t v = 0; v < tile_.vectors.size(); ++v) sums_.push_back(first_sum(biases, row, v));
    }
  }

  Register first_sum(const std::vector<Register>& biases, int64_t row, size_t vector) {
    switch (tile_.start) {
      case TileStart::kBias:
        return nest_.apply(Opcode::kMove, biases[vector]);
      case TileStart::kRowBias:
        return nest_.broadcast(tile_.lanes, moved(tile_.bias, row * kFloatBytes));
      case TileStart::kZero:
        return nest_.constant(tile_.lanes, 0);
      case TileStart::kOutput:
        return nest_.load(tile_.lanes, output(row, vector));
    }
    CHECK(false, "start {}", static_cast<int>(tile_.start));
  }

  using Step = std::function<void(const Address& input, const Address& weights)>;

  void emit_loops(std::span<const ReductionLoop> loops, const Address& input,
                  const Address& weights, const Step& step) {
    if (loops.empty()) {
      step(input, weights);
      return;
    }
    const ReductionLoop& loop = loops.front();
    nest_.loop(loop.name, loop.trips, [&](LoopVariable i) {
      emit_loops(loops.subspan(1), stepped(input, i, loop.input_bytes),
                 stepped(weights, i, loop.weight_bytes), step);
    });
  }

  void emit_parts(const Address& input, const Address& weights) {
    if (tile_.parts.empty()) emit_step(input, weights, 0, tile_.rows);
    for (const ReductionPart& part : tile_.parts) {
      emit_loops(part.loops, moved(input, part.input_bytes), moved(weights, part.weight_bytes),
                 [&](const Address& from, const Address& by) {
                   emit_step(from, by, part.first_row, part.rows);
                 });
    }
  }

  // Emits a step of the reduction. Input values or weights, whichever are fewer, stay in registers
  // while the others are read one after the other.
  void emit_step(const Address& input, const Address& weights, int64_t first_row, int64_t rows) {
    if (static_cast<size_t>(rows) < tile_.vectors.size()) {
      std::vector<Register> values;
      for (int64_t row = 0; row < rows; ++row) {
        values.push_back(input_value(input, first_row + row));
      }
      for (size_t v = 0; v < tile_.vectors.size(); ++v) {
        const Register weight = weight_vector(weights, v);
        for (int64_t row = 0; row < rows; ++row) {
          accumulate(first_row + row, v, values[static_cast<size_t>(row)], weight);
        }
      }
    } else {
      std::vector<Register> vectors;
      for (size_t v = 0; v < tile_.vectors.size(); ++v) {
        vectors.push_back(weight_vector(weights, v));
      }
      for (int64_t row = first_row; row < first_row + rows; ++row) {
        const Register value = input_value(input, row);
        for (size_t v = 0; v < vectors.size(); ++v) accumulate(row, v, value, vectors[v]);
      }
    }
  }

  Register input_value(const Address& input, int64_t row) {
    return nest_.broadcast(tile_.lanes, moved(input, row * tile_.input_row_bytes));
  }

  // Whether the vector's weights lie in another line than those of the vector before.
  bool begins_line(size_t vector) const {
    const auto line = [&](size_t v) { return tile_.vectors[v].weight_bytes / kLineBytes; };
    return vector == 0 || line(vector) != line(vector - 1);
  }

  Register weight_vector(const Address& weights, size_t vector) {
    return nest_.load(tile_.lanes, moved(weights, tile_.vectors[vector].weight_bytes),
                      begins_line(vector) ? tile_.weights_ahead_bytes : 0);
  }

  void accumulate(int64_t row, size_t vector, Register value, Register weight) {
    const Register total = sum(row, vector);
    nest_.assign(total, Opcode::kMulAdd, value, weight, total);
  }

  NestBuilder& nest_;
  const ProductTile& tile_;
  std::vector<Register> sums_;  // [row][vector]
};

}  // namespace

void emit_product_tile(NestBuilder& nest, const ProductTile& tile) {
  TileEmitter(nest, tile).emit();
}

}  // namespace wattgrind
