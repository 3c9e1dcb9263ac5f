#include "estimator/network/rearrangement.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/rearranged_copy.h"

namespace wattgrind {
namespace {

Address output_gradient_buffer(NestBuilder& nest, const BackwardContext& context) {
  return nest.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                     context.output_gradient.bytes(context.batch));
}

Address input_gradient_buffer(NestBuilder& nest, const BackwardContext& context) {
  return nest.buffer(Operand::kInputGradient, TensorRole::kGradient,
                     context.input_gradient.bytes(context.batch));
}

// Every value's gradient goes back to where the value came from. Where not every input has one
// place in the output, the input's gradient is cleared first; where some have several, it is their
// sum.
LoopNest lower_rearrangement_backward(const char* name, const Rearrange& rearrange,
                                      const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest(name, context.isa);
  const Address output_gradient = output_gradient_buffer(nest, context);
  const Address input_gradient = input_gradient_buffer(nest, context);
  const RearrangedCopy copy = rearranged_copy(rearrange, in, out).reversed();
  const bool adds = repeats(rearrange);
  for_each_image(nest, context.batch, output_gradient, out, input_gradient, in,
                 [&](const Address& from, const Address& to) {
                   if (adds || out.shape.elements() < in.shape.elements()) {
                     emit_fill(nest, 0, moved(to, in.pixel_bytes(0, 0)),
                               map_dimensions(in.shape, in, in));
                   }
                   (adds ? emit_addition : emit_copy)(nest, moved(from, copy.from_bytes),
                                                      moved(to, copy.to_bytes), copy.dimensions);
                 });
  return std::move(nest).finish();
}

LoopNest lower_reshape_backward(const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("reshape_backward", context.isa);
  const Address output_gradient = output_gradient_buffer(nest, context);
  const Address input_gradient = input_gradient_buffer(nest, context);
  const Address vector = nest.buffer(Operand::kScratch, TensorRole::kScratch,
                                     static_cast<uint64_t>(in.shape.elements() * kFloatBytes));
  const RearrangedCopy flatten = flattening_copy(out);
  const RearrangedCopy shape = flattening_copy(in).reversed();
  for_each_image(nest, context.batch, output_gradient, out, input_gradient, in,
                 [&](const Address& from, const Address& to) {
                   emit_copy(nest, moved(from, flatten.from_bytes), vector, flatten.dimensions);
                   emit_copy(nest, vector, moved(to, shape.to_bytes), shape.dimensions);
                 });
  return std::move(nest).finish();
}

}  // namespace

LoopNest lower_data_gradient(const Rearrange& rearrange, const BackwardContext& context) {
  return lower_rearrangement_backward("rearrange_backward", rearrange, context);
}

LoopNest lower_data_gradient(const Slice& slice, const BackwardContext& context) {
  return lower_rearrangement_backward("slice_backward", rearrangement(slice, context.input().shape),
                                      context);
}

LoopNest lower_data_gradient(const Transpose& transpose, const BackwardContext& context) {
  return lower_rearrangement_backward("transpose_backward",
                                      rearrangement(transpose, context.input().shape), context);
}

LoopNest lower_data_gradient(const ChannelShuffle& shuffle, const BackwardContext& context) {
  return lower_rearrangement_backward("channel_shuffle_backward",
                                      rearrangement(shuffle, context.input().shape), context);
}

LoopNest lower_data_gradient(const DepthToSpace& depth_to_space, const BackwardContext& context) {
  return lower_rearrangement_backward(
      "depth_to_space_backward", rearrangement(depth_to_space, context.input().shape), context);
}

LoopNest lower_data_gradient(const SpaceToDepth& space_to_depth, const BackwardContext& context) {
  return lower_rearrangement_backward(
      "space_to_depth_backward", rearrangement(space_to_depth, context.input().shape), context);
}

LoopNest lower_data_gradient(const Reshape& reshape, const BackwardContext& context) {
  const auto rearrange = rearrangement(reshape, context.input().shape);
  return rearrange ? lower_rearrangement_backward("reshape_backward", *rearrange, context)
                   : lower_reshape_backward(context);
}

}  // namespace wattgrind
