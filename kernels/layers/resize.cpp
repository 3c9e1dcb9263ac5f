#include "estimator/network/resize_runs.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/resize_passes.h"

namespace wattgrind {
namespace {

Register between(NestBuilder& nest, Register low, Register high, double weight) {
  const Register difference = nest.apply(Opcode::kSub, high, low);
  const Register factor = nest.constant(nest.lanes(low), static_cast<float>(weight));
  return nest.apply(Opcode::kMulAdd, difference, factor, low);
}

// The value of an output pixel from the two or four that it lies between.
Register interpolated(NestBuilder& nest, const CopyVector& at, const ResizeStep& step) {
  const auto in_row = [&](int64_t row_bytes) {
    const Register low = at.load(nest, row_bytes);
    if (step.column_bytes == 0) return low;
    return between(nest, low, at.load(nest, row_bytes + step.column_bytes), step.column_weight);
  };
  const Register low = in_row(0);
  return step.row_bytes == 0 ? low : between(nest, low, in_row(step.row_bytes), step.row_weight);
}

}  // namespace

LoopNest lower(const Resize& resize, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("resize", context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const auto rows = resize_rows(resize, in.shape), columns = resize_columns(resize, in.shape);
  const auto pass = [&](const ResizePass& self, const Address& from, const Address& to) {
    for_each_resized(nest, self, [&](const ResizeStep& step) {
      for_each_copied(
          nest, moved(stepped(from, step.row, step.source_row_bytes), step.source_bytes),
          moved(stepped(to, step.row, step.result_row_bytes), step.result_bytes), step.dimensions,
          [&](const CopyVector& at) { nest.store(interpolated(nest, at, step), at.to); });
    });
  };
  const std::vector<ResizePass> passes = resize_passes(rows, columns, in, out);
  Address scratch;
  if (passes.size() > 1) {
    scratch = nest.buffer(Operand::kScratch, TensorRole::kScratch, passes[0].result.bytes(1));
  }
  for_each_image(nest, context.batch, input, in, output, out,
                 [&](const Address& from, const Address& to) {
                   if (passes.size() == 1) return pass(passes[0], from, to);
                   pass(passes[0], from, scratch);
                   pass(passes[1], scratch, to);
                 });
  return std::move(nest).finish();
}

}  // namespace wattgrind
