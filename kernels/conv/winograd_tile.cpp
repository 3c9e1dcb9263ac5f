#include "kernels/conv/winograd_tile.h"

#include <vector>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Values = std::vector<Register>;

// A small algebra over the nest, so that what follows reads as the formulas do.
class Algebra {
 public:
  explicit Algebra(NestBuilder& nest) : nest_(nest) {}

  Register sum(Register a, Register b) { return nest_.apply(Opcode::kAdd, a, b); }
  Register difference(Register a, Register b) { return nest_.apply(Opcode::kSub, a, b); }
  // factor * a + b
  Register scaled_sum(float factor, Register a, Register b) {
    const Register scale = nest_.constant(nest_.lanes(a), factor);
    return nest_.apply(Opcode::kMulAdd, scale, a, b);
  }

 private:
  NestBuilder& nest_;
};

// B' of F(2x2, 3x3): [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1].
Values inputs_of_2(Algebra a, const Values& d) {
  return {a.difference(d[0], d[2]), a.sum(d[1], d[2]), a.difference(d[2], d[1]),
          a.difference(d[1], d[3])};
}

// A' of F(2x2, 3x3): [1 1 1 0; 0 1 -1 -1].
Values outputs_of_2(Algebra a, const Values& m) {
  return {a.sum(a.sum(m[0], m[1]), m[2]), a.difference(a.difference(m[1], m[2]), m[3])};
}

// B' of F(4x4, 3x3): [4 0 -5 0 1 0; 0 -4 -4 1 1 0; 0 4 -4 -1 1 0; 0 -2 -1 2 1 0; 0 2 -1 -2 1 0;
// 0 4 0 -5 0 1].
Values inputs_of_4(Algebra a, const Values& d) {
  const Register even = a.scaled_sum(-4, d[2], d[4]), odd = a.scaled_sum(-4, d[1], d[3]);
  const Register rest = a.difference(d[4], d[2]), step = a.difference(d[3], d[1]);
  const Register twice = a.sum(step, step);
  return {a.scaled_sum(-4, a.difference(d[2], d[0]), rest),
          a.sum(even, odd),
          a.difference(even, odd),
          a.sum(rest, twice),
          a.difference(rest, twice),
          a.scaled_sum(-4, step, a.difference(d[5], d[3]))};
}

// A' of F(4x4, 3x3): [1 1 1 1 1 0; 0 1 -1 2 -2 0; 0 1 1 4 4 0; 0 1 -1 8 -8 1].
Values outputs_of_4(Algebra a, const Values& m) {
  const Register near = a.sum(m[1], m[2]), turned = a.difference(m[1], m[2]);
  const Register far = a.sum(m[3], m[4]), apart = a.difference(m[3], m[4]);
  const Register twice = a.sum(apart, apart);
  return {a.sum(a.sum(m[0], near), far), a.sum(twice, turned), a.scaled_sum(4, far, near),
          a.sum(a.scaled_sum(4, twice, turned), m[5])};
}

Values loaded(NestBuilder& nest, int lanes, const Address& first, int64_t step_bytes,
              int64_t count) {
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(nest.load(lanes, moved(first, i * step_bytes)));
  return values;
}

}  // namespace

void emit_winograd_inputs(NestBuilder& nest, int64_t outputs, const TileInputs& tile) {
  const auto transform = outputs == 2 ? inputs_of_2 : inputs_of_4;
  const int64_t extent = outputs + 2;
  const int64_t vector_bytes = tile.lanes * int64_t{sizeof(float)};
  const int64_t work_row_bytes = extent * vector_bytes;
  nest.loop("tile_column", extent, [&](LoopVariable x) {
    const Values values = transform(
        Algebra(nest),
        loaded(nest, tile.lanes, stepped(tile.from, x, tile.column_bytes), tile.row_bytes, extent));
    for (size_t i = 0; i < values.size(); ++i) {
      nest.store(values[i], moved(stepped(tile.work, x, vector_bytes),
                                  static_cast<int64_t>(i) * work_row_bytes));
    }
  });
  nest.loop("tile_row", extent, [&](LoopVariable y) {
    const Values values = transform(
        Algebra(nest),
        loaded(nest, tile.lanes, stepped(tile.work, y, work_row_bytes), vector_bytes, extent));
    for (size_t i = 0; i < values.size(); ++i) {
      nest.store(values[i], moved(stepped(tile.to, y, extent * tile.value_bytes),
                                  static_cast<int64_t>(i) * tile.value_bytes));
    }
  });
}

void emit_winograd_outputs(NestBuilder& nest, int64_t outputs, const TileOutputs& tile) {
  const auto transform = outputs == 2 ? outputs_of_2 : outputs_of_4;
  const int64_t extent = outputs + 2;
  const int64_t vector_bytes = tile.lanes * int64_t{sizeof(float)};
  const int64_t work_row_bytes = extent * vector_bytes;
  nest.loop("tile_column", extent, [&](LoopVariable x) {
    const Values values =
        transform(Algebra(nest), loaded(nest, tile.lanes, stepped(tile.from, x, tile.value_bytes),
                                        extent * tile.value_bytes, extent));
    for (size_t i = 0; i < values.size(); ++i) {
      nest.store(values[i], moved(stepped(tile.work, x, vector_bytes),
                                  static_cast<int64_t>(i) * work_row_bytes));
    }
  });
  const Register bias = nest.load(tile.lanes, tile.bias);
  nest.loop("tile_row", outputs, [&](LoopVariable y) {
    const Values values = transform(
        Algebra(nest),
        loaded(nest, tile.lanes, stepped(tile.work, y, work_row_bytes), vector_bytes, extent));
    for (size_t i = 0; i < values.size(); ++i) {
      const Address at =
          moved(stepped(tile.to, y, tile.row_bytes), static_cast<int64_t>(i) * tile.column_bytes);
      const Register sum = nest.apply(Opcode::kAdd, values[i], bias);
      nest.store(*tile.epilogue ? (*tile.epilogue)(sum, at) : sum, at);
    }
  });
}

}  // namespace wattgrind
