// Layers whose every value comes from the value in its place, forth and back: relu, clip.
#pragma once

#include <string>
#include <utility>

#include "kernels/layout/layer_context.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

// Forward, in place where the context says so. `function(nest, lanes, x)` writes the value for a
// vector of inputs; x() loads it, so that constants can stand before.
template <typename Function>
LoopNest lower_elementwise(std::string name, const LayerContext& context,
                           const Function& function) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest(std::move(name), context.isa);
  Address from, to;
  if (context.in_place) {
    from = to = nest.buffer(Operand::kMap, TensorRole::kOutput, in.bytes(context.batch));
  } else {
    from = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
    to = nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  }
  for_each_vector(nest, context.batch, {in, out}, [&](const MapVector& at) {
    const auto x = [&] { return nest.load(at.lanes, at.in(from, in)); };
    nest.store(function(nest, at.lanes, x), at.in(to, out));
  });
  return std::move(nest).finish();
}

// The way back, in place on kGradient. `function(nest, lanes, y, dy)` writes the gradient by the
// input from the layer's output and the gradient by it; y() and dy() load them.
template <typename Function>
LoopNest lower_elementwise_backward(std::string name, const BackwardContext& context,
                                    const Function& function) {
  NestBuilder nest(std::move(name), context.isa);
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch));
  const Address gradient = nest.buffer(Operand::kGradient, TensorRole::kGradient,
                                       context.output_gradient.bytes(context.batch));
  for_each_vector(
      nest, context.batch, {context.output, context.output_gradient}, [&](const MapVector& at) {
        const Address place = at.in(gradient, context.output_gradient);
        const auto y = [&] { return nest.load(at.lanes, at.in(output, context.output)); };
        const auto dy = [&] { return nest.load(at.lanes, place); };
        nest.store(function(nest, at.lanes, y, dy), place);
      });
  return std::move(nest).finish();
}

}  // namespace wattgrind
