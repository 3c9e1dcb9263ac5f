// Layers whose every value comes from the value in its place, forth and back: relu, clip,
// activations.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/layout/layer_context.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {

// Forward, in place where the context says so. `function(nest, lanes, x)` writes the value for a
// vector of inputs; x() loads it, so that constants can stand before. `keeps_zero`: the function of
// zero is zero.
template <typename Function>
LoopNest lower_elementwise(std::string name, const LayerContext& context, bool keeps_zero,
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
  Sweep sweep(nest, context.batch, out.shape, {{from, in}, {to, out}}, keeps_zero);
  sweep.run([&] {
    nest.store(function(nest, sweep.lanes(), [&] { return sweep.load(0); }), sweep.at(1));
  });
  return std::move(nest).finish();
}

// What an elementwise layer's way back reads beside the gradient: its input or its output.
struct ElementwiseGradient {
  Operand read = Operand::kOutput;
  bool keeps_zero = true;  // a gradient of zero stays zero where what is read is zero
};

// The way back, in place on kGradient where the context says so. `function(nest, lanes, v, dy)`
// writes the gradient by the input from what is read, the layer's input or output, and the gradient
// by its output; v() and dy() load them.
template <typename Function>
LoopNest lower_elementwise_backward(std::string name, const BackwardContext& context,
                                    ElementwiseGradient gradient, const Function& function) {
  NestBuilder nest(std::move(name), context.isa);
  const bool is_input = gradient.read == Operand::kInput;
  const MapLayout& read = is_input ? context.input() : context.output;
  const MapLayout& dy = context.output_gradient;
  const Address from =
      nest.buffer(gradient.read, is_input ? TensorRole::kInput : TensorRole::kOutput,
                  read.bytes(context.batch));
  const auto map = [&](Operand operand, const MapLayout& layout) {
    return SweptMap{nest.buffer(operand, TensorRole::kGradient, layout.bytes(context.batch)),
                    layout};
  };
  std::vector<SweptMap> maps = {{from, read}};
  if (context.in_place) {
    maps.push_back(map(Operand::kGradient, dy));
    maps.push_back(maps.back());
  } else {
    maps.push_back(map(Operand::kOutputGradient, dy));
    maps.push_back(map(Operand::kInputGradient, context.input_gradient));
  }
  Sweep sweep(nest, context.batch, dy.shape, maps, gradient.keeps_zero);
  sweep.run([&] {
    nest.store(
        function(
            nest, sweep.lanes(), [&] { return sweep.load(0); }, [&] { return sweep.load(1); }),
        sweep.at(2));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
