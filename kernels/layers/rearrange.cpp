#include "estimator/network/map_axes.h"
#include "estimator/network/rearrangement.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/rearranged_copy.h"

namespace wattgrind {
namespace {

LoopNest lower_rearrangement(const char* name, const Rearrange& rearrange,
                             const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest(name, context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const RearrangedCopy copy = rearranged_copy(rearrange, in, out);
  for_each_image(
      nest, context.batch, input, in, output, out, [&](const Address& from, const Address& to) {
        emit_copy(nest, moved(from, copy.from_bytes), moved(to, copy.to_bytes), copy.dimensions);
      });
  return std::move(nest).finish();
}

// Two copies of each image, through a vector of its values.
LoopNest lower_reshape(const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("reshape", context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address vector = nest.buffer(Operand::kScratch, TensorRole::kScratch,
                                     static_cast<uint64_t>(in.shape.elements() * kFloatBytes));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const RearrangedCopy flatten = flattening_copy(in);
  const RearrangedCopy shape = flattening_copy(out).reversed();
  for_each_image(nest, context.batch, input, in, output, out,
                 [&](const Address& from, const Address& to) {
                   emit_copy(nest, moved(from, flatten.from_bytes), vector, flatten.dimensions);
                   emit_copy(nest, vector, moved(to, shape.to_bytes), shape.dimensions);
                 });
  return std::move(nest).finish();
}

}  // namespace

LoopNest lower(const Rearrange& rearrange, const LayerContext& context) {
  return lower_rearrangement("rearrange", rearrange, context);
}

LoopNest lower(const Slice& slice, const LayerContext& context) {
  return lower_rearrangement("slice", rearrangement(slice, context.input().shape), context);
}

LoopNest lower(const Transpose& transpose, const LayerContext& context) {
  return lower_rearrangement("transpose", rearrangement(transpose, context.input().shape), context);
}

LoopNest lower(const ChannelShuffle& shuffle, const LayerContext& context) {
  return lower_rearrangement("channel_shuffle", rearrangement(shuffle, context.input().shape),
                             context);
}

LoopNest lower(const DepthToSpace& depth_to_space, const LayerContext& context) {
  return lower_rearrangement("depth_to_space", rearrangement(depth_to_space, context.input().shape),
                             context);
}

LoopNest lower(const SpaceToDepth& space_to_depth, const LayerContext& context) {
  return lower_rearrangement("space_to_depth", rearrangement(space_to_depth, context.input().shape),
                             context);
}

LoopNest lower(const Reshape& reshape, const LayerContext& context) {
  const auto rearrange = rearrangement(reshape, context.input().shape);
  return rearrange ? lower_rearrangement("reshape", *rearrange, context) : lower_reshape(context);
}

}  // namespace wattgrind
