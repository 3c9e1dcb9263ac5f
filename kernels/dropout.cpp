#include <string>

#include "kernels/backward.h"
#include "kernels/map_loops.h"

namespace wattgrind {
namespace {

struct MaskedMap {
  std::string name;
  TensorRole role;
  MapLayout layout;
};

LoopNest lower_masking(std::string name, const MaskedMap& source, const MaskedMap& target,
                       const MapLayout& mask_layout, const BackwardContext& context) {
  NestBuilder nest(std::move(name), context.isa);
  const Address from = nest.buffer(source.name, source.role, source.layout.bytes(context.batch));
  const Address mask = nest.buffer("mask", TensorRole::kScratch, mask_layout.bytes(context.batch));
  const Address to = nest.buffer(target.name, target.role, target.layout.bytes(context.batch));
  for_each_vector(nest, context.batch, {source.layout, target.layout, mask_layout},
                  [&](const MapVector& at) {
                    const Register value = nest.load(at.lanes, at.in(from, source.layout));
                    const Register factor = nest.load(at.lanes, at.in(mask, mask_layout));
                    nest.store(nest.apply(Opcode::kMul, value, factor), at.in(to, target.layout));
                  });
  return std::move(nest).finish();
}

}  // namespace

LoopNest lower_dropout(const BackwardContext& context) {
  return lower_masking("dropout", {"input", TensorRole::kInput, context.input},
                       {"output", TensorRole::kOutput, context.output}, context.output, context);
}

LoopNest lower_dropout_backward(const BackwardContext& context) {
  return lower_masking(
      "dropout_backward", {"output_gradient", TensorRole::kGradient, context.output_gradient},
      {"input_gradient", TensorRole::kGradient, context.input_gradient}, context.output, context);
}

}  // namespace wattgrind
