#include "kernels/program/training_program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/untrainable.h"
#include "kernels/program/gradient_plan.h"
#include "kernels/program/lower_layer.h"

namespace wattgrind {
namespace {

void check_trainable(const Network& network) {
  const bool has_layers = !network.layers.empty();
  if (!has_layers || !std::holds_alternative<Softmax>(network.layers.back().operation)) {
    fail(ErrorKind::kInput, "{}: training wants softmax as the last layer, found {}", network.name,
         has_layers ? kind_name(network.layers.back().operation) : "no layer");
  }
  if (network.outputs != std::vector<int>{static_cast<int>(network.layers.size()) - 1}) {
    fail(ErrorKind::kInput, "{}: training wants the last layer as the only output, found {}",
         network.name, network.outputs.size());
  }
  if (network.inputs.size() != 1) {
    fail(ErrorKind::kInput, "{}: training wants one input, found {}", network.name,
         network.inputs.size());
  }
  const auto on_bytes = std::ranges::find_if(
      network.layers, [](const Layer& layer) { return layer.int8.has_value(); });
  if (on_bytes != network.layers.end()) {
    fail(
        ErrorKind::kInput,
        "{}: training wants single precision, found layer {} on bytes: train the network before it "
        "is quantized",
        network.name, on_bytes->name);
  }
  const Layer& last = network.layers.back();
  const auto& softmax = std::get<Softmax>(last.operation);
  if (!last.output_shape.is_vector() || !softmax.axes.channels || softmax.log) {
    fail(ErrorKind::kInput,
         "{}: training wants the last layer to be softmax of a vector, found {} of {}; put a "
         "flatten layer before",
         network.name, softmax.log ? "its logarithm" : "softmax", to_string(last.output_shape));
  }
}

// Names every layer that would need a gradient and has none.
void check_gradients(const Network& network, const GradientPlan& plan) {
  std::vector<std::string> found;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const std::optional<std::string_view> part = untrainable_part(layer.operation);
    if (!part || !plan.needs_gradient(static_cast<int>(i))) continue;
    found.push_back(fmt::format("{} ({})", layer.name, *part));
  }
  if (found.empty()) return;
  fail(
      ErrorKind::kInput,
      "{}: found layers that cannot be trained: {}; one without parameters may stand where nothing "
      "before it has any",
      network.name, fmt::join(found, ", "));
}

class TrainingBuilder {
 public:
  TrainingBuilder(const Network& network, const Optimizer& optimizer, Program forward)
      : network_(network), optimizer_(optimizer), plan_(plan_gradients(network, forward.maps)) {
    check_gradients(network, plan_);
    program() = std::move(forward);
  }

  TrainingProgram build() && {
    std::vector<Step> steps;
    std::swap(steps, program().steps);
    add_batch_input();
    for (Step& step : steps) add_step(Pass::kForward, std::move(step));
    add_gradients();
    training_.loss = add_buffer("loss", BufferKind::kBatch, kNetworkInput,
                                static_cast<uint64_t>(program().batch * kFloatBytes));
    training_.step_size = add_buffer("step_size", BufferKind::kBatch, kNetworkInput,
                                     static_cast<uint64_t>(kFloatBytes));
    for (int i = static_cast<int>(network_.layers.size()) - 1; i >= 0; --i) {
      if (plan_.needs_gradient(i)) add_backward(i);
    }
    return std::move(training_);
  }

 private:
  // The program's buffer for each operand of one step's nest, by its kind and, where a layer reads
  // several inputs, its number.
  using Operands = std::map<std::pair<Operand, uint32_t>, uint32_t>;
  static std::pair<Operand, uint32_t> the(Operand operand) { return {operand, 0}; }

  Program& program() { return training_.program; }
  const Layer& layer(int index) const { return network_.layers[static_cast<size_t>(index)]; }
  const OutputMap& map(int source) { return program().map(source); }

  uint32_t add_buffer(std::string name, BufferKind kind, int owner, uint64_t bytes) {
    return wattgrind::add_buffer(program(), network_.name,
                                 {std::move(name), kind, owner, 0, bytes});
  }

  void add_step(Pass pass, Step step) {
    training_.passes.push_back(pass);
    program().steps.push_back(std::move(step));
  }

  // Adds a step on the given buffers, and makes a new buffer for each operand that is not among
  // them.
  void add_step(Pass pass, int index, const std::string& what, LoweredLayer lowered,
                Operands buffers) {
    const std::string& name = layer(index).name;
    const std::string symbol = name + ":" + what;
    std::vector<uint32_t> places;
    for (const Buffer& buffer : lowered.nest.buffers) {
      const std::pair key(buffer.operand, buffer.index);
      if (!buffers.contains(key)) {
        const BufferKind kind = buffer.role == TensorRole::kState      ? BufferKind::kState
                                : buffer.role == TensorRole::kGradient ? BufferKind::kGradient
                                                                       : BufferKind::kScratch;
        buffers[key] = add_buffer(symbol + "." + buffer.name(), kind, index, buffer.bytes);
      }
      places.push_back(buffers[key]);
    }
    last_buffers_ = std::move(buffers);
    add_step(pass, make_step(index, symbol, std::move(lowered.nest), std::move(places)));
    program().steps.back().choice = std::move(lowered.choice);
  }

  void add_batch_input() {
    const int64_t classes = network_.layers.back().output_shape.channels;
    LoopNest nest = lower_batch_input(
        classes, {program().isa, program().batch, {program().input().layout}, {}});
    const auto added = [&](size_t buffer) {
      const Buffer& operand = nest.buffers[buffer];
      return add_buffer(operand.name(), BufferKind::kBatch, kNetworkInput, operand.bytes);
    };
    training_.images = added(0);
    training_.image_labels = added(1);
    training_.labels = added(3);
    add_step(Pass::kInput, make_step(kNetworkInput, "input", std::move(nest),
                                     {training_.images, training_.image_labels,
                                      program().input().buffer, training_.labels}));
  }

  void add_gradients() {
    uint64_t partial = 0;
    for (const auto& [owner, gradient] : plan_.gradients) {
      const uint64_t bytes = gradient.layout.bytes(program().batch);
      gradients_[owner] =
          add_buffer(layer(owner).name + ".output_gradient", BufferKind::kGradient, owner, bytes);
      if (gradient.readers.size() > 1) partial = std::max(partial, bytes);
    }
    if (partial > 0) {
      partial_ = add_buffer("partial_gradient", BufferKind::kGradient, kNetworkInput, partial);
    }
  }

  void add_backward(int index) {
    const Layer& self = layer(index);
    const OutputMap& output = map(index);
    const PlannedMap& planned = program().maps.map(index);
    BackwardContext context{program().isa,
                            program().batch,
                            {},
                            output.layout,
                            0,
                            {},
                            plan_.find(planned.owner)->layout};
    context.with_cross_entropy = index + 1 == static_cast<int>(network_.layers.size());
    context.in_place = planned.storage == Storage::kInPlace;
    Operands buffers = {{the(Operand::kOutput), output.buffer},
                        {the(Operand::kOutputGradient), gradients_.at(planned.owner)},
                        {the(Operand::kGradient), gradients_.at(planned.owner)},
                        {the(Operand::kLabels), training_.labels},
                        {the(Operand::kLoss), training_.loss}};
    for (size_t i = 0; i < self.inputs.size(); ++i) {
      const OutputMap& input = map(self.inputs[i]);
      context.inputs.push_back(input.layout);
      buffers[{Operand::kInput, static_cast<uint32_t>(i)}] = input.buffer;
    }
    add_own_buffers(index, buffers);
    // The gradient by what was normalised by the batch is made of those by scale and shift; that
    // of a layer in place overwrites what those by its parameters read.
    const bool begins_with_parameters =
        self.parameters > 0 &&
        (std::holds_alternative<BatchNorm>(self.operation) || context.in_place);
    if (begins_with_parameters) add_parameter_gradients(index, context, buffers);
    const auto* binary = std::get_if<Binary>(&self.operation);
    const bool stays = context.in_place && binary != nullptr && passes_gradient_on(*binary);
    if (planned.storage != Storage::kView && !stays) add_data_gradients(index, context, buffers);
    if (self.parameters > 0 && !begins_with_parameters) {
      add_parameter_gradients(index, context, buffers);
    }
    add_updates(index, buffers);
  }

  // Parameters, masks and what else the layer's way forward keeps for the way back.
  void add_own_buffers(int index, Operands& buffers) {
    for (size_t i = 0; i < program().steps.size(); ++i) {
      const Step& step = program().steps[i];
      if (step.layer != index || training_.passes[i] != Pass::kForward) continue;
      for (size_t b = 0; b < step.buffers.size(); ++b) {
        const Operand operand = step.nest.buffers[b].operand;
        const bool is_kept = operand == Operand::kWeights || operand == Operand::kBias ||
                             operand == Operand::kStatistics || operand == Operand::kMask ||
                             operand == Operand::kMoments;
        if (is_kept) buffers[the(operand)] = step.buffers[b];
      }
    }
  }

  // Whether something writes into gaps of a map's gradient: another reader's part, or the way back
  // of a layer in place that makes something of nothing.
  bool is_written_elsewhere(int owner) const {
    if (plan_.find(owner)->readers.size() > 1) return true;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const PlannedMap& map = training_.program.maps.outputs[i];
      const bool mixes = std::holds_alternative<Softmax>(network_.layers[i].operation);
      if (mixes && map.owner == owner && map.storage == Storage::kInPlace) return true;
    }
    return false;
  }

  // Whether a part made beside a gradient of that layout has padding channels where parts of other
  // maps have values; not every way back writes them.
  bool may_find_other_values(const MapLayout& layout) const {
    if (layout.channel_pitch == layout.shape.channels) return false;
    return std::ranges::any_of(plan_.gradients, [&](const auto& entry) {
      return entry.second.readers.size() > 1 && entry.second.layout != layout;
    });
  }

  // The gradient by each input that depends on parameters. The first part of a map's gradient is
  // written in its place; those of its other readers are made beside it and added.
  void add_data_gradients(int index, BackwardContext& context, const Operands& buffers) {
    const Layer& self = layer(index);
    const bool in_place = program().maps.map(index).storage == Storage::kInPlace;
    for (size_t i = 0; i < self.inputs.size(); ++i) {
      const int owner = program().maps.map(self.inputs[i]).owner;
      const PlannedGradient* const gradient = plan_.find(owner);
      if (gradient == nullptr) continue;
      const bool is_first = in_place || begun_.insert(owner).second;
      context.input_index = i;
      context.input_gradient = gradient->layout;
      Operands own = buffers;
      own[the(Operand::kInputGradient)] = is_first ? gradients_.at(owner) : partial_;
      const bool has_gaps = leaves_gaps(self) && is_written_elsewhere(owner);
      if (has_gaps || (!is_first && may_find_other_values(gradient->layout))) {
        add_step(Pass::kBackward, index,
                 fmt::format("clear{}", i == 0 ? "" : fmt::to_string(i + 1)),
                 {lower_gradient_clear(gradient->layout, program().isa, program().batch), {}}, own);
      }
      const std::string what =
          fmt::format("{}{}", self.parameters > 0 ? "data_gradient" : "backward",
                      i == 0 ? "" : fmt::to_string(i + 1));
      add_step(Pass::kBackward, index, what, lower_data_gradient(self, context), own);
      if (!is_first) {
        add_step(Pass::kBackward, index, what + "_sum",
                 {lower_gradient_sum(gradient->layout, program().isa, program().batch), {}},
                 {{the(Operand::kGradient), gradients_.at(owner)},
                  {the(Operand::kInputGradient), partial_}});
      }
    }
  }

  void add_parameter_gradients(int index, const BackwardContext& context, Operands& buffers) {
    add_step(Pass::kBackward, index, "weight_gradient",
             *lower_weight_gradient(layer(index), context), buffers);
    for (const Operand made : {Operand::kWeightGradient, Operand::kBiasGradient}) {
      const auto found = last_buffers_.find(the(made));
      if (found != last_buffers_.end()) buffers[the(made)] = found->second;
    }
  }

  void add_updates(int index, const Operands& buffers) {
    if (parameter_values(layer(index), ParameterRole::kWeights) > 0) {
      add_update({index, BufferKind::kWeights, buffers.at(the(Operand::kWeights)),
                  buffers.at(the(Operand::kWeightGradient))});
    }
    if (parameter_values(layer(index), ParameterRole::kBias) > 0) {
      add_update({index, BufferKind::kBias, buffers.at(the(Operand::kBias)),
                  buffers.at(the(Operand::kBiasGradient))});
    }
  }

  void add_update(const TrainedTensor& tensor) {
    const bool is_bias = tensor.kind == BufferKind::kBias;
    const auto values =
        static_cast<int64_t>(program().buffers[tensor.parameters].bytes) / kFloatBytes;
    add_step(Pass::kUpdate, tensor.layer, is_bias ? "update_bias" : "update_weights",
             {lower_update(optimizer_, is_bias ? TensorRole::kBias : TensorRole::kWeights, values,
                           program().isa),
              std::nullopt},
             {{the(Operand::kParameters), tensor.parameters},
              {the(Operand::kGradient), tensor.gradient},
              {the(Operand::kStepSize), training_.step_size}});
    training_.tensors.push_back(tensor);
  }

  const Network& network_;
  const Optimizer& optimizer_;
  const GradientPlan plan_;
  TrainingProgram training_;
  std::map<int, uint32_t> gradients_;  // the gradient's buffer for each layer that owns a map
  uint32_t partial_ = 0;               // where the parts of later readers are made
  std::set<int> begun_;                // owners of maps whose gradients have their first part
  Operands last_buffers_;              // what the step added last works on
};

// Calls visit(uint32_t&) for everything that names a buffer.
template <typename Visit>
void for_each_buffer(TrainingProgram& training, const Visit& visit) {
  Program& program = training.program;
  for (Step& step : program.steps) std::ranges::for_each(step.buffers, visit);
  for (OutputMap& input : program.inputs) visit(input.buffer);
  for (OutputMap& output : program.outputs) visit(output.buffer);
  for (TrainedTensor& tensor : training.tensors) {
    visit(tensor.parameters);
    visit(tensor.gradient);
  }
  for (uint32_t* buffer : {&training.images, &training.image_labels, &training.labels,
                           &training.loss, &training.step_size}) {
    visit(*buffer);
  }
}

}  // namespace

TrainingProgram lower_training(const Network& network, const Optimizer& optimizer, Isa isa,
                               int64_t batch) {
  check_trainable(network);
  return TrainingBuilder(network, optimizer, lower_network(network, isa, batch, Phase::kTraining))
      .build();
}

TrainingProgram lower_smaller_batch(const TrainingProgram& whole, const Network& network,
                                    const Optimizer& optimizer, int64_t batch) {
  TrainingProgram result = lower_training(network, optimizer, whole.program.isa, batch);
  const std::vector<ProgramBuffer>& buffers = whole.program.buffers;
  std::vector<uint32_t> places;  // for each buffer of `result`, which of `whole` it becomes
  for (const ProgramBuffer& buffer : result.program.buffers) {
    const auto place = std::ranges::find(buffers, buffer.name, &ProgramBuffer::name);
    CHECK(place != buffers.end() && buffer.bytes <= place->bytes, "{}: {} has no place in batch {}",
          network.name, buffer.name, whole.program.batch);
    places.push_back(static_cast<uint32_t>(place - buffers.begin()));
  }
  for_each_buffer(result, [&](uint32_t& buffer) { buffer = places[buffer]; });
  result.program.buffers = buffers;
  return result;
}

}  // namespace wattgrind
