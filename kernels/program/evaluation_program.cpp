#include "kernels/program/evaluation_program.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "estimator/base/error.h"
#include "kernels/program/lower_layer.h"

namespace wattgrind {
namespace {

// The program's buffer for an operand that a step of training has too.
uint32_t buffer_of(const Step& step, const Buffer& wanted) {
  const auto found = std::ranges::find_if(step.nest.buffers, [&](const Buffer& buffer) {
    return buffer.operand == wanted.operand && buffer.index == wanted.index;
  });
  CHECK(found != step.nest.buffers.end() && found->bytes == wanted.bytes, "{}: {}", step.symbol,
        wanted.name());
  return step.buffers[static_cast<size_t>(found - step.nest.buffers.begin())];
}

// Normalisation by what the layer holds, in place of a step that measures the batch.
Step normalization_by_held(const Program& program, const Layer& layer, const Step& step) {
  LayerContext context{program.isa, program.batch, {}, program.map(step.layer).layout};
  context.inputs.push_back(program.map(layer.input()).layout);
  context.in_place = program.maps.map(step.layer).storage == Storage::kInPlace;
  LoopNest nest = lower_forward(layer, context).nest;
  std::vector<uint32_t> buffers;
  for (const Buffer& buffer : nest.buffers) buffers.push_back(buffer_of(step, buffer));
  return make_step(step.layer, step.symbol, std::move(nest), std::move(buffers));
}

}  // namespace

Program lower_evaluation(const TrainingProgram& training, const Network& network) {
  const Program& whole = training.program;
  Program evaluation{whole.isa, whole.batch,  whole.maps,   whole.buffers,
                     {},        whole.inputs, whole.outputs};
  for (size_t i = 0; i < whole.steps.size(); ++i) {
    if (training.passes[i] != Pass::kForward) continue;
    const Step& step = whole.steps[i];
    const Layer& layer = network.layers[static_cast<size_t>(step.layer)];
    evaluation.steps.push_back(std::holds_alternative<BatchNorm>(layer.operation)
                                   ? normalization_by_held(whole, layer, step)
                                   : step);
  }
  return evaluation;
}

}  // namespace wattgrind
