#include "kernels/gradients/backward.h"
#include "kernels/parts/map_loops.h"

namespace wattgrind {

LoopNest lower_batch_input(int64_t classes, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout plain{in.shape, in.channel_pitch, {}};
  const MapLayout labelling = label_layout(classes);
  NestBuilder nest("batch_input", context.isa);
  const Address images =
      nest.buffer(Operand::kImages, TensorRole::kInput, plain.bytes(context.batch));
  const Address image_labels =
      nest.buffer(Operand::kImageLabels, TensorRole::kInput, labelling.bytes(context.batch));
  const Address input = nest.buffer(Operand::kInput, TensorRole::kOutput, in.bytes(context.batch));
  const Address labels =
      nest.buffer(Operand::kLabels, TensorRole::kOutput, labelling.bytes(context.batch));
  for_each_vector(nest, context.batch, {plain, in}, [&](const MapVector& at) {
    nest.store(nest.load(at.lanes, at.in(images, plain)), at.in(input, in));
  });
  for_each_vector(nest, context.batch, {labelling}, [&](const MapVector& at) {
    nest.store(nest.load(at.lanes, at.in(image_labels, labelling)), at.in(labels, labelling));
  });
  return std::move(nest).finish();
}

MapLayout label_layout(int64_t classes) { return {{classes, 1, 1}, classes, {}}; }

}  // namespace wattgrind
