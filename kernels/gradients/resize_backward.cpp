#include "estimator/network/resize_runs.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/resize_passes.h"

namespace wattgrind {
namespace {

// Adds the gradient of an output pixel, by their weights, to those of the pixels that it came from.
void hand_back(NestBuilder& nest, const CopyVector& at, const ResizeStep& step) {
  const Register gradient = at.load(nest);
  const auto add = [&](int64_t bytes, double weight) {
    const Address to = moved(at.to, bytes);
    const Register sum = nest.load(at.lanes, to);
    const Register factor = nest.constant(at.lanes, static_cast<float>(weight));
    nest.store(weight == 1 ? nest.apply(Opcode::kAdd, sum, gradient)
                           : nest.apply(Opcode::kMulAdd, gradient, factor, sum),
               to);
  };
  const auto add_row = [&](int64_t bytes, double weight) {
    const double high = step.column_bytes == 0 ? 0 : step.column_weight;
    add(bytes, weight * (1 - high));
    if (high != 0) add(bytes + step.column_bytes, weight * high);
  };
  const double high = step.row_bytes == 0 ? 0 : step.row_weight;
  add_row(0, 1 - high);
  if (high != 0) add_row(step.row_bytes, high);
}

// Clears the gradient of one image of the pass's source, then adds that of its result.
void emit_pass_backward(NestBuilder& nest, const ResizePass& pass, const Address& from,
                        const Address& to) {
  emit_fill(nest, 0, moved(to, pass.source.pixel_bytes(0, 0)),
            map_dimensions(pass.source.shape, pass.source, pass.source));
  for_each_resized(nest, pass, [&](const ResizeStep& step) {
    std::vector<CopyDimension> dimensions = step.dimensions;
    for (CopyDimension& d : dimensions) std::swap(d.from_bytes, d.to_bytes);
    for_each_copied(nest, moved(stepped(from, step.row, step.result_row_bytes), step.result_bytes),
                    moved(stepped(to, step.row, step.source_row_bytes), step.source_bytes),
                    dimensions, [&](const CopyVector& at) { hand_back(nest, at, step); });
  });
}

}  // namespace

LoopNest lower_data_gradient(const Resize& resize, const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("resize_backward", context.isa);
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  const std::vector<ResizePass> passes =
      resize_passes(resize_rows(resize, in.shape), resize_columns(resize, in.shape), in, out);
  Address scratch;
  if (passes.size() > 1) {
    scratch = nest.buffer(Operand::kScratch, TensorRole::kScratch, passes[0].result.bytes(1));
  }
  for_each_image(nest, context.batch, output_gradient, out, input_gradient, in,
                 [&](const Address& from, const Address& to) {
                   if (passes.size() == 1) return emit_pass_backward(nest, passes[0], from, to);
                   emit_pass_backward(nest, passes[1], from, scratch);
                   emit_pass_backward(nest, passes[0], scratch, to);
                 });
  return std::move(nest).finish();
}

}  // namespace wattgrind
